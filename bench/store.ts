/**
 * The engine's writes without HTTP: pods of 1.3 KB with validation and admission, each acknowledged when it is on disk.
 * `node bench/store.ts` by itself, or `npm run bench -- --only store`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, inProcessClient } from '../src/apiserver/index.ts';
import { pods } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/types.ts';
import { realClock } from '../src/runtime/clock.ts';
import { silentLogger } from '../src/runtime/log.ts';
import { realRandom } from '../src/runtime/random.ts';
import { spread, type Figure } from './spread.ts';

const WRITES = 4_000;
const IN_FLIGHT = 32;

function pod(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'bench' } },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.9', resources: { requests: { cpu: '100m', memory: '64Mi' } } }] },
  };
}

/** Calls `work` for 0 to `WRITES`, `IN_FLIGHT` at a time; answers calls a second. */
async function rate(work: (i: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < WRITES) await work(next++);
    }),
  );
  return WRITES / ((performance.now() - startedAt) / 1000);
}

export async function storeBench(runs: number): Promise<Figure[]> {
  const creates: Figure = { name: `Durable creates, ${IN_FLIGHT} in flight`, unit: '/s', values: [] };
  const patches: Figure = { name: `Durable status patches, ${IN_FLIGHT} in flight`, unit: '/s', values: [] };
  const starts: Figure = { name: `Opening a store of ${WRITES} pods`, unit: 'ms', values: [] };
  for (let run = 0; run < runs; run++) {
    const dataDir = mkdtempSync(join(tmpdir(), 'argosy-bench-'));
    try {
      const options = { dataDir, clock: realClock, random: realRandom, log: silentLogger, serviceCidr: '10.200.0.0/16' };
      const engine = await createEngine(options);
      const client = inProcessClient(engine, { name: 'bench', groups: ['system:masters'] });
      creates.values.push(await rate((i) => client.create(pods, pod(`p${i}`))));
      patches.values.push(
        await rate((i) =>
          client.patch(pods, { name: `p${i}`, namespace: 'default' }, { status: { phase: 'Running' } }, { type: 'merge', subresource: 'status' }),
        ),
      );
      await engine.close();
      const startedAt = performance.now();
      const again = await createEngine(options);
      starts.values.push(performance.now() - startedAt);
      await again.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }
  return [creates, patches, starts];
}

if (import.meta.main) for (const figure of await storeBench(3)) console.log(spread(figure));
