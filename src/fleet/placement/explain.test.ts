import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Placement } from '../kinds/policy.ts';
import { explain, explainDifference } from './explain.ts';
import { place } from './place.ts';
import { AGGREGATED, type Case, cluster, DYNAMIC, ODD_UID, requestOf, staticPlacement, weights } from './testing/worlds.ts';

function why(world: Case): string {
  return explain(place(requestOf(world)).trace).join('\n');
}

test('static weights are shown with shares, seats, and who won the tie', () => {
  const clusters = [cluster('ap'), cluster('eu'), cluster('us'), cluster('mars', { taints: [{ key: 'gpu', effect: 'NoSchedule' }] })];
  const placement = staticPlacement(weights({ us: 1, ap: 1, eu: 1 }));
  assert.equal(
    why({ placement, replicas: 10, clusters, uid: ODD_UID, last: { ap: 1, eu: 1, us: 1 }, free: { ap: 40, eu: 12, us: 40 } }),
    `Divided by the weights of the policy; what clusters have room for does not count.

CLUSTER   FITS   HAS   FREE   WHY NOT
ap        yes    1     40
eu        yes    1     12
mars      no                  had untolerated taint {gpu:NoSchedule}
us        yes    1     40

10 replicas divided among the clusters:
CLUSTER   WEIGHT   SHARE   GETS
ap        1        3.33    3
eu        1        3.33    3
us        1        3.33    4
ap, eu and us were worth the same for the last; us got it (fewer seats first, then by the UID's hash, which is odd: in reverse order of names).

Result: ap 3, eu 3, us 4.`,
  );
});

test('bounds have columns where there are any', () => {
  const rules = [
    { targetCluster: { clusterNames: ['ap'] }, weight: 1, minReplicas: 4 },
    { targetCluster: { clusterNames: ['us'] }, weight: 2, maxReplicas: 5 },
  ];
  const text = why({ placement: staticPlacement([...rules, ...weights({ eu: 3 })]), replicas: 12, clusters: ['ap', 'us', 'eu'] });
  const expected = `
CLUSTER   WEIGHT   MIN   MAX   SHARE   GETS
ap        1        4           2.00    4
eu        3                    6.00    5
us        2              5     4.00    3
`;
  assert.ok(text.includes(expected), text);
});

test('a scale-up is shown with what stays and what is added', () => {
  assert.equal(
    why({ placement: AGGREGATED, replicas: 5, clusters: ['ap', 'eu', 'us'], free: { ap: 1, eu: 3, us: 1 }, last: { eu: 3 } }),
    `Divided among as few clusters as have room.

CLUSTER   FITS   HAS   FREE   WHY NOT
ap        yes    0     1
eu        yes    3     3
us        yes    0     1

2 replicas divided among the clusters:
CLUSTER   FREE   SHARE   GETS   KEEPS   REPLICAS
eu        3      2.00    2      3       5
1 of 3 clusters are enough.

Result: eu 5.`,
  );
});

test('clusters that keep nothing have their line too, and two equals are named', () => {
  assert.equal(
    why({ placement: DYNAMIC, replicas: 4, clusters: ['ap', 'eu'], free: { ap: 3, eu: 3 }, last: { eu: 1 } }).split('\n\n')[2],
    `3 replicas divided among the clusters:
CLUSTER   FREE   SHARE   GETS   KEEPS   REPLICAS
ap        3      1.50    2      0       2
eu        3      1.50    1      1       2
ap and eu were worth the same for the last; ap got it (fewer seats first, then by the UID's hash, which is even: in order of names).`,
  );
});

test('where nothing moves it is said so, and what is asked for afresh too', () => {
  const world: Case = { placement: DYNAMIC, replicas: 2, clusters: ['ap'], free: { ap: 9 }, last: { ap: 2 } };
  assert.match(why(world), /As many replicas as wanted are placed: nothing moves\.\n\nResult: ap 2\./);
  assert.match(why({ ...world, fresh: true }), /Placed afresh: where it ran before does not count\.[^]*CLUSTER {3}FREE\+HAS/);
});

