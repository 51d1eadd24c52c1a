/** Decisions a second of the scheduler's core, without API: plain pods onto 50 and 1000 nodes, and preemption on 50 full ones. */
import type { Node, Pod } from '../src/kube/types.ts';
import { seededRandom } from '../src/runtime/random.ts';
import { Nominations } from '../src/scheduler/nominations.ts';
import { preempt } from '../src/scheduler/preemption.ts';
import { place } from '../src/scheduler/schedule.ts';
import { Snapshot } from '../src/scheduler/snapshot.ts';
import type { Figure } from './spread.ts';

const PODS_PER_NODE = 60;

function node(i: number): Node {
  const name = `node-${i}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${i % 3}` } },
    status: { allocatable: { cpu: '16', memory: '64Gi', pods: '110' } },
  };
}

function pod(i: number, priority = 0): Pod {
  const name = `pod-${i}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `${priority}-${name}`, labels: { app: `app-${i % 20}` } },
    spec: { priority, containers: [{ name: 'main', image: 'example.test/app:1', resources: { requests: { cpu: '250m', memory: '1G' } } }] },
  };
}

function cluster(nodes: number): Snapshot {
  const snapshot = new Snapshot();
  for (let i = 0; i < nodes; i++) snapshot.setNode(node(i));
  return snapshot;
}

/** Places every pod and counts it, as the loop does; answers decisions a second. */
function fill(snapshot: Snapshot, pods: readonly Pod[]): number {
  const random = seededRandom(1);
  const nominations = new Nominations();
  const startedAt = performance.now();
  let startAt = 0;
  for (const one of pods) {
    const placement = place(one, snapshot, random, { startAt, nominations });
    if (!('node' in placement)) throw new Error('the cluster of the bench is too small');
    startAt = (startAt + placement.checked) % snapshot.nodes.size;
    snapshot.setPod({ ...one, spec: { containers: [], ...one.spec, nodeName: placement.node } });
  }
  return (pods.length * 1000) / (performance.now() - startedAt);
}

function preemptions(snapshot: Snapshot, count: number): number {
  const random = seededRandom(1);
  const nominations = new Nominations();
  const startedAt = performance.now();
  for (let i = 0; i < count; i++) {
    const one = pod(i, 10);
    const placement = place(one, snapshot, random, { nominations });
    if ('node' in placement) throw new Error('the cluster of the bench is not full');
    const result = preempt(one, { snapshot, refusals: placement.refusals, budgets: [], nominations, random });
    if (!('victims' in result)) throw new Error('nobody gave way');
  }
  return (count * 1000) / (performance.now() - startedAt);
}

export async function schedulerBench(runs: number): Promise<Figure[]> {
  const small: number[] = [];
  const large: number[] = [];
  const crowded: number[] = [];
  for (let run = 0; run < runs; run++) {
    const snapshot = cluster(50);
    small.push(
      fill(
        snapshot,
        Array.from({ length: 50 * PODS_PER_NODE }, (_, i) => pod(i)),
      ),
    );
    fill(
      snapshot,
      Array.from({ length: 50 * (64 - PODS_PER_NODE) }, (_, i) => pod(50 * PODS_PER_NODE + i)),
    );
    crowded.push(preemptions(snapshot, 50));
    large.push(
      fill(
        cluster(1000),
        Array.from({ length: 5000 }, (_, i) => pod(i)),
      ),
    );
  }
  return [
    { name: 'scheduler core, pods placed on 50 nodes', unit: '/s', values: small },
    { name: 'scheduler core, pods placed on 1000 nodes', unit: '/s', values: large },
    { name: 'scheduler core, preemptions on 50 full nodes of 64 pods', unit: '/s', values: crowded },
  ];
}
