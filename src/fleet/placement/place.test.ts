import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Placement } from '../kinds/policy.ts';
import { place } from './place.ts';
import { AGGREGATED, type Case, cluster, DYNAMIC, placed, requestOf, shown, staticPlacement, weights } from './testing/worlds.ts';

const WEIGHTED = staticPlacement(weights({ us: 1, ap: 1, eu: 1 }));
const TAINT = { key: 'cluster.karmada.io/not-ready', effect: 'NoSchedule' };

function evicting(...names: string[]): Case['binding'] {
  return { gracefulEvictionTasks: names.map((fromCluster) => ({ fromCluster, reason: 'TaintUntolerated', producer: 'TaintManager' })) };
}

test('where no cluster fits, the message counts the reasons', () => {
  const clusters = [cluster('us', { taints: [TAINT] }), cluster('ap', { taints: [TAINT] }), cluster('eu')];
  assert.equal(
    placed({ placement: WEIGHTED, replicas: 3, clusters, binding: evicting('eu') }),
    'NoClusterFit: 0/3 clusters are available: 1 cluster(s) is in the process of eviction, 2 cluster(s) had untolerated taint {cluster.karmada.io/not-ready:NoSchedule}.',
  );
  assert.equal(
    placed({ placement: { clusterAffinity: { clusterNames: ['mars'] } }, replicas: 1, clusters }),
    'NoClusterFit: 0/3 clusters are available: 3 cluster(s) did not match the placement cluster affinity constraint.',
  );
  assert.equal(placed({ replicas: 1, clusters: [] }), 'NoClusterFit: 0/0 clusters are available: no cluster exists.');
});

test('a cluster that is being deleted is no candidate, and is no reason either', () => {
  const leaving = cluster('us');
  leaving.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  assert.deepEqual(placed({ placement: WEIGHTED, replicas: 2, clusters: [leaving, 'eu', 'ap'] }), { ap: 1, eu: 1 });
  assert.equal(placed({ placement: WEIGHTED, replicas: 2, clusters: [leaving] }), 'NoClusterFit: 0/1 clusters are available: no cluster exists.');
});

test('a taint keeps out what does not tolerate it, and leaves what is there', () => {
  const taints = [{ key: 'gpu', value: 'true', effect: 'NoExecute' }];
  const clusters = [cluster('us', { taints }), 'eu'];
  const placement = (operator: 'Exists' | 'Equal'): Placement => ({ ...staticPlacement(), clusterTolerations: [{ key: 'gpu', operator }] });
  assert.deepEqual(placed({ placement: staticPlacement(), replicas: 4, clusters }), { eu: 4 });
  assert.deepEqual(placed({ placement: placement('Exists'), replicas: 4, clusters }), { eu: 2, us: 2 });
  assert.deepEqual(placed({ placement: placement('Equal'), replicas: 4, clusters }), { eu: 4 });
  assert.deepEqual(placed({ placement: staticPlacement(), replicas: 4, clusters, last: { us: 1 } }), { eu: 2, us: 2 });
  assert.equal(
    placed({ placement: staticPlacement(), replicas: 4, clusters: [clusters[0]!] }),
    'NoClusterFit: 0/1 clusters are available: 1 cluster(s) had untolerated taint {gpu=true:NoExecute}.',
  );
  const preferring = cluster('us', { taints: [{ key: 'gpu', effect: 'PreferNoSchedule' }] });
  assert.deepEqual(placed({ placement: staticPlacement(), replicas: 4, clusters: [preferring] }), { us: 4 });
});

test('a cluster without the API gets nothing new, and keeps what it has', () => {
  const clusters = [cluster('us', {}, {}, { apiEnablements: [{ groupVersion: 'v1', resources: [{ name: 'pods', kind: 'Pod' }] }] }), 'eu'];
  assert.deepEqual(placed({ replicas: 1, clusters }), { eu: 1 });
  assert.deepEqual(placed({ replicas: 1, clusters, last: { us: 1 } }), { eu: 1, us: 1 });
  const bare = cluster('ap');
  delete bare.status;
  assert.equal(placed({ replicas: 1, clusters: [bare] }), 'NoClusterFit: 0/1 clusters are available: 1 cluster(s) did not have the API resource.');
});

test('what clusters are spread by they must have', () => {
  const clusters = ['us'];
  for (const [spreadByField, what] of [
    ['region', 'region property'],
    ['zone', 'zones property'],
    ['provider', 'provider property'],
  ] as const) {
    const placement: Placement = { spreadConstraints: [{ spreadByField, maxGroups: 1 }, { spreadByField: 'cluster' }] };
    assert.equal(placed({ placement, replicas: 1, clusters }), `NoClusterFit: 0/1 clusters are available: 1 cluster(s) did not have ${what}.`);
  }
  assert.equal(
    placed({ placement: { spreadConstraints: [{ spreadByLabel: 'rack' }] }, replicas: 1, clusters }),
    'NoClusterFit: 0/1 clusters are available: 1 cluster(s) did not have label rack.',
  );
});

