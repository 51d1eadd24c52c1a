import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceType } from '../../cloud/catalogue/index.ts';
import { localCloud, type LocalCloud } from '../../cloud/local/index.ts';
import type { NodePool } from '../../cloud/provider.ts';
import type { DaemonSet, Pod } from '../../kube/types.ts';
import { seededRandom } from '../../runtime/random.ts';
import { realClock } from '../../runtime/clock.ts';
import { Snapshot } from '../../scheduler/index.ts';
import { neverFits } from './never-fits.ts';
import { DEFAULT_OPTIONS } from './options.ts';
import { blocks, unneededNodes } from './scale-down.ts';
import { decideScaleUp, refusalText, type PoolState, type ScaleUp } from './scale-up.ts';
import { templateInfo, templateNode } from './template.ts';

const random = seededRandom(1);

function pool(name: string, type: string, more: Partial<NodePool> = {}): NodePool {
  const found = instanceType(type);
  assert.ok(found);
  return { name, instanceType: found, min: 0, max: 10, ...more };
}

const cloudOf = (...pools: NodePool[]): LocalCloud => localCloud({ pools, bootDelayMs: 0, clock: realClock, random, onBoot: () => {}, onRemove: () => {} });

function pod(
  name: string,
  memory: string,
  more: { annotations?: Record<string, string>; namespace?: string; owner?: boolean; spec?: Partial<Pod['spec']> } = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      namespace: more.namespace ?? 'default',
      annotations: more.annotations ?? {},
      ...(more.owner === false ? {} : { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'rs', controller: true }] }),
    },
    spec: { ...more.spec, containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m', memory } } }] },
  };
}

function decide(pods: Pod[], states: (Partial<PoolState> & { pool: NodePool })[], snapshot = new Snapshot()): ScaleUp {
  return decideScaleUp({
    snapshot,
    pods,
    provider: cloudOf(...states.map((state) => state.pool)),
    daemonSets: [],
    options: DEFAULT_OPTIONS,
    random,
    pools: states.map((state) => ({ size: 0, upcoming: 0, backedOff: false, ...state })),
  });
}

const three = pool('three', 'g6-standard-2');

test('seven pods of 1G buy three nodes of three', () => {
  const { buy } = decide(
    Array.from({ length: 7 }, (_, i) => pod(`p${i}`, '1G')),
    [{ pool: three }],
  );
  assert.deepEqual({ pool: buy?.pool, count: buy?.count, pods: buy?.pods.length }, { pool: 'three', count: 3, pods: 7 });
});

test('a node that is already on its way is not bought again', () => {
  const { buy, waiting } = decide([pod('a', '1G')], [{ pool: three, size: 1, upcoming: 1 }]);
  assert.equal(buy, undefined);
  assert.equal(waiting.length, 1);
});

test('a pool buys no more than its maximum', () => {
  assert.equal(
    decide(
      Array.from({ length: 20 }, (_, i) => pod(`p${i}`, '1G')),
      [{ pool: three, size: 8 }],
    ).buy?.count,
    2,
  );
});

for (const [state, message] of [
  [{ pool: three, size: 10 }, '1 max node group size reached'],
  [{ pool: three, backedOff: true }, '1 in backoff after failed scale-up'],
] as const) {
  test(`a pod that no pool helps is told: ${message}`, () => {
    const { buy, refused } = decide([pod('a', '1G')], [state]);
    assert.equal(buy, undefined);
    assert.equal(refusalText(refused.get('a')?.reasons ?? new Map()), message);
  });
}

test('a pod above every pool is told its numbers, one that fits an empty node is not', () => {
  const world = { snapshot: new Snapshot(), provider: cloudOf(three), daemonSets: [] };
  assert.equal(
    neverFits(pod('a', '4Gi'), world),
    'no node pool can ever hold this pod: it asks for 100m cpu and 4Gi memory; an empty node has room for: three 2 cpu and 3900000Ki memory',
  );
  assert.equal(neverFits(pod('a', '3900000Ki'), world), undefined);
});

test('daemon pods take room on new nodes, but not where a taint keeps them out', () => {
  const daemon = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'd', namespace: 'default', uid: 'd' },
    spec: { template: { spec: pod('d', '100Mi').spec } },
  } as DaemonSet;
  const requested = (target: NodePool): number => templateInfo(cloudOf(target), target, 'n', [daemon], new Snapshot()).requested.memoryBytes;
  assert.equal(requested(three), 100 * 2 ** 20);
  assert.equal(requested({ ...three, taints: [{ key: 'own', effect: 'NoSchedule' }] }), 0);
});

const kept: [string, Pod, string | undefined][] = [
  ['an ordinary pod moves', pod('a', '1G'), undefined],
  ['a pod without a controller stays', pod('a', '1G', { owner: false }), 'no controller'],
  [
    'a pod without a controller that is said to be safe moves',
    pod('a', '1G', { owner: false, annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' } }),
    undefined,
  ],
  ['a pod that is said not to be safe stays', pod('a', '1G', { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } }), 'not safe'],
  ['a pod of kube-system without a budget stays', pod('a', '1G', { namespace: 'kube-system' }), 'kube-system'],
  ['a pod with an emptyDir stays', pod('a', '1G', { spec: { volumes: [{ name: 'v', emptyDir: {} }] } }), 'volume v'],
  [
    'a pod with a listed emptyDir moves',
    pod('a', '1G', { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes': 'v' }, spec: { volumes: [{ name: 'v', emptyDir: {} }] } }),
    undefined,
  ],
];
for (const [name, subject, why] of kept) {
  test(`scale-down: ${name}`, () => {
    const answer = blocks(subject, []);
    if (why === undefined) assert.equal(answer, undefined);
    else assert.match(answer ?? '', new RegExp(why));
  });
}

test('two half-empty nodes do not both count on the same room', () => {
  const cloud = cloudOf(three);
  const snapshot = new Snapshot();
  for (const name of ['n1', 'n2']) {
    snapshot.setNode(templateNode(cloud, three, name));
    snapshot.setPod({ ...pod(`on-${name}`, '1G', { spec: { nodeName: name } }) });
  }
  const unneeded = unneededNodes({ snapshot, candidates: ['n1', 'n2'], budgets: [], threshold: 0.5 });
  assert.equal(unneeded.size, 1);
});
