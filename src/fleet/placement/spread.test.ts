import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Placement, SpreadConstraint } from '../kinds/policy.ts';
import type { Candidate } from './score.ts';
import { selectClusters } from './spread.ts';
import { AGGREGATED, candidate, cluster, DYNAMIC, placed, staticPlacement, weights } from './testing/worlds.ts';

/** Of upstream's tests: score and capacity, best first. */
const FOUR = [candidate('c1', 60, 50), candidate('c2', 40, 60), candidate('c3', 30, 80), candidate('c4', 20, 40)];

function selected(candidates: readonly Candidate[], placement: Placement, constraints: SpreadConstraint[], replicas: number): string {
  const selection = selectClusters(candidates, { ...placement, spreadConstraints: constraints }, replicas);
  return 'reason' in selection ? `${selection.reason}: ${selection.message}` : selection.selected.map(({ name }) => name).join(' ');
}

test('clusters are selected by score, and by room where it counts', () => {
  const two: SpreadConstraint[] = [{ spreadByField: 'cluster', minGroups: 1, maxGroups: 2 }];
  assert.equal(selected(FOUR, DYNAMIC, two, 100), 'c1 c2');
  assert.equal(selected(FOUR, {}, two, 120), 'c1 c2');
  assert.equal(selected(FOUR, staticPlacement(weights({ c1: 2 })), two, 120), 'c1 c2 c3 c4');
  assert.equal(selected(FOUR, staticPlacement(), two, 120), 'c1 c2 c3 c4');
  assert.equal(selected(FOUR, staticPlacement([]), two, 100), 'c1 c2');
  assert.equal(selected(FOUR, DYNAMIC, two, 120), 'c1 c3');
  assert.equal(selected(FOUR, DYNAMIC, two, 200), 'SchedulerError: failed to select clusters: no enough resource when selecting 2 clusters');
  assert.equal(
    selected(FOUR, {}, [{ spreadByField: 'cluster', minGroups: 7, maxGroups: 7 }], 30),
    'SchedulerError: failed to select clusters: the number of feasible clusters is less than spreadConstraint.MinGroups',
  );
});

test('a constraint without field or bounds is one of clusters, of at least one and as many as there are', () => {
  assert.equal(selected(FOUR, {}, [{}], 10), 'c1 c2 c3 c4');
  assert.equal(selected(FOUR, {}, [{ maxGroups: 3 }], 10), 'c1 c2 c3');
});

test('to have room, the worst give way first, to the largest, and of equals to the better', () => {
  const constraint = (maxGroups: number): SpreadConstraint[] => [{ spreadByField: 'cluster', maxGroups }];
  assert.equal(selected(FOUR, DYNAMIC, constraint(1), 70), 'c3');
  const equals = [candidate('c1', 60, 50), candidate('c2', 40, 60), candidate('c3', 30, 60), candidate('c4', 20, 60)];
  assert.equal(selected(equals, DYNAMIC, constraint(2), 120), 'c3 c2');
});

/** R1 has two clusters, R2 three. */
const REGIONS = [
  candidate('m1', 100, 40, { region: 'R1' }),
  candidate('m2', 80, 40, { region: 'R1' }),
  candidate('m3', 80, 40, { region: 'R2' }),
  candidate('m4', 80, 40, { region: 'R2' }),
  candidate('m5', 60, 40, { region: 'R2' }),
];

function byRegion(regions: [min: number, max: number], clusters: [min: number, max: number]): SpreadConstraint[] {
  return [
    { spreadByField: 'region', minGroups: regions[0], maxGroups: regions[1] },
    { spreadByField: 'cluster', minGroups: clusters[0], maxGroups: clusters[1] },
  ];
}

test('regions are selected that have enough clusters, then the best clusters in them', () => {
  assert.equal(selected(REGIONS, AGGREGATED, byRegion([1, 1], [2, 2]), 80), 'm1 m2');
  assert.equal(selected(REGIONS, AGGREGATED, byRegion([1, 1], [3, 3]), 80), 'm3 m4 m5');
  assert.equal(selected(REGIONS, AGGREGATED, byRegion([2, 2], [4, 5]), 10), 'm1 m3 m2 m4 m5');
  assert.equal(selected(REGIONS, AGGREGATED, byRegion([2, 2], [2, 3]), 10), 'm1 m3 m2');
});

test('duplicated, the region is taken with the most clusters that can take all replicas', () => {
  const regions = [candidate('a1', 100, 60, { region: 'A' }), candidate('a2', 100, 40, { region: 'A' })];
  const others = [candidate('b1', 0, 60, { region: 'B' }), candidate('b2', 0, 60, { region: 'B' })];
  assert.equal(selected([...regions, ...others], {}, byRegion([1, 1], [1, 2]), 50), 'b1 b2');
  assert.equal(selected([...regions, ...others], {}, byRegion([1, 1], [1, 2]), 60), 'b1 b2');
  assert.equal(selected([...regions, ...others], {}, byRegion([1, 1], [1, 2]), 10), 'a1 a2');
});

