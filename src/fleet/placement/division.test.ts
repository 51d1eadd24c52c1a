import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Placement } from '../kinds/policy.ts';
import { AGGREGATED, type Case, type Counts, countsOf, DYNAMIC, EVEN_UID, ODD_UID, placed, staticPlacement, weights } from './testing/worlds.ts';

/** Replicas by weights, where all clusters with a weight are there. */
function byWeight(replicas: number, byCluster: Counts, more: Partial<Case> = {}): Counts {
  return countsOf({ replicas, clusters: Object.keys(byCluster), placement: staticPlacement(weights(byCluster)), ...more });
}

function none(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

test('static weights divide as upstream does', () => {
  const rows: [replicas: number, weights: Counts, expected: Counts][] = [
    [12, { m1: 3, m2: 2, m3: 1 }, { m1: 6, m2: 4, m3: 2 }],
    [13, { m1: 3, m2: 2, m3: 1 }, { m1: 7, m2: 4, m3: 2 }],
    [14, { m1: 3, m2: 2, m3: 1 }, { m1: 7, m2: 5, m3: 2 }],
    [3, { m1: 1, m2: 1 }, { m1: 2, m2: 1 }],
    [1, { A: 2, B: 1 }, { A: 1 }],
    [2, { A: 2, B: 1 }, { A: 1, B: 1 }],
    [3, { A: 2, B: 1 }, { A: 2, B: 1 }],
    [5, { A: 170, B: 110, C: 60 }, { A: 2, B: 2, C: 1 }],
    [6, { A: 170, B: 110, C: 60 }, { A: 3, B: 2, C: 1 }],
    [10, { us: 2, ap: 2, eu: 1 }, { us: 4, ap: 4, eu: 2 }],
    [3, { us: 2, ap: 2, eu: 1 }, { us: 1, ap: 1, eu: 1 }],
    [3, { us: 4, ap: 1, eu: 1 }, { us: 2, ap: 1 }],
    [10, { us: 4, ap: 1, eu: 1 }, { us: 6, ap: 2, eu: 2 }],
    [6, { m1: 1, m2: 1, m3: 1, m4: 1 }, { m1: 2, m2: 2, m3: 1, m4: 1 }],
    [6, { m1: 2, m2: 1, m3: 1, m4: 1 }, { m1: 3, m2: 1, m3: 1, m4: 1 }],
    [5, { m1: 1, m2: 1, m3: 1 }, { m1: 2, m2: 2, m3: 1 }],
    [5, { m1: 1, m2: 1, m3: 1, m4: 1 }, { m1: 2, m2: 1, m3: 1, m4: 1 }],
  ];
  for (const [replicas, byCluster, expected] of rows) assert.deepEqual(byWeight(replicas, byCluster), expected, `${replicas} by ${JSON.stringify(byCluster)}`);
});

test('scaling by one changes one cluster by one, up and down', () => {
  const steps: [Counts, Record<number, Counts>][] = [
    [
      { m1: 1, m2: 1, m3: 1 },
      { 3: { m1: 1, m2: 1, m3: 1 }, 5: { m1: 2, m2: 2, m3: 1 } },
    ],
    [
      { m1: 2, m2: 1, m3: 1, m4: 1 },
      { 7: { m1: 3, m2: 2, m3: 1, m4: 1 }, 8: { m1: 3, m2: 2, m3: 2, m4: 1 }, 9: { m1: 3, m2: 2, m3: 2, m4: 2 } },
    ],
  ];
  for (const [byCluster, expected] of steps) {
    let last: Counts | undefined;
    const counts = Object.keys(expected).map(Number);
    for (const replicas of [...counts, ...counts.toReversed()]) {
      last = byWeight(replicas, byCluster, last && { last });
      assert.deepEqual(last, expected[replicas]);
    }
  }
});

test('weights of 2:1:2 give each region its part at every size', () => {
  const table = '0/0/1 1/0/1 1/1/1 1/1/2 2/1/2 2/1/3 3/1/3 3/2/3 3/2/4 4/2/4 4/2/5 5/2/5'.split(' ');
  for (const [i, expected] of table.entries()) {
    const [us, ap, eu] = expected.split('/').map(Number) as [number, number, number];
    assert.deepEqual(byWeight(i + 1, { us: 2, ap: 1, eu: 2 }), none({ us, ap, eu }), `${i + 1} replicas`);
  }
});

test("the odd replica of equals goes by the template's UID", () => {
  assert.deepEqual(byWeight(5, { A: 1, B: 1 }, { uid: ODD_UID }), { A: 2, B: 3 });
  assert.deepEqual(byWeight(5, { A: 1, B: 1 }, { uid: EVEN_UID }), { A: 3, B: 2 });
  assert.deepEqual(byWeight(10, { us: 1, ap: 1, eu: 1 }, { uid: EVEN_UID }), { ap: 4, eu: 3, us: 3 });
  assert.deepEqual(byWeight(10, { us: 1, ap: 1, eu: 1 }, { uid: ODD_UID }), { ap: 3, eu: 3, us: 4 });
});

test('without weights all clusters weigh the same', () => {
  const clusters = ['m1', 'm2', 'm3'];
  assert.deepEqual(countsOf({ replicas: 12, clusters, placement: staticPlacement() }), { m1: 4, m2: 4, m3: 4 });
  assert.deepEqual(countsOf({ replicas: 12, clusters, placement: staticPlacement([]) }), { m1: 4, m2: 4, m3: 4 });
  assert.deepEqual(countsOf({ replicas: 12, clusters, placement: staticPlacement(weights({ gone: 1 })) }), { m1: 4, m2: 4, m3: 4 });
  assert.deepEqual(countsOf({ replicas: 12, clusters, placement: { replicaScheduling: {} } }), { m1: 4, m2: 4, m3: 4 });
});

test('a cluster without a weight is left out, and of several rules the highest weight holds', () => {
  assert.deepEqual(countsOf({ replicas: 2, clusters: ['m1', 'm2'], placement: staticPlacement(weights({ m1: 1 })) }), { m1: 2 });
  const rules = [...weights({ m1: 1, m2: 1 }), ...weights({ m1: 2 })];
  assert.deepEqual(countsOf({ replicas: 3, clusters: ['m1', 'm2'], placement: staticPlacement(rules) }), { m1: 2, m2: 1 });
});

test('static weights ask nobody for room', () => {
  assert.deepEqual(byWeight(10, { m1: 1, m2: 1 }, { free: { m1: 0, m2: 1 } }), { m1: 5, m2: 5 });
});

function dynamically(placement: Placement, replicas: number, free: Counts, last: Counts = {}, more: Partial<Case> = {}): Counts | string {
  return placed({ placement, replicas, clusters: Object.keys(free), free, last, ...more });
}

test('dynamic weights divide by free replicas', () => {
  assert.deepEqual(dynamically(DYNAMIC, 12, { m1: 18, m2: 12, m3: 6 }), { m1: 6, m2: 4, m3: 2 });
  assert.deepEqual(dynamically(DYNAMIC, 12, { m1: 20, m2: 12, m3: 6 }), { m1: 6, m2: 4, m3: 2 });
  assert.deepEqual(dynamically(DYNAMIC, 12, { m1: 6, m2: 12, m3: 6 }), { m1: 3, m2: 6, m3: 3 });
});

test('aggregated takes as few clusters as have room', () => {
  assert.deepEqual(dynamically(AGGREGATED, 12, { m1: 6, m2: 12, m3: 6 }), { m2: 12 });
  assert.deepEqual(dynamically(AGGREGATED, 12, { m1: 6, m2: 6, m3: 6 }), { m1: 6, m2: 6 });
});

test('scaling down takes away by what clusters have', () => {
  assert.deepEqual(dynamically(DYNAMIC, 6, { m1: 1, m2: 1, m3: 1 }, { m1: 2, m2: 4, m3: 6 }), { m1: 1, m2: 2, m3: 3 });
  assert.deepEqual(dynamically(AGGREGATED, 6, { m1: 100, m2: 100 }, { m1: 4, m2: 8 }), { m2: 6 });
  assert.deepEqual(dynamically(AGGREGATED, 8, { m1: 100, m2: 100 }, { m1: 4, m2: 8 }), { m2: 8 });
  assert.deepEqual(dynamically(AGGREGATED, 4, { m1: 1, m2: 100 }, { m1: 4, m2: 4 }), { m1: 4 });
});

test('scaling up divides what is missing by what is free', () => {
  assert.deepEqual(dynamically(DYNAMIC, 24, { m1: 10, m2: 10, m3: 10 }, { m1: 2, m2: 4, m3: 6 }), { m1: 6, m2: 8, m3: 10 });
  assert.deepEqual(dynamically(AGGREGATED, 24, { m1: 4, m2: 6, m3: 8 }, { m1: 4, m2: 8 }), { m1: 7, m2: 12, m3: 5 });
  assert.deepEqual(dynamically(AGGREGATED, 24, { m1: 6, m2: 6, m3: 20 }, { m1: 4, m2: 8 }), { m1: 10, m2: 14 });
});

test('as many as wanted are left where they are, whatever is free', () => {
  assert.deepEqual(dynamically(DYNAMIC, 6, { m1: 100, m2: 0 }, { m1: 1, m2: 5 }), { m1: 1, m2: 5 });
});

test('where there is too little room nothing is placed, and the message says how much there is', () => {
  assert.equal(
    dynamically(DYNAMIC, 24, { m1: 1, m2: 1, m3: 1 }, { m1: 2, m2: 4, m3: 6 }),
    'Unschedulable: failed to assign replicas: failed to scale up: Clusters available replicas 3 are not enough to schedule.',
  );
  assert.equal(
    dynamically(DYNAMIC, 12, { m1: 3, m2: 3, m3: 3 }, {}, { fresh: true }),
    'Unschedulable: failed to assign replicas: failed to do fresh scale: Clusters available replicas 9 are not enough to schedule.',
  );
});

test('afresh, all is divided by free and present replicas', () => {
  assert.deepEqual(dynamically(DYNAMIC, 12, { m1: 6, m2: 8, m3: 10 }, {}, { fresh: true }), { m1: 3, m2: 4, m3: 5 });
  assert.deepEqual(dynamically(DYNAMIC, 12, { m1: 8, m2: 8, m3: 10 }, {}, { fresh: true }), { m1: 4, m2: 4, m3: 4 });
  assert.deepEqual(dynamically(AGGREGATED, 12, { m1: 6, m2: 8, m3: 10 }, {}, { fresh: true }), { m2: 5, m3: 7 });
  assert.deepEqual(dynamically(AGGREGATED, 12, { m1: 12, m2: 8, m3: 10 }, {}, { fresh: true }), { m1: 12 });
  assert.deepEqual(dynamically(DYNAMIC, 12, { m1: 0, m2: 12 }, { m1: 12 }, { fresh: true }), { m1: 6, m2: 6 });
});

test('what ran in a cluster that is gone is divided anew, and the rest stays', () => {
  assert.deepEqual(dynamically(DYNAMIC, 12, { m1: 3, m2: 3 }, { m1: 6, m3: 6 }), { m1: 9, m2: 3 });
  assert.deepEqual(dynamically(AGGREGATED, 24, { m1: 4, m3: 8, m4: 12 }, { m1: 4, m2: 8 }), { m1: 7, m3: 7, m4: 10 });
});

test('duplicated, every cluster gets all', () => {
  assert.deepEqual(placed({ replicas: 3, clusters: ['m2', 'm1'] }), { m1: 3, m2: 3 });
  assert.deepEqual(placed({ replicas: 3, clusters: ['m1', 'm2'], placement: { replicaScheduling: { replicaSchedulingType: 'Duplicated' } } }), {
    m1: 3,
    m2: 3,
  });
});

test('minimum and maximum of a cluster hold, and the rest goes by weight', () => {
  const bounded = (replicas: number, ap: Partial<{ minReplicas: number; maxReplicas: number }>) => {
    const rules = [...weights({ us: 2, eu: 2 }), { targetCluster: { clusterNames: ['ap'] }, weight: 1, ...ap }];
    return placed({ replicas, clusters: ['us', 'ap', 'eu'], placement: staticPlacement(rules) });
  };
  assert.deepEqual(bounded(10, {}), { us: 4, ap: 2, eu: 4 });
  assert.deepEqual(bounded(10, { minReplicas: 4 }), { us: 3, ap: 4, eu: 3 });
  assert.deepEqual(bounded(3, { minReplicas: 4 }), { ap: 3 });
  assert.deepEqual(bounded(10, { maxReplicas: 1 }), { us: 4, ap: 1, eu: 5 });
  assert.deepEqual(bounded(10, { maxReplicas: 0 }), { us: 5, eu: 5 });
});

test('minimums that are too many are kept in order of weight', () => {
  const rules = Object.entries({ us: 1, ap: 3, eu: 2 }).map(([name, weight]) => ({ targetCluster: { clusterNames: [name] }, weight, minReplicas: 2 }));
  const of = (replicas: number) => placed({ replicas, clusters: ['us', 'ap', 'eu'], placement: staticPlacement(rules) });
  assert.deepEqual(of(1), { ap: 1 });
  assert.deepEqual(of(3), { ap: 2, eu: 1 });
  assert.deepEqual(of(5), { ap: 2, eu: 2, us: 1 });
  assert.deepEqual(of(6), { ap: 2, eu: 2, us: 2 });
});

test('maximums that are too few make it unschedulable, and the message names them', () => {
  const rules = Object.entries({ us: 3, eu: 4 }).map(([name, maxReplicas]) => ({ targetCluster: { clusterNames: [name] }, weight: 1, maxReplicas }));
  assert.equal(
    placed({ replicas: 10, clusters: ['us', 'eu', 'ap'], placement: staticPlacement(rules) }),
    'Unschedulable: failed to assign replicas: maxReplicas of staticWeightList allow 7 of 10 replicas (eu 4, us 3).',
  );
});

test('bounds of all rules that match hold together, and the maximum where they contradict', () => {
  const rules = [
    { targetCluster: {}, weight: 1, maxReplicas: 3 },
    { targetCluster: { clusterNames: ['us'] }, weight: 5, minReplicas: 9 },
    { targetCluster: { clusterNames: ['eu'] }, weight: 1, minReplicas: 2 },
  ];
  const of = (replicas: number) => placed({ replicas, clusters: ['us', 'eu'], placement: staticPlacement(rules) });
  assert.deepEqual(of(4), { us: 3, eu: 1 });
  assert.deepEqual(of(5), { us: 3, eu: 2 });
});

test('a workload of no replicas keeps its place', () => {
  const clusters = ['us', 'ap', 'eu'];
  for (const placement of [staticPlacement(weights({ us: 1, ap: 1, eu: 1 })), DYNAMIC, AGGREGATED]) {
    assert.deepEqual(placed({ placement, replicas: 0, clusters, last: { us: 2, eu: 1 } }), { us: 0, eu: 0 });
    assert.deepEqual(placed({ placement, replicas: 0, clusters, last: { us: 0, gone: 0 } }), { us: 0 });
    assert.deepEqual(placed({ placement, replicas: 0, clusters, last: { gone: 1 } }), { us: 0, ap: 0, eu: 0 });
    assert.deepEqual(placed({ placement, replicas: 0, clusters }), { us: 0, ap: 0, eu: 0 });
    assert.deepEqual(placed({ placement, replicas: 0, clusters, binding: { replicaRequirements: { resourceRequest: { cpu: '1' } } } }), {
      us: 0,
      ap: 0,
      eu: 0,
    });
  }
  assert.deepEqual(placed({ replicas: 0, clusters, last: { us: 1 } }), { us: 0, ap: 0, eu: 0 });
});

test('what is started again after it was scaled to nothing begins where it was, before larger clusters', () => {
  assert.deepEqual(dynamically(AGGREGATED, 3, { m1: 100, m2: 5, m3: 4 }, { m2: 0, m3: 0 }), { m2: 3 });
  assert.deepEqual(dynamically(AGGREGATED, 3, { m1: 100, m2: 5, m3: 4 }), { m1: 3 });
  assert.deepEqual(dynamically(AGGREGATED, 3, { m1: 100, m2: 5, m3: 4 }, { m2: 0 }, { fresh: true }), { m1: 3 });
});

test('a workload of no replicas goes only where the policy has a weight for it', () => {
  assert.deepEqual(placed({ placement: staticPlacement(weights({ us: 1, ap: 1 })), replicas: 0, clusters: ['us', 'ap', 'eu'] }), { us: 0, ap: 0 });
});

test('what has no replicas goes everywhere, without a number', () => {
  assert.deepEqual(placed({ placement: DYNAMIC, clusters: ['us', 'eu'] }), { us: 0, eu: 0 });
});
