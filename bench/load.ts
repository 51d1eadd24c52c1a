/** What one core of `argosy load` sends to a bare server, and its latencies beside wrk's (Debian's package) on the same work. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { LoadResult } from '../src/load/run.ts';
import { ROOT } from '../test/e2e/cluster.ts';
import type { Figure } from './spread.ts';

const SERVER = `require('http').createServer((q, r) => r.end('hello')).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
const SECONDS = 5;
const CONNECTIONS = 32;
const RATE = 2000;

export async function loadBench(runs: number): Promise<Figure[]> {
  const server = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(createInterface(server.stdout), 'line')) as [string];
    const url = `http://127.0.0.1:${port}/`;
    const values: Record<'most' | 'users50' | 'users99' | 'rate50' | 'rate99', number[]> = { most: [], users50: [], users99: [], rate50: [], rate99: [] };
    const wrk: Record<'most' | 'p50' | 'p99', number[]> = { most: [], p50: [], p99: [] };
    for (let run = 0; run < runs; run++) {
      const closed = argosyLoad(url, '--users', String(CONNECTIONS));
      values.most.push(closed.requestsPerSecond);
      values.users50.push(closed.latencyMs.p50);
      values.users99.push(closed.latencyMs.p99);
      const open = argosyLoad(url, '--rate', `${RATE}/s`);
      values.rate50.push(open.latencyMs.p50);
      values.rate99.push(open.latencyMs.p99);
      const theirs = wrkRun(url);
      if (theirs === undefined) continue;
      for (const name of ['most', 'p50', 'p99'] as const) wrk[name].push(theirs[name]);
    }
    const figures: Figure[] = [
      { name: `argosy load, ${CONNECTIONS} users, a bare node server`, unit: '/s', values: values.most },
      { name: `  its p50`, unit: 'ms', values: values.users50 },
      { name: `  its p99`, unit: 'ms', values: values.users99 },
      { name: `wrk, one thread, ${CONNECTIONS} connections, the same server`, unit: '/s', values: wrk.most },
      { name: `  its p50`, unit: 'ms', values: wrk.p50 },
      { name: `  its p99`, unit: 'ms', values: wrk.p99 },
      { name: `argosy load, ${RATE}/s, p50`, unit: 'ms', values: values.rate50 },
      { name: `argosy load, ${RATE}/s, p99`, unit: 'ms', values: values.rate99 },
    ];
    return figures.filter((figure) => figure.values.length > 0);
  } finally {
    server.kill();
  }
}

function argosyLoad(url: string, ...args: string[]): LoadResult {
  const argv = ['load', url, ...args, '--for', `${SECONDS}s`, '-o', 'json'];
  const stdout = execFileSync(join(ROOT, 'bin/argosy'), argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(stdout) as LoadResult;
}

/** Undefined where wrk is not installed. */
function wrkRun(url: string): { most: number; p50: number; p99: number } | undefined {
  let text: string;
  try {
    text = execFileSync('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '--latency', url], { encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const ms = (share: string): number => {
    const [, value, unit] = new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
    return Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1);
  };
  return { most: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]), p50: ms('50'), p99: ms('99') };
}
