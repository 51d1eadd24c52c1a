/** The API server that `scale.ts` measures, in a process of its own: `scale-server.ts DIR`. It fills itself, and tells its memory and stalls, over IPC. */
import { join } from 'node:path';
import { createEngine, inProcessClient } from '../src/apiserver/index.ts';
import { ensurePki } from '../src/apiserver/pki/index.ts';
import { startApiServer } from '../src/apiserver/server.ts';
import { configMaps, namespaces } from '../src/kube/resources.ts';
import type { KubeObject } from '../src/kube/types.ts';
import { realClock } from '../src/runtime/clock.ts';
import { silentLogger } from '../src/runtime/log.ts';
import { realRandom } from '../src/runtime/random.ts';

export type Order = { type: 'fill'; namespaces: number; objects: number; bytes: number } | { type: 'measure' };

export interface Measured {
  type: 'measured';
  residentMb: number;
  heapMb: number;
  /** Of the event loop since the last measurement, ms: the longest, and how many there were of each length. */
  stallMax: number;
  stalls: Record<string, number>;
}

/** Shorter ones are ordinary turns of the loop. */
const STALL_LENGTHS_MS = [10, 25, 50, 100] as const;
const LOOK_EVERY_MS = 2;

const IN_FLIGHT = 64;

const [dir = ''] = process.argv.slice(2);
const world = { clock: realClock, random: realRandom, log: silentLogger };
const startedAt = performance.now();
const engine = await createEngine({ ...world, dataDir: dir, serviceCidr: '10.200.0.0/16' });
const openedMs = performance.now() - startedAt;
const pki = ensurePki(join(dir, 'pki'), { ips: ['127.0.0.1'] });
const { port } = await startApiServer({ ...world, engine, pki, host: '127.0.0.1', port: 0, kubeletOf: () => undefined });
const client = inProcessClient(engine, { name: 'bench', groups: ['system:masters'] });

let lengths: number[] = [];
let lookedAt = performance.now();
setInterval(() => {
  const now = performance.now();
  const stalled = now - lookedAt - LOOK_EVERY_MS;
  if (stalled >= STALL_LENGTHS_MS[0]) lengths.push(stalled);
  lookedAt = now;
}, LOOK_EVERY_MS);

async function each(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

process.on('message', (order: Order) => {
  if (order.type === 'fill') {
    void (async () => {
      const name = (i: number): string => `scale-${i % order.namespaces}`;
      await each(order.namespaces, (i) =>
        client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: name(i) } } as KubeObject as never),
      );
      const data = { filling: 'x'.repeat(order.bytes) };
      await each(order.objects, (i) =>
        client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `object-${i}`, namespace: name(i) }, data } as KubeObject as never),
      );
      process.send?.({ type: 'filled' });
    })();
    return;
  }
  const stalls = Object.fromEntries(
    STALL_LENGTHS_MS.map((ms, i) => [ms, lengths.filter((length) => length >= ms && length < (STALL_LENGTHS_MS[i + 1] ?? Infinity)).length]),
  );
  const stallMax = Math.max(0, ...lengths);
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  // The collection that was asked for is no stall of the server's.
  lengths = [];
  lookedAt = performance.now();
  process.send?.({ type: 'measured', residentMb: rss / 2 ** 20, heapMb: heapUsed / 2 ** 20, stallMax, stalls } satisfies Measured);
});
process.send?.({ type: 'ready', port, openedMs });
