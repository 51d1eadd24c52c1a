/**
 * What a large cluster costs: `node bench/scale.ts [--objects N] [--namespaces N] [--watchers N]`.
 * Memory for each object and watcher, the time of lists, and how long the server's event loop stands still in each phase.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePki } from '../src/apiserver/pki/index.ts';
import type { Measured, Order } from './scale-server.ts';

const { values } = parseArgs({
  options: { objects: { type: 'string', default: '100000' }, namespaces: { type: 'string', default: '1000' }, watchers: { type: 'string', default: '10000' } },
});
const OBJECTS = Number(values.objects);
const NAMESPACES = Number(values.namespaces);
const WATCHERS = Number(values.watchers);
const OBJECT_BYTES = 800;
const LARGE = 10;
const LARGE_BYTES = 1_500_000;
const LARGE_WATCHERS = 20;

const dir = mkdtempSync(join(tmpdir(), 'argosy-scale-'));
const pki = ensurePki(join(dir, 'pki'), { ips: ['127.0.0.1'] });
const agent = new Agent({ ca: pki.ca, ...pki.admin, keepAlive: true });
let server: ChildProcess;
let port = 0;

async function start(): Promise<number> {
  server = fork(join(import.meta.dirname, 'scale-server.ts'), [dir], { execArgv: ['--expose-gc', '--max-semi-space-size=8'] });
  const [ready] = (await once(server, 'message')) as [{ port: number; openedMs: number }];
  port = ready.port;
  return ready.openedMs;
}

async function order(message: Order): Promise<unknown> {
  server.send(message);
  return ((await once(server, 'message')) as unknown[])[0];
}

/** Prints a phase with the server's stalls in it. */
async function report(phase: string, what: string): Promise<Measured> {
  const measured = (await order({ type: 'measure' })) as Measured;
  const counts = Object.entries(measured.stalls).flatMap(([ms, count]) => (count === 0 ? [] : [`${count} of ${ms}`]));
  const stalls = `stalls: longest ${measured.stallMax.toFixed(0)} ms${counts.length === 0 ? '' : ` (${counts.join(', ')} ms or more)`}`;
  console.log(`${phase.padEnd(34)} ${what.padEnd(44)} ${stalls}; ${measured.residentMb.toFixed(0)} MB resident, ${measured.heapMb.toFixed(0)} MB heap`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  return measured;
}

function open(
  method: string,
  path: string,
  { body, headers = {}, own = agent }: { body?: string; headers?: Record<string, string>; own?: Agent } = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { 'Content-Type': 'application/json', ...headers }, agent: own }, resolve);
    asked.on('error', reject);
    asked.end(body);
  });
}

async function bytesOf(response: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Buffer).length;
  if (response.statusCode !== 200 && response.statusCode !== 201) throw new Error(`answered ${response.statusCode}`);
  return bytes;
}

async function list(phase: string, path: string, headers: Record<string, string> = {}): Promise<void> {
  const startedAt = performance.now();
  const bytes = await bytesOf(await open('GET', path, { headers }));
  await report(phase, `${((performance.now() - startedAt) / 1000).toFixed(2)} s, ${(bytes / 2 ** 20).toFixed(1)} MiB`);
}

async function pages(path: string): Promise<void> {
  const startedAt = performance.now();
  let token = '';
  let count = 0;
  do {
    const chunks: Buffer[] = [];
    for await (const chunk of await open('GET', `${path}?limit=500${token && `&continue=${token}`}`)) chunks.push(chunk as Buffer);
    token = /"continue":"([^"]*)"/.exec(Buffer.concat(chunks).subarray(0, 1_000).toString())?.[1] ?? '';
    count++;
  } while (token !== '');
  await report('list in pages of 500', `${((performance.now() - startedAt) / 1000).toFixed(2)} s, ${count} pages`);
}

function configMap(name: string, bytes: number, i: number): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { i: String(i), filling: 'x'.repeat(bytes) } });
}

/** A kind whose data may be as large as a request. */
function revisionOf(i: number, revision: number): string {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: `large-${i}` },
    revision,
    data: { filling: 'x'.repeat(LARGE_BYTES) },
  });
}

