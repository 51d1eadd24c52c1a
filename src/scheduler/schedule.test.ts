import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Pod, PodDisruptionBudget, PodSpec } from '../kube/types.ts';
import { seededRandom } from '../runtime/random.ts';
import { Nominations } from './nominations.ts';
import { preempt } from './preemption.ts';
import { explain, place } from './schedule.ts';
import { Snapshot } from './snapshot.ts';

const node = (
  name: string,
  more: { labels?: Record<string, string>; taints?: object[]; unschedulable?: boolean; memory?: string; cpu?: string } = {},
): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...more.labels } },
  spec: { ...(more.taints ? { taints: more.taints as never } : {}), ...(more.unschedulable ? { unschedulable: true } : {}) },
  status: { allocatable: { cpu: more.cpu ?? '2', memory: more.memory ?? '3900000Ki', pods: '110' } },
});
let count = 0;
const pod = (spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}, memory = '0.8G', cpu = '200m'): Pod => {
  const name = `p${count++}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name, labels },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { memory, cpu } } }], ...spec },
  };
};
const snapshotOf = (nodes: Node[], pods: Pod[] = []): Snapshot => {
  const snapshot = new Snapshot();
  for (const n of nodes) snapshot.setNode(n);
  for (const p of pods) snapshot.setPod(p);
  return snapshot;
};
const on = (name: string, p: Pod): Pod => ({ ...p, spec: { containers: [], ...p.spec, nodeName: name } });
const random = seededRandom(1);
const verdict = (p: Pod, snapshot: Snapshot): string => {
  const answer = place(p, snapshot, random);
  return 'node' in answer ? answer.node : explain(snapshot.nodes.size, answer.refusals);
};

const cases: [string, Pod, Snapshot, string][] = [
  [
    'memory that is not there',
    pod({}, {}, '1G'),
    snapshotOf(
      [node('a')],
      [1, 2, 3].map(() => on('a', pod({}, {}, '1G'))),
    ),
    '0/1 nodes are available: 1 Insufficient memory.',
  ],
  ['cpu and memory that are not there', pod({}, {}, '9G', '9'), snapshotOf([node('a')]), '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.'],
  [
    'a taint',
    pod(),
    snapshotOf([node('a', { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] })]),
    '0/1 nodes are available: 1 node(s) had untolerated taint {k: v}.',
  ],
  [
    'a taint that is tolerated',
    pod({ tolerations: [{ key: 'k', operator: 'Exists' }] }),
    snapshotOf([node('a', { taints: [{ key: 'k', effect: 'NoSchedule' }] })]),
    'a',
  ],
  ['a cordoned node', pod(), snapshotOf([node('a', { unschedulable: true })]), '0/1 nodes are available: 1 node(s) were unschedulable.'],
  ['a node selector', pod({ nodeSelector: { disk: 'ssd' } }), snapshotOf([node('a'), node('b', { labels: { disk: 'ssd' } })]), 'b'],
  [
    'a node selector nothing matches',
    pod({ nodeSelector: { disk: 'ssd' } }),
    snapshotOf([node('a'), node('b')]),
    "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
  ],
  [
    'a daemon pod pinned by field',
    pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }] },
        },
      },
    }),
    snapshotOf([node('a'), node('b')]),
    'b',
  ],
  [
    'anti-affinity to its own kind',
    pod(
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'x' } } }],
          },
        },
      },
      { app: 'x' },
    ),
    snapshotOf([node('a'), node('b')], [on('a', pod({}, { app: 'x' }))]),
    'b',
  ],
  [
    'affinity to a pod',
    pod({
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } }],
        },
      },
    }),
    snapshotOf([node('a'), node('b')], [on('b', pod({}, { app: 'db' }))]),
    'b',
  ],
  ['the emptier node', pod(), snapshotOf([node('a'), node('b')], [on('a', pod())]), 'b'],
  ['no nodes', pod(), snapshotOf([]), 'no nodes available to schedule pods'],
  [
    'hard spread over zones',
    pod(
      { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'x' } } }] },
      { app: 'x' },
    ),
    snapshotOf([node('a', { labels: { zone: '1' } }), node('b', { labels: { zone: '2' }, memory: '1G' })], [on('a', pod({}, { app: 'x' }))]),
    'b',
  ],
  [
    'a host port in use',
    pod({ containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 80 }] }] }),
    snapshotOf([node('a')], [on('a', pod({ containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 80 }] }] }))]),
    "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
  ],
];
for (const [name, p, snapshot, want] of cases) test(`${name}: ${want}`, () => assert.equal(verdict(p, snapshot), want));

const attempt = (p: Pod, snapshot: Snapshot, budgets: PodDisruptionBudget[] = []): string => {
  const answer = place(p, snapshot, random);
  assert.ok(!('node' in answer));
  const outcome = preempt(p, { snapshot, refusals: answer.refusals, budgets, nominations: new Nominations(), random });
  return 'victims' in outcome ? `${outcome.victims.node}: ${outcome.victims.pods.map((v) => v.metadata.name).join(',')}` : outcome.message;
};
const placeholder = (node_: string, name: string, priority = -1): Pod => {
  const p = on(node_, pod({ priority }, {}, '3.8G', '900m'));
  return { ...p, metadata: { ...p.metadata, name, uid: name } };
};

test('a placeholder of lower priority gives way', () => {
  const full = [1, 2, 3, 4].map(() => on('a', pod({ priority: 0 })));
  assert.equal(attempt(pod({ priority: 0 }), snapshotOf([node('a'), node('b')], [...full, placeholder('b', 'placeholder')])), 'b: placeholder');
});

test('a placeholder of the same priority does not', () => {
  assert.equal(
    attempt(pod({ priority: 0 }), snapshotOf([node('b')], [placeholder('b', 'placeholder', 0)])),
    '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  );
});

test('a pod that no node could ever hold preempts nobody', () => {
  assert.equal(
    attempt(pod({ priority: 0 }, {}, '9G'), snapshotOf([node('b')], [placeholder('b', 'placeholder')])),
    '0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  );
});

test('the node with the least important victims is chosen', () => {
  assert.equal(attempt(pod({ priority: 10 }), snapshotOf([node('a'), node('b')], [placeholder('a', 'dear', 5), placeholder('b', 'cheap', 1)])), 'b: cheap');
});

test('a node whose victims no budget protects is chosen first', () => {
  const guarded = { ...placeholder('a', 'guarded', 1) };
  guarded.metadata.labels = { app: 'g' };
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'g', namespace: 'default' },
    spec: { selector: { matchLabels: { app: 'g' } } },
    status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
  };
  assert.equal(attempt(pod({ priority: 10 }), snapshotOf([node('a'), node('b')], [guarded, placeholder('b', 'free', 5)]), [budget]), 'b: free');
});

test('only as many victims as needed', () => {
  const small = (name: string, priority: number): Pod => {
    const p = on('a', pod({ priority }, {}, '1.9G'));
    return { ...p, metadata: { ...p.metadata, name, uid: name } };
  };
  assert.equal(attempt(pod({ priority: 10 }), snapshotOf([node('a')], [small('less', 1), small('more', 5)])), 'a: less');
});

test('a pod that may not preempt says so', () => {
  assert.equal(
    attempt(pod({ priority: 10, preemptionPolicy: 'Never' }), snapshotOf([node('b')], [placeholder('b', 'p')])),
    'not eligible due to preemptionPolicy=Never.',
  );
});

test('room promised to a pod is not given to one that is less or equally important', () => {
  const snapshot = snapshotOf(
    [node('a')],
    [1, 2, 3].map(() => on('a', pod())),
  );
  const nominations = new Nominations();
  const promised = pod({ priority: 5 });
  nominations.set(promised, 'a');
  const placed = (p: Pod): boolean => 'node' in place(p, snapshot, random, { nominations });
  assert.equal(placed(pod({ priority: 5 })), false);
  assert.equal(placed(pod({ priority: 6 })), true);
  assert.equal(placed(promised), true);
});

test('victims that are still leaving are waited for', () => {
  const leaving = placeholder('a', 'leaving');
  leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  leaving.status = { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] };
  const snapshot = snapshotOf([node('a')], [leaving]);
  const nominations = new Nominations();
  const waiting = pod({ priority: 0 });
  nominations.set(waiting, 'a');
  const answer = place(waiting, snapshot, random, { nominations });
  assert.ok(!('node' in answer));
  assert.deepEqual(preempt(waiting, { snapshot, refusals: answer.refusals, budgets: [], nominations, random }), {
    message: 'not eligible due to a terminating pod on the nominated node.',
  });
});

test('packing prefers the fuller node', () => {
  const answer = place(pod(), snapshotOf([node('a'), node('b')], [on('a', pod())]), random, { strategy: 'MostAllocated' });
  assert.ok('node' in answer);
  assert.equal(answer.node, 'a');
});
