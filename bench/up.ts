/** From `argosy up` to a Ready API and a first Running pod, and what an idle cluster holds. */
import { Cluster, eventually } from '../test/e2e/cluster.ts';
import { processesNaming } from './processes.ts';
import type { Figure } from './spread.ts';

const IDLE_SECONDS = 10;

export async function upBench(runs: number): Promise<Figure[]> {
  const first: number[] = [];
  const again: number[] = [];
  const pod: number[] = [];
  const rss: number[] = [];
  const pss: number[] = [];
  for (let run = 0; run < runs; run++) {
    const cluster = new Cluster('bench-up', '--nodes', '1..1');
    try {
      const startedAt = performance.now();
      await cluster.up();
      first.push((performance.now() - startedAt) / 1000);
      await cluster.kubectl('run', 'first', '--image=registry.k8s.io/pause:3.10');
      await cluster.kubectl('wait', '--for=jsonpath={.status.phase}=Running', 'pod/first', '--timeout=60s');
      pod.push((performance.now() - startedAt) / 1000);
      await cluster.kubectl('delete', 'pod', 'first');
      await cluster.argosy('down');
      const againAt = performance.now();
      await cluster.up();
      again.push((performance.now() - againAt) / 1000);
      await eventually('the node is Ready', async () => (await cluster.kubectl('get', 'nodes')).includes(' Ready '));
      await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1000));
      const processes = processesNaming(cluster.dataDir);
      rss.push(processes.reduce((sum, p) => sum + p.rssMb, 0));
      pss.push(processes.reduce((sum, p) => sum + p.pssMb, 0));
    } finally {
      await cluster.delete();
    }
  }
  return [
    { name: 'argosy up, new cluster, to a ready API', unit: 's', values: first },
    { name: 'argosy up, the same cluster again', unit: 's', values: again },
    { name: 'argosy up, kubectl run, to the first Running pod', unit: 's', values: pod },
    { name: `idle cluster after ${IDLE_SECONDS} s, resident memory of all processes`, unit: 'MB', values: rss },
    { name: `idle cluster after ${IDLE_SECONDS} s, proportional memory`, unit: 'MB', values: pss },
  ];
}