/** Opens watches; answers how many events they have seen, as it grows. */
async function watchers(paths: readonly string[], resourceVersion: string): Promise<{ seen: number; close(): void }> {
  const own = new Agent({ ca: pki.ca, ...pki.admin, keepAlive: true, maxCachedSessions: 10 });
  const state = { seen: 0, close: () => own.destroy() };
  for (let from = 0; from < paths.length; from += 50) {
    const responses = await Promise.all(
      paths.slice(from, from + 50).map((path) => open('GET', `${path}?watch=true&resourceVersion=${resourceVersion}`, { own })),
    );
    for (const response of responses) {
      response.on('error', () => undefined);
      response.on('data', (chunk: Buffer) => {
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) state.seen++;
      });
    }
  }
  return state;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function newest(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await open('GET', '/api/v1/namespaces?limit=1')) chunks.push(chunk as Buffer);
  return /"resourceVersion":"(\d+)"/.exec(Buffer.concat(chunks).toString())?.[1] ?? '0';
}

try {
  await start();
  const empty = await report('empty', '');
  let startedAt = performance.now();
  await order({ type: 'fill', namespaces: NAMESPACES, objects: OBJECTS, bytes: OBJECT_BYTES });
  await report(`create ${OBJECTS} in ${NAMESPACES} namespaces`, `${(OBJECTS / ((performance.now() - startedAt) / 1000)).toFixed(0)} /s, durable, 64 at a time`);
  server!.kill('SIGKILL');
  const openedMs = await start();
  const full = await report('started again after kill -9', `store opened in ${(openedMs / 1000).toFixed(2)} s`);
  console.log(
    `${''.padEnd(34)} ${(((full.residentMb - empty.residentMb) * 1024) / OBJECTS).toFixed(2)} KB resident for each object of ${OBJECT_BYTES} B of data`,
  );
  await list('list, whole', '/api/v1/configmaps');
  await list('list, whole, again', '/api/v1/configmaps');
  await list('list as a table', '/api/v1/configmaps', { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  await list('list by label', '/api/v1/configmaps?labelSelector=a%3Db');
  await list('list indented', '/api/v1/configmaps?pretty=true');
  await pages('/api/v1/configmaps');

  const before = await report('before watchers', '');
  startedAt = performance.now();
  const everywhere = Math.floor(WATCHERS / 10);
  const paths = Array.from({ length: WATCHERS }, (_, i) => (i < everywhere ? '/api/v1/configmaps' : `/api/v1/namespaces/scale-${i % NAMESPACES}/configmaps`));
  const watching = await watchers(paths, await newest());
  const during = await report(`${WATCHERS} watchers`, `${(WATCHERS / ((performance.now() - startedAt) / 1000)).toFixed(0)} TLS connections/s`);
  console.log(
    `${''.padEnd(34)} ${(((during.residentMb - before.residentMb) * 1024) / WATCHERS).toFixed(1)} KB resident for each watcher, its connection included`,
  );
  startedAt = performance.now();
  const CHANGES = 50;
  await Promise.all(
    Array.from({ length: CHANGES }, async (_, i) => {
      await bytesOf(await open('PUT', `/api/v1/namespaces/scale-${i}/configmaps/object-${i}`, { body: configMap(`object-${i}`, OBJECT_BYTES, i) }));
    }),
  );
  const expected = CHANGES * everywhere + paths.slice(everywhere).filter((path) => Number(/scale-(\d+)/.exec(path)?.[1]) < CHANGES).length;
  await until(() => watching.seen >= expected);
  await report(
    `${CHANGES} updates to ${everywhere} watchers each`,
    `${(expected / ((performance.now() - startedAt) / 1000)).toFixed(0)} events/s (${expected})`,
  );
  watching.close();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await report('watchers gone', '');

  const path = '/apis/apps/v1/namespaces/default/controllerrevisions';
  for (let i = 0; i < LARGE; i++) await bytesOf(await open('POST', path, { body: revisionOf(i, 1) }));
  await report(`create ${LARGE} of ${LARGE_BYTES / 1e6} MB`, '');
  const large = await watchers(
    Array.from({ length: LARGE_WATCHERS }, () => path),
    await newest(),
  );
  await report(`${LARGE_WATCHERS} watchers of them`, '');
  startedAt = performance.now();
  for (let i = 0; i < LARGE; i++) await bytesOf(await open('PUT', `${path}/large-${i}`, { body: revisionOf(i, 2) }));
  await until(() => large.seen >= LARGE * LARGE_WATCHERS);
  await report('each updated', `${((performance.now() - startedAt) / 1000).toFixed(2)} s until all had seen all`);
  await list('list of them', path);
} finally {
  agent.destroy();
  server!.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
}
process.exit(0);
