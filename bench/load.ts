/**
 * What one core of `argosy load` sends to a bare server, beside wrk and Locust (Debian's packages) on the same work; and what each says of a
 * server that stands still for half a second in every five, where the true latencies follow from the arithmetic.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { LoadResult } from '../src/load/run.ts';
import { ROOT } from '../test/e2e/cluster.ts';
import type { Figure } from './spread.ts';

const LISTEN = `.listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
const SERVER = `require('http').createServer((q, r) => r.end('hello'))${LISTEN}`;
/** Stands still from 1 s to 1.5 s, 6 s to 6.5 s, ... of its clock: what comes in then is answered at the end of it. */
const STALL_MS = 500;
const STALL_EVERY_MS = 5000;
const STALLING = `const stall = () => { const now = Date.now() % ${STALL_EVERY_MS}; return now >= 1000 && now < ${1000 + STALL_MS} ? ${1000 + STALL_MS} - now : 0; };
require('http').createServer((q, r) => { const wait = stall(); wait > 0 ? setTimeout(() => r.end('hello'), wait) : r.end('hello'); })${LISTEN}`;
/** Of requests on schedule a tenth waits, evenly up to half a second: a hundredth of all longer than 450 ms. */
const TRUE_P99_MS = STALL_MS * (1 - 0.01 / (STALL_MS / STALL_EVERY_MS));
const STALLING_SECONDS = 20;
const STALLING_RATE = 1000;
const SECONDS = 5;
const CONNECTIONS = 32;
const RATE = 2000;

type Values = Record<string, number[]>;

export async function loadBench(runs: number): Promise<Figure[]> {
  const values: Values = {};
  const add = (name: string, value: number | undefined): void => {
    if (value !== undefined) (values[name] ??= []).push(value);
  };
  await withServer(SERVER, (url) => {
    for (let run = 0; run < runs; run++) {
      const closed = argosyLoad(url, SECONDS, '--users', String(CONNECTIONS));
      add('most', closed.requestsPerSecond);
      add('users50', closed.latencyMs.p50);
      add('users99', closed.latencyMs.p99);
      const open = argosyLoad(url, SECONDS, '--rate', `${RATE}/s`);
      add('rate50', open.latencyMs.p50);
      add('rate99', open.latencyMs.p99);
      const wrk = wrkRun(url, SECONDS);
      add('wrk most', wrk?.most);
      add('wrk50', wrk?.p50);
      add('wrk99', wrk?.p99);
      add('locust most', locustRun(url, SECONDS)?.most);
    }
  });
  await withServer(STALLING, (url) => {
    for (let run = 0; run < runs; run++) {
      add('stalled rate99', argosyLoad(url, STALLING_SECONDS, '--rate', `${STALLING_RATE}/s`).latencyMs.p99);
      add('stalled users99', argosyLoad(url, STALLING_SECONDS, '--users', String(CONNECTIONS)).latencyMs.p99);
      add('stalled wrk99', wrkRun(url, STALLING_SECONDS)?.p99);
      add('stalled locust99', locustRun(url, STALLING_SECONDS)?.p99);
    }
  });
  const stalls = `p99 of a server that stands still a tenth of the time (true: ${TRUE_P99_MS} ms)`;
  const figures: [key: string, name: string, unit: Figure['unit']][] = [
    ['most', `argosy load, ${CONNECTIONS} users, a bare node server`, '/s'],
    ['users50', '  its p50', 'ms'],
    ['users99', '  its p99', 'ms'],
    ['wrk most', `wrk, one thread, ${CONNECTIONS} connections, the same server`, '/s'],
    ['wrk50', '  its p50', 'ms'],
    ['wrk99', '  its p99', 'ms'],
    ['locust most', `locust, one process, ${CONNECTIONS} users, the same server`, '/s'],
    ['rate50', `argosy load, ${RATE}/s, p50`, 'ms'],
    ['rate99', `argosy load, ${RATE}/s, p99`, 'ms'],
    ['stalled rate99', `${stalls}: argosy load, ${STALLING_RATE}/s`, 'ms'],
    ['stalled users99', `  argosy load, ${CONNECTIONS} users, who wait for it`, 'ms'],
    ['stalled wrk99', '  wrk', 'ms'],
    ['stalled locust99', '  locust', 'ms'],
  ];
  return figures.flatMap(([key, name, unit]) => (values[key] === undefined ? [] : [{ name, unit, values: values[key] }]));
}

async function withServer(program: string, run: (url: string) => void): Promise<void> {
  const server = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(createInterface(server.stdout), 'line')) as [string];
    run(`http://127.0.0.1:${port}/`);
  } finally {
    server.kill();
  }
}

function argosyLoad(url: string, seconds: number, ...args: string[]): LoadResult {
  const argv = ['load', url, ...args, '--for', `${seconds}s`, '-o', 'json'];
  const stdout = execFileSync(join(ROOT, 'bin/argosy'), argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(stdout) as LoadResult;
}

/** Undefined where wrk is not installed. */
function wrkRun(url: string, seconds: number): { most: number; p50: number; p99: number } | undefined {
  const text = output('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', url]);
  if (text === undefined) return undefined;
  const ms = (share: string): number => {
    const [, value, unit] = new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
    return Number(value) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1);
  };
  return { most: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]), p50: ms('50'), p99: ms('99') };
}

const LOCUSTFILE = `from locust import FastHttpUser, task
class User(FastHttpUser):
    @task
    def get(self):
        self.client.get("/")
`;

/** With its faster client, FastHttpUser. Undefined where Locust is not installed. */
function locustRun(url: string, seconds: number): { most: number; p99: number } | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-locust-'));
  try {
    const file = join(dir, 'locustfile.py');
    writeFileSync(file, LOCUSTFILE);
    const csv = join(dir, 'run');
    const users = ['-u', String(CONNECTIONS), '-r', String(CONNECTIONS)];
    if (output('locust', ['--headless', '-f', file, '-H', url.replace(/\/$/, ''), ...users, '-t', `${seconds}s`, '--csv', csv]) === undefined) return undefined;
    const [head = '', , total = ''] = readFileSync(`${csv}_stats.csv`, 'utf8').trim().split(/\r?\n/);
    const cell = (column: string): number => Number(total.split(',')[head.split(',').indexOf(column)]);
    return { most: cell('Requests/s'), p99: cell('99%') };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function output(program: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