test('regions are shown with their scores, and clusters that were left out', () => {
  const clusters = [cluster('e1', { region: 'eu' }), cluster('e2', { region: 'eu' }), cluster('u1', { region: 'us' })];
  const placement: Placement = {
    spreadConstraints: [
      { spreadByField: 'region', maxGroups: 1 },
      { spreadByField: 'cluster', maxGroups: 1 },
    ],
  };
  const text = why({ placement, replicas: 1, clusters, free: { e1: 5, e2: 9, u1: 9 } });
  assert.match(text, /e1 {8}yes {4}0 {5}5 {6}left out by spread constraints\ne2 {8}yes {4}0 {5}9\n/);
  assert.match(text, /Spread by region:\nREGION {3}SCORE {3}TAKEN {3}CLUSTERS\neu {7}2000 {4}yes {5}e2 e1\nus {7}1000 {4}no {6}u1\n/);
});

test('affinity terms and overflow are shown one after the other, with what failed', () => {
  const placement: Placement = {
    ...DYNAMIC,
    clusterAffinities: [
      { affinityName: 'first', clusterNames: ['ap'] },
      { affinityName: 'second', clusterNames: ['eu'], overflowAffinities: [{ affinityName: 'spare', clusterNames: ['us'] }] },
    ],
  };
  const text = why({ placement, replicas: 5, clusters: ['ap', 'eu', 'us'], free: { ap: 1, eu: 3, us: 9 } });
  assert.match(text, /Affinity term first:[^]*This failed: failed to assign replicas: failed to scale up: Clusters available replicas 1 are not enough/);
  assert.match(text, /Affinity term second:[^]*us {8}yes {4}0 {5}9 {6}overflow spare\n/);
  assert.match(text, /3 replicas divided among the clusters of affinity:[^]*2 replicas divided among the clusters of overflow spare:/);
  assert.match(text, /Result: eu 3, us 2\.$/);
});

test('what cannot be placed is told with the reason, as the condition has it', () => {
  const text = why({ placement: { clusterAffinity: { clusterNames: ['mars'] } }, replicas: 1, clusters: ['ap'] });
  assert.match(text, /\nap +no +did not match the placement cluster affinity constraint\n/);
  assert.match(text, /\nNothing was placed\. NoClusterFit: 0\/1 clusters are available: .*\.$/);
  assert.doesNotMatch(text, /left out|This failed/);
});

test('what has no replicas is shown without numbers', () => {
  assert.equal(why({ clusters: ['ap'] }), 'It has no replicas: it goes to every cluster that fits.\n\nCLUSTER   FITS   WHY NOT\nap        yes\n\nResult: ap.');
});

test('what is scaled to nothing is shown with its place', () => {
  const text = why({ placement: DYNAMIC, replicas: 0, clusters: ['ap', 'eu'], last: { eu: 2 } });
  assert.match(text, /^Divided by what[^]*\nIt is scaled to nothing, and keeps its place\.\n\nCLUSTER {3}FITS {3}WHY NOT\nap {8}yes\n[^]*Result: eu 0\.$/);
});

test('a difference is shown cluster by cluster', () => {
  const now = place(requestOf({ placement: staticPlacement(), replicas: 4, clusters: ['ap', 'eu', 'us'] }));
  const then = place(requestOf({ placement: staticPlacement(weights({ us: 1, eu: 1 })), replicas: 4, clusters: ['ap', 'eu', 'us'] }));
  assert.equal(
    explainDifference(now, then).join('\n'),
    `CLUSTER   NOW   THEN   CHANGE
ap        2     -      -2
eu        1     2      +1
us        1     2      +1
2 replicas would move.`,
  );
  const joined = place(requestOf({ placement: staticPlacement(), replicas: 2, clusters: ['aa', 'us'] }));
  assert.deepEqual(
    explainDifference(then, joined).map((line) => line.split(' ')[0]),
    ['CLUSTER', 'aa', 'eu', 'us', '1'],
  );
  const failed = place(requestOf({ replicas: 4, clusters: [] }));
  assert.deepEqual(explainDifference(now, failed), ['Then nothing could be placed: 0/0 clusters are available: no cluster exists.']);
  assert.equal(explainDifference(failed, now).at(1), 'ap        -     2      +2');
});
