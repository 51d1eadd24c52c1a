/**
 * The API from outside, the same work for kube-apiserver with etcd and for Argosy, one after the other: `npm run bench -- --only api`.
 * Each write is on disk before it is answered, in both. By itself: `node bench/api.ts [--objects 3000] [--in-flight 32] [--watchers 20]`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startArgosy, startUpstream, type Peer } from '../test/upstream/peer.ts';
import { whyNoTools } from '../scripts/upstream/tools.ts';
import { spread, type Figure } from './spread.ts';

interface Load {
  /** ConfigMaps of 1 kB. */
  objects: number;
  /** Requests under way at any moment, each on a connection of its own. */
  inFlight: number;
  watchers: number;
}

const LOAD: Load = { objects: 3_000, inFlight: 32, watchers: 20 };
const NAMESPACE = '/api/v1/namespaces/bench';
const COLLECTION = `${NAMESPACE}/configmaps`;
const PEERS = { 'kube-apiserver + etcd': startUpstream, Argosy: startArgosy };

export async function apiBench(runs: number, load: Load = LOAD): Promise<Figure[]> {
  const missing = whyNoTools(['etcd', 'kube-apiserver']);
  if (missing !== undefined) console.log(`kube-apiserver and etcd are not measured: ${missing}`);
  const peers = Object.entries(PEERS).filter(([, start]) => missing === undefined || start === startArgosy);
  const figures = new Map<string, Figure[]>();
  for (let run = 0; run < runs; run++) {
    for (const [i, [name, start]] of peers.entries()) {
      const dir = mkdtempSync(join(tmpdir(), 'argosy-bench-'));
      const peer = await start(dir);
      try {
        for (const { name: what, unit, value } of await measure(peer, load)) {
          const both = figures.getOrInsertComputed(what, () => []);
          (both[i] ??= { name: `${what}, ${name}`, unit, values: [] }).values.push(value);
        }
      } finally {
        await peer.stop();
        rmSync(dir, { recursive: true, force: true });
      }
    }
  }
  return [...figures.values()].flat();
}

type Measured = Pick<Figure, 'unit'> & { name: string; value: number };

async function measure(peer: Peer, { objects, inFlight, watchers }: Load): Promise<Measured[]> {
  const client = new BenchClient(peer, inFlight + watchers + 1);
  const all: Measured[] = [
    { name: 'start to /readyz', unit: 's', value: peer.readyMs / 1000 },
    { name: 'memory idle', unit: 'MB', value: resident(peer) },
  ];
  const rated = async (name: string, work: (i: number) => Promise<unknown>): Promise<void> => {
    const { perSecond, p99Ms } = await rate(objects, inFlight, work);
    all.push({ name, unit: '/s', value: perSecond }, { name: `${name} p99`, unit: 'ms', value: p99Ms });
  };
  await client.send('POST', '/api/v1/namespaces', { metadata: { name: 'bench' } });
  await rated('create', (i) => client.send('POST', COLLECTION, configMap(`cold-${i}`, 'x')));
  await rated('create warm', (i) => client.send('POST', COLLECTION, configMap(`warm-${i}`, 'x')));
  await rated('get', (i) => client.send('GET', `${COLLECTION}/cold-${i}`));
  await rated('update', (i) => client.send('PUT', `${COLLECTION}/cold-${i}`, configMap(`cold-${i}`, 'y')));
  const startedAt = performance.now();
  const list = await client.send('GET', COLLECTION);
  all.push({ name: `list of ${2 * objects}`, unit: 'ms', value: performance.now() - startedAt });
  const { metadata } = JSON.parse(list) as { metadata: { resourceVersion: string } };
  const seen = await Promise.all(
    Array.from({ length: watchers }, () => client.watchLines(`${COLLECTION}?watch=1&resourceVersion=${metadata.resourceVersion}`, objects)),
  );
  const watchedAt = performance.now();
  await rate(objects, inFlight, (i) => client.send('PUT', `${COLLECTION}/cold-${i}`, configMap(`cold-${i}`, 'z')));
  await Promise.all(seen.map(({ done }) => done));
  all.push({ name: 'watch events', unit: '/s', value: (watchers * objects * 1000) / (performance.now() - watchedAt) });
  all.push({ name: 'memory after', unit: 'MB', value: resident(peer) });
  client.close();
  return all;
}

function configMap(name: string, fill: string) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { app: 'bench' } }, data: { payload: fill.repeat(1000) } };
}

const resident = (peer: Peer): number => Object.values(peer.memory()).reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20;

/** Calls `work` for 0 to `count`, `inFlight` at a time. */
async function rate(count: number, inFlight: number, work: (i: number) => Promise<unknown>): Promise<{ perSecond: number; p99Ms: number }> {
  let next = 0;
  const took: number[] = [];
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) {
        const at = performance.now();
        await work(next++);
        took.push(performance.now() - at);
      }
    }),
  );
  const perSecond = (count * 1000) / (performance.now() - startedAt);
  return { perSecond, p99Ms: took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0 };
}

/** Keeps its connections, as client-go does; does not parse what it need not, for it shares the machine with the server. */
class BenchClient {
  readonly #agent: Agent;
  readonly #at: RequestOptions;

  constructor({ pki, server }: Peer, connections: number) {
    const { hostname, port } = new URL(server);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, ca: pki.ca, cert: pki.admin.cert, key: pki.admin.key });
    this.#at = { agent: this.#agent, hostname, port };
  }

  /** The answer's body. Rejects unless it is a success. */
  send(method: string, path: string, body?: object): Promise<string> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...this.#at, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString();
          if ((response.statusCode ?? 500) < 300) resolve(answer);
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${answer.slice(0, 300)}`));
        });
      });
      request.on('error', reject).end(text);
    });
  }

  /** Resolves when the watch is open; its `done` when `count` lines came. */
  watchLines(path: string, count: number): Promise<{ done: Promise<void> }> {
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...this.#at, path }, (response) => {
        let left = count;
        const done = new Promise<void>((all) => {
          response.on('data', (chunk: Buffer) => {
            for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) left--;
            if (left > 0) return;
            all();
            request.destroy();
          });
        });
        resolve({ done });
      });
      request.on('error', reject).end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

if (import.meta.main) {
  const option = (fallback: number) => ({ type: 'string', default: String(fallback) }) as const;
  const { values } = parseArgs({
    options: { runs: option(2), objects: option(LOAD.objects), 'in-flight': option(LOAD.inFlight), watchers: option(LOAD.watchers) },
  });
  const load = { objects: Number(values.objects), inFlight: Number(values['in-flight']), watchers: Number(values.watchers) };
  for (const figure of await apiBench(Number(values.runs), load)) console.log(spread(figure));
}