test('a cluster from which a workload is evicted gives its share to the others', () => {
  assert.deepEqual(placed({ placement: WEIGHTED, replicas: 10, clusters: ['us', 'ap', 'eu'], binding: evicting('ap') }), { eu: 5, us: 5 });
});

test('a workload stays in its cluster where one is enough', () => {
  const placement: Placement = { spreadConstraints: [{ spreadByField: 'cluster', maxGroups: 1 }] };
  assert.deepEqual(placed({ placement, replicas: 2, clusters: ['a', 'b'], free: { a: 9, b: 5 } }), { a: 2 });
  assert.deepEqual(placed({ placement, replicas: 2, clusters: ['a', 'b'], free: { a: 9, b: 5 }, last: { b: 2 } }), { b: 2 });
});

test("clusters' own summaries tell what is free, unless somebody knows better", () => {
  const of = (cpu: string) => ({ resourceSummary: { allocatable: { cpu, pods: '100' } } });
  const clusters = [cluster('us', {}, {}, of('6')), cluster('eu', {}, {}, of('3'))];
  const binding = { replicaRequirements: { resourceRequest: { cpu: '500m' } } };
  assert.deepEqual(placed({ placement: DYNAMIC, replicas: 9, clusters, binding }), { eu: 3, us: 6 });
  assert.deepEqual(placed({ placement: DYNAMIC, replicas: 9, clusters, binding, free: { us: 3 } }), { eu: 6, us: 3 });
  assert.deepEqual(placed({ placement: DYNAMIC, replicas: 9, clusters: ['us', 'eu'] }), { eu: 5, us: 4 }, 'who tells nothing is believed to have room for all');
});

test('a request that is no quantity is told by its field', () => {
  assert.equal(
    placed({ placement: DYNAMIC, replicas: 1, clusters: ['us'], binding: { replicaRequirements: { resourceRequest: { memory: '1Gi', cpu: 'much' } } } }),
    `SchedulerError: spec.replicaRequirements.resourceRequest[cpu]: Invalid value: "much": must be a quantity, as '250m' or '1Gi'`,
  );
});

const TERMS: Placement = {
  ...DYNAMIC,
  clusterAffinities: [
    { affinityName: 'first', clusterNames: ['us'] },
    { affinityName: 'second', clusterNames: ['ap', 'eu'] },
  ],
};

test('the first affinity term that has room is taken, and told', () => {
  const world: Case = { placement: TERMS, replicas: 4, clusters: ['us', 'ap', 'eu'], free: { us: 4, ap: 9, eu: 9 } };
  const first = place(requestOf(world));
  assert.deepEqual([shown(first), 'affinityName' in first && first.affinityName], [{ us: 4 }, 'first']);
  const second = place(requestOf({ ...world, replicas: 5 }));
  assert.deepEqual([shown(second), 'affinityName' in second && second.affinityName], [{ ap: 3, eu: 2 }, 'second']);
  assert.deepEqual(
    second.trace.attempts.map(({ affinityName, failure }) => [affinityName, failure?.reason]),
    [
      ['first', 'Unschedulable'],
      ['second', undefined],
    ],
  );
});

test('terms are never gone back to, unless afresh', () => {
  const world: Case = {
    placement: TERMS,
    replicas: 4,
    clusters: ['us', 'ap', 'eu'],
    free: { us: 9, ap: 9, eu: 9 },
    last: { ap: 2, eu: 2 },
    observed: 'second',
  };
  assert.deepEqual(placed(world), { ap: 2, eu: 2 });
  assert.deepEqual(placed({ ...world, fresh: true }), { us: 4 });
  assert.deepEqual(placed({ ...world, observed: 'renamed' }), { us: 4 });
});

test('if all terms fail, the first failure is told', () => {
  assert.equal(
    placed({ placement: TERMS, replicas: 4, clusters: ['ap', 'eu'], free: { ap: 1, eu: 1 } }),
    'NoClusterFit: 0/2 clusters are available: 2 cluster(s) did not match the placement cluster affinity constraint.',
  );
  assert.equal(
    placed({ placement: TERMS, replicas: 4, clusters: ['us'], free: { us: 1 } }),
    'Unschedulable: failed to assign replicas: failed to scale up: Clusters available replicas 1 are not enough to schedule.',
  );
});

function overflowing(division: Placement): Placement {
  return {
    ...division,
    clusterAffinities: [
      {
        affinityName: 'home',
        clusterNames: ['m1'],
        overflowAffinities: [
          { affinityName: 'near', clusterNames: ['m2'] },
          { affinityName: 'far', clusterNames: ['m3'] },
        ],
      },
    ],
  };
}