test('divided, the region is taken that has room for its part, and of those the one in use', () => {
  const used = [candidate('a1', 100, 10, { region: 'A' }), candidate('a2', 100, 10, { region: 'A' })];
  const empty = [candidate('b1', 0, 40, { region: 'B' }), candidate('b2', 0, 10, { region: 'B' })];
  assert.equal(selected([...used, ...empty], DYNAMIC, byRegion([1, 1], [1, 2]), 50), 'b1 b2');
  assert.equal(selected([...used, ...empty], DYNAMIC, byRegion([1, 1], [1, 2]), 20), 'a1 a2');
});

test('too few regions, and regions of too few clusters, are told apart', () => {
  assert.equal(
    selected(REGIONS, {}, byRegion([3, 3], [3, 3]), 1),
    'SchedulerError: failed to select clusters: the number of feasible region is less than spreadConstraint.MinGroups',
  );
  assert.equal(
    selected(REGIONS, {}, byRegion([1, 1], [4, 4]), 1),
    'SchedulerError: failed to select clusters: the number of clusters is less than the cluster spreadConstraint.MinGroups',
  );
});

test('providers, zones and labels spread like regions', () => {
  const clusters = [
    cluster('m1', { provider: 'P1', zone: 'Z1' }, { rack: 'a' }),
    cluster('m2', { provider: 'P1', zones: ['Z1', 'Z2'] }, { rack: 'a' }),
    cluster('m3', { provider: 'P2', zones: ['Z2'] }, { rack: 'b' }),
    cluster('m4'),
  ];
  const of = (by: SpreadConstraint, most: number) =>
    placed({
      replicas: 1,
      clusters,
      placement: {
        spreadConstraints: [
          { ...by, minGroups: 2, maxGroups: 2 },
          { spreadByField: 'cluster', maxGroups: most },
        ],
      },
    });
  assert.deepEqual(of({ spreadByField: 'provider' }, 2), { m1: 1, m3: 1 });
  assert.deepEqual(of({ spreadByLabel: 'rack' }, 2), { m1: 1, m3: 1 });
  assert.deepEqual(of({ spreadByField: 'zone' }, 2), { m1: 1, m2: 1 });
  assert.deepEqual(of({ spreadByField: 'zone' }, 3), { m1: 1, m2: 1, m3: 1 });
});

test('a cluster of two zones does not stand for both', () => {
  const clusters = [cluster('m1', { zones: ['Z1', 'Z2'] }), cluster('m2', { zones: ['Z1', 'Z2'] })];
  const spreadConstraints: SpreadConstraint[] = [
    { spreadByField: 'zone', minGroups: 2, maxGroups: 2 },
    { spreadByField: 'cluster', maxGroups: 2 },
  ];
  assert.deepEqual(placed({ replicas: 1, clusters, placement: { spreadConstraints } }), { m1: 1, m2: 1 });
});

function regionScores(members: Candidate[], placement: Placement, constraints: SpreadConstraint[], replicas: number): Record<string, number> {
  const selection = selectClusters(members, { ...placement, spreadConstraints: constraints }, replicas);
  assert.ok('selected' in selection);
  return Object.fromEntries(selection.trace?.groups?.map(({ name, score }) => [name, score]) ?? []);
}

test("a region's score counts its part of the replicas, and the clusters that it takes for it", () => {
  const members = [candidate('a1', 100, 30, { region: 'A' }), candidate('a2', 0, 20, { region: 'A' }), candidate('b1', 0, 9, { region: 'B' })];
  // As many clusters of a region count as regions or clusters are wanted at least, and as its part needs.
  assert.deepEqual(regionScores(members, DYNAMIC, byRegion([2, 2], [1, 3]), 60), { A: 30_050, B: 9_000 });
  assert.deepEqual(regionScores(members, DYNAMIC, byRegion([1, 2], [1, 3]), 30), { A: 30_100, B: 9_000 });
  assert.deepEqual(regionScores(members, DYNAMIC, byRegion([1, 2], [1, 3]), 31), { A: 31_050, B: 9_000 });
  assert.deepEqual(regionScores(members, DYNAMIC, byRegion([1, 2], [2, 3]), 30), { A: 30_050, B: 9_000 });
  assert.deepEqual(regionScores(members, {}, byRegion([1, 2], [1, 3]), 20), { A: 2_050, B: 0 });
});
