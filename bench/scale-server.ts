/** The API server that `scale.ts` measures, in a process of its own: `scale-server.ts DIR`. It fills itself, and tells its memory and stalls, over IPC. */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
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
  /** Since the last measurement, ms. */
  stallMax: number;
  stallP99: number;
}

const IN_FLIGHT = 64;

const [dir = ''] = process.argv.slice(2);
const world = { clock: realClock, random: realRandom, log: silentLogger };
const startedAt = performance.now();
const engine = await createEngine({ ...world, dataDir: dir, serviceCidr: '10.200.0.0/16' });
const openedMs = performance.now() - startedAt;
const pki = ensurePki(join(dir, 'pki'), { ips: ['127.0.0.1'] });
const { port } = await startApiServer({ ...world, engine, pki, host: '127.0.0.1', port: 0, kubeletOf: () => undefined });
const client = inProcessClient(engine, { name: 'bench', groups: ['system:masters'] });
const delay = monitorEventLoopDelay({ resolution: 2 });
delay.enable();

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
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const [stallMax, stallP99] = [delay.max / 1e6, delay.percentile(99) / 1e6];
  delay.reset();
  process.send?.({ type: 'measured', residentMb: rss / 2 ** 20, heapMb: heapUsed / 2 ** 20, stallMax, stallP99 } satisfies Measured);
  // The collection that was asked for is no stall of the server's.
  setTimeout(() => delay.reset(), 20);
});
process.send?.({ type: 'ready', port, openedMs });