test('clusters of overflow affinities are filled one after the other, and emptied in reverse', () => {
  const world: Case = { placement: overflowing(DYNAMIC), replicas: 5, clusters: ['m3', 'm2', 'm1'], free: { m1: 10, m2: 10, m3: 10 } };
  assert.deepEqual(placed(world), { m1: 5 });
  assert.deepEqual(placed({ ...world, free: { m1: 2, m2: 10, m3: 10 } }), { m1: 2, m2: 3 });
  assert.deepEqual(placed({ ...world, free: { m1: 2, m2: 0, m3: 10 } }), { m1: 2, m3: 3 });
  assert.deepEqual(placed({ ...world, replicas: 8, free: { m1: 2, m2: 10, m3: 0 }, last: { m1: 3 } }), { m1: 5, m2: 3 });
  assert.deepEqual(placed({ ...world, replicas: 4, free: { m1: 0, m2: 9, m3: 9 }, last: { m1: 3, m2: 5 } }), { m1: 3, m2: 1 });
  assert.deepEqual(placed({ ...world, replicas: 3, free: { m1: 0, m2: 9, m3: 9 }, last: { m1: 3, m2: 5 } }), { m1: 3 });
  assert.equal(
    placed({ ...world, replicas: 10, free: { m1: 2, m2: 2, m3: 2 } }),
    'Unschedulable: failed to assign replicas: Clusters available replicas are not enough to schedule.',
  );
  assert.deepEqual(placed({ ...world, placement: overflowing(AGGREGATED), free: { m1: 2, m2: 1, m3: 9 } }), { m1: 2, m2: 1, m3: 2 });
});

test('overflow is only for what is divided by room: all else keeps to the affinity', () => {
  const clusters = ['m1', 'm2', 'm3'];
  assert.deepEqual(placed({ placement: overflowing({}), replicas: 2, clusters }), { m1: 2 });
  assert.deepEqual(placed({ placement: overflowing(staticPlacement()), replicas: 2, clusters }), { m1: 2 });
  assert.deepEqual(placed({ placement: overflowing(DYNAMIC), clusters }), { m1: 0 });
  assert.deepEqual(placed({ placement: overflowing(DYNAMIC), replicas: 0, clusters }), { m1: 0 });
});

test('a constraint of clusters prefers those of the affinity to those of overflow', () => {
  const placement: Placement = { ...overflowing(DYNAMIC), spreadConstraints: [{ spreadByField: 'cluster', minGroups: 1, maxGroups: 1 }] };
  assert.deepEqual(placed({ placement, replicas: 1, clusters: ['m1', 'm2', 'm3'], free: { m1: 1, m2: 9, m3: 9 }, last: { m2: 1 } }), { m1: 1 });
});

test('the trace tells why each cluster is in or out, and how the replicas were divided', () => {
  const clusters = [cluster('us'), cluster('ap', { taints: [TAINT] }), cluster('eu'), cluster('mars')];
  const placement: Placement = { ...staticPlacement(weights({ us: 2, eu: 1, ap: 1 })), clusterAffinity: { exclude: ['mars'] } };
  const { trace } = place(requestOf({ placement, replicas: 5, clusters, free: { us: 7, eu: 8 }, last: { us: 1 } }));
  assert.deepEqual(JSON.parse(JSON.stringify(trace)), {
    strategy: 'StaticWeight',
    mode: 'Steady',
    replicas: 5,
    attempts: [
      {
        clusters: [
          { name: 'ap', refused: [{ filter: 'TaintToleration', reason: 'cluster(s) had untolerated taint {cluster.karmada.io/not-ready:NoSchedule}' }] },
          { name: 'mars', refused: [{ filter: 'ClusterAffinity', reason: 'cluster(s) did not match the placement cluster affinity constraint' }] },
          { name: 'us', score: 100, assigned: 1, free: 7, tier: 0 },
          { name: 'eu', score: 0, assigned: 0, free: 8, tier: 0 },
        ],
        selected: ['us', 'eu'],
        divisions: [
          {
            replicas: 5,
            votesAre: 'weight',
            order: 'ascending',
            shares: [
              { cluster: 'eu', votes: 1, before: 0, quota: 5 / 3, seats: 2, replicas: 2 },
              { cluster: 'us', votes: 2, before: 0, quota: 10 / 3, seats: 3, replicas: 3 },
            ],
          },
        ],
      },
    ],
    clusters: [
      { name: 'eu', replicas: 2 },
      { name: 'us', replicas: 3 },
    ],
  });
});

test('the trace of a scale-up tells what is kept and what is added', () => {
  const { trace } = place(
    requestOf({ placement: AGGREGATED, replicas: 9, clusters: ['m1', 'm2', 'm3'], free: { m1: 1, m2: 2, m3: 9 }, last: { m1: 3, m2: 2 } }),
  );
  const [table] = trace.attempts[0]!.divisions;
  assert.equal(table?.note, undefined);
  assert.deepEqual(
    table?.shares.map(({ cluster, votes, before, seats, replicas }) => [cluster, votes, before, seats, replicas]),
    [
      ['m1', 1, 3, 0, 3],
      ['m2', 2, 2, 1, 3],
      ['m3', 9, 0, 3, 3],
    ],
  );
});
