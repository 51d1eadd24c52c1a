/** What holds of every division, whatever the numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ClusterWeight, Placement } from '../kinds/policy.ts';
import { AGGREGATED, type Case, type Counts, countsOf, DYNAMIC, EVEN_UID, ODD_UID, placed, staticPlacement, sum, weights } from './testing/worlds.ts';

const RUNS = { numRuns: 400 };

const uid = fc.constantFrom(ODD_UID, EVEN_UID, '');
const replicas = fc.integer({ min: 1, max: 60 });
const byCluster = (least: number, most: number) =>
  fc.array(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 6 }).map((list): Counts => Object.fromEntries(list.map((n, i) => [`m${i}`, n])));
const someWeights = byCluster(1, 9);

function divided(replicas: number, byCluster: Counts, more: Partial<Case> = {}): Counts {
  return countsOf({ replicas, clusters: Object.keys(byCluster), placement: staticPlacement(weights(byCluster)), ...more });
}

test('static: all replicas are placed, none twice, and the same each time in whatever order clusters are listed', () => {
  fc.assert(
    fc.property(someWeights, replicas, uid, (byCluster, n, uid) => {
      const counts = divided(n, byCluster, { uid });
      assert.equal(sum(counts), n);
      assert.deepEqual(divided(n, byCluster, { uid, clusters: Object.keys(byCluster).toReversed() }), counts);
    }),
    RUNS,
  );
});

test('static: one replica more gives one cluster one more and takes from none, so that no step moves more than it must', () => {
  fc.assert(
    fc.property(someWeights, replicas, uid, (byCluster, n, uid) => {
      const [before, after] = [divided(n, byCluster, { uid }), divided(n + 1, byCluster, { uid })];
      const changes = Object.keys(byCluster).map((name) => (after[name] ?? 0) - (before[name] ?? 0));
      assert.deepEqual(
        changes.filter((change) => change !== 0),
        [1],
      );
    }),
    RUNS,
  );
});

test('static: of equal weights nobody is one whole replica off its exact share', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), replicas, uid, (clusters, n, uid) => {
      const equal = Object.fromEntries(Array.from({ length: clusters }, (_, i) => [`m${i}`, 3]));
      const counts = divided(n, equal, { uid });
      for (const name of Object.keys(equal)) assert.ok(Math.abs((counts[name] ?? 0) - n / clusters) < 1);
    }),
    RUNS,
  );
});

test('static: when a cluster leaves, the others get more or the same', () => {
  fc.assert(
    fc.property(
      someWeights.filter((w) => Object.keys(w).length > 1),
      replicas,
      uid,
      (byCluster, n, uid) => {
        const all = divided(n, byCluster, { uid });
        const { m0, ...others } = byCluster;
        assert.ok(m0);
        const rest = divided(n, others, { uid });
        for (const name of Object.keys(others)) assert.ok((rest[name] ?? 0) >= (all[name] ?? 0), name);
      },
    ),
    RUNS,
  );
});

test('static: names decide between equals only', () => {
  fc.assert(
    fc.property(someWeights, replicas, uid, fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 6, maxLength: 6 }), (byCluster, n, uid, salt) => {
      const renamed = Object.fromEntries(Object.values(byCluster).map((weight, i) => [`${salt[i]}-${i}`, weight]));
      const pairs = (weights: Counts, counts: Counts) => Object.keys(weights).map((name) => `${weights[name]}:${counts[name] ?? 0}`);
      assert.deepEqual(pairs(byCluster, divided(n, byCluster, { uid })).sort(), pairs(renamed, divided(n, renamed, { uid })).sort());
    }),
    RUNS,
  );
});

const someBounds = fc.array(
  fc.record({ weight: fc.integer({ min: 1, max: 9 }), min: fc.integer({ min: 0, max: 6 }), room: fc.option(fc.integer({ min: 0, max: 12 })) }),
  {
    minLength: 1,
    maxLength: 6,
  },
);

function bounded(list: readonly { weight: number; min: number; room: number | null }[]): ClusterWeight[] {
  return list.map(({ weight, min, room }, i) => ({
    targetCluster: { clusterNames: [`m${i}`] },
    weight,
    minReplicas: min,
    ...(room !== null && { maxReplicas: min + room }),
  }));
}

test('bounds: they are kept, or it is told why they cannot be, and one replica more takes from none', () => {
  fc.assert(
    fc.property(someBounds, replicas, uid, (list, n, uid) => {
      const rules = bounded(list);
      const clusters = list.map((_, i) => `m${i}`);
      const of = (replicas: number) => placed({ replicas, clusters, placement: staticPlacement(rules), uid });
      const counts = of(n);
      const least = rules.reduce((total, { minReplicas = 0 }) => total + minReplicas, 0);
      const most = rules.reduce((total, { maxReplicas = Infinity }) => total + maxReplicas, 0);
      if (most < n) return assert.match(String(counts), new RegExp(`^Unschedulable: .*allow ${most} of ${n} replicas`));
      assert.ok(typeof counts === 'object');
      assert.equal(sum(counts), n);
      const next = of(n + 1);
      for (const [i, { minReplicas = 0, maxReplicas = Infinity }] of rules.entries()) {
        const has: number = counts[`m${i}`] ?? 0;
        assert.ok(has <= maxReplicas);
        assert.ok(has >= minReplicas || (n < least && n === sum(counts)));
        if (typeof next === 'object') assert.ok((next[`m${i}`] ?? 0) >= has);
      }
    }),
    RUNS,
  );
});

const dynamic = fc.constantFrom<Placement>(DYNAMIC, AGGREGATED);

test('dynamic: nobody gets more than is free, nobody loses by a scale-up, and too little room is told', () => {
  fc.assert(
    fc.property(dynamic, byCluster(0, 20), byCluster(0, 8), replicas, uid, (placement, free, last, n, uid) => {
      const clusters = Object.keys(free);
      const kept = clusters.reduce((total, name) => total + (last[name] ?? 0), 0);
      if (kept > n) return;
      const counts = placed({ placement, replicas: n, clusters, free, last, uid });
      if (n - kept > sum(free)) return assert.match(String(counts), /^Unschedulable: .*scale up: Clusters available replicas \d+ are not enough/);
      assert.ok(typeof counts === 'object');
      assert.equal(sum(counts), n);
      for (const name of clusters) {
        const added: number = (counts[name] ?? 0) - (last[name] ?? 0);
        assert.ok(added >= 0 && added <= (free[name] ?? 0), `${name} ${added}`);
      }
    }),
    RUNS,
  );
});

test('dynamic: a scale-down adds nowhere', () => {
  fc.assert(
    fc.property(dynamic, byCluster(0, 20), replicas, uid, (placement, last, n, uid) => {
      if (sum(last) < n) return;
      const counts = countsOf({ placement, replicas: n, clusters: Object.keys(last), free: {}, last, uid });
      assert.equal(sum(counts), n);
      for (const [name, count] of Object.entries(counts)) assert.ok(count <= (last[name] ?? 0));
    }),
    RUNS,
  );
});

test('dynamic: afresh nobody gets more than it has room for', () => {
  fc.assert(
    fc.property(dynamic, byCluster(0, 20), byCluster(0, 8), replicas, uid, (placement, free, last, n, uid) => {
      const clusters = Object.keys(free);
      const room = (name: string) => (free[name] ?? 0) + (last[name] ?? 0);
      const counts = placed({ placement, replicas: n, clusters, free, last, uid, fresh: true });
      if (clusters.reduce((total, name) => total + room(name), 0) < n) return assert.match(String(counts), /^Unschedulable: .*do fresh scale/);
      assert.ok(typeof counts === 'object');
      assert.equal(sum(counts), n);
      for (const [name, count] of Object.entries(counts)) assert.ok(count <= room(name));
    }),
    RUNS,
  );
});

test('aggregated: no cluster in use could be spared', () => {
  fc.assert(
    fc.property(byCluster(0, 20), replicas, uid, (free, n, uid) => {
      if (sum(free) < n) return;
      const used = Object.keys(countsOf({ placement: AGGREGATED, replicas: n, clusters: Object.keys(free), free, uid }));
      const largest = Object.values(free).sort((a, b) => b - a);
      let fewest = 0;
      for (let room = 0; room < n; fewest++) room += largest[fewest] ?? 0;
      assert.ok(used.length <= fewest);
    }),
    RUNS,
  );
});

test('overflow: a tier is used only when those before it are full', () => {
  const overflowing: Placement = {
    ...DYNAMIC,
    clusterAffinities: [
      {
        affinityName: 'home',
        clusterNames: ['m0', 'm1'],
        overflowAffinities: [
          { affinityName: 'near', clusterNames: ['m2'] },
          { affinityName: 'far', clusterNames: ['m3', 'm4', 'm5'] },
        ],
      },
    ],
  };
  const tiers = [['m0', 'm1'], ['m2'], ['m3', 'm4', 'm5']];
  fc.assert(
    fc.property(byCluster(0, 12), byCluster(0, 5), replicas, uid, (free, last, n, uid) => {
      const counts = placed({ placement: overflowing, replicas: n, clusters: Object.keys(free), free, last, uid });
      if (typeof counts === 'string') return assert.match(counts, /not enough to schedule|did not match/);
      assert.equal(sum(counts), n);
      const room = (name: string) => (name in free ? (free[name] ?? 0) + (last[name] ?? 0) : 0);
      for (const [i, tier] of tiers.entries()) {
        const isFull = tier.every((name) => (counts[name] ?? 0) === room(name));
        if (!isFull)
          assert.deepEqual(
            tiers.slice(i + 1).flatMap((later) => later.filter((name) => (counts[name] ?? 0) > 0)),
            [],
          );
      }
    }),
    RUNS,
  );
});

test('no replicas: a workload is never dropped, and keeps what it had of the clusters that are left', () => {
  fc.assert(
    fc.property(fc.constantFrom(DYNAMIC, AGGREGATED, staticPlacement()), byCluster(0, 9), byCluster(0, 9), (placement, now, last) => {
      const clusters = Object.keys(now);
      const stay = clusters.filter((name) => name in last);
      const expected = stay.length > 0 ? stay : clusters;
      assert.deepEqual(Object.keys(countsOf({ placement, replicas: 0, clusters, last })), expected);
    }),
    RUNS,
  );
});
