import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangeError, parseChange, withChanges } from './counterfactual.ts';
import { place } from './place.ts';
import { type Case, type Counts, DYNAMIC, requestOf, shown, staticPlacement, weights } from './testing/worlds.ts';

const CLUSTERS = ['us', 'ap', 'eu'];
const WEIGHTED: Case = { placement: staticPlacement(weights({ us: 2, ap: 1, eu: 2 })), replicas: 10, clusters: CLUSTERS };

function with_(world: Case, ...changes: string[]): Counts | string {
  return shown(place(withChanges(requestOf(world), changes.map(parseChange))));
}

test('a change is placed without touching the request', () => {
  const request = requestOf(WEIGHTED);
  const before = structuredClone(request);
  assert.deepEqual(shown(place(withChanges(request, [parseChange('weight us=6'), parseChange('without ap'), parseChange('replicas=8')]))), { eu: 2, us: 6 });
  assert.deepEqual(request, before);
});

test('another weight counts instead of all rules that match the cluster', () => {
  assert.deepEqual(with_(WEIGHTED, 'weight us=1'), { ap: 3, eu: 5, us: 2 });
  assert.deepEqual(with_({ ...WEIGHTED, placement: staticPlacement([{ targetCluster: {}, weight: 4 }]) }, 'weight us=1'), { ap: 5, eu: 4, us: 1 });
  assert.deepEqual(with_({ ...WEIGHTED, placement: staticPlacement() }, ' weight us = 3 '), { ap: 2, eu: 2, us: 6 });
  assert.deepEqual(with_({ ...WEIGHTED, placement: staticPlacement(weights({ us: 1 })) }, 'weight ap=1'), { ap: 5, us: 5 });
});

test('bounds may be set, and keep the weight', () => {
  assert.deepEqual(with_(WEIGHTED, 'min ap=5'), { ap: 5, eu: 3, us: 2 });
  assert.deepEqual(with_(WEIGHTED, 'max us=1'), { ap: 3, eu: 6, us: 1 });
  assert.deepEqual(with_(WEIGHTED, 'max us=1', 'weight us=9'), { ap: 3, eu: 6, us: 1 });
  assert.deepEqual(with_(WEIGHTED, 'min us=1'), { ap: 2, eu: 4, us: 4 });
  assert.deepEqual(with_(WEIGHTED, 'min ap=4', 'max ap=6'), { ap: 4, eu: 3, us: 3 });
});

test('a cluster may be left out, have room, and the workload be placed afresh', () => {
  const world: Case = { placement: DYNAMIC, replicas: 6, clusters: CLUSTERS, free: { ap: 3, eu: 3, us: 3 }, last: { ap: 2, eu: 2, us: 2 } };
  assert.deepEqual(with_(world, 'without eu'), { ap: 3, us: 3 });
  assert.deepEqual(with_(world, 'without eu', 'free us=0'), { ap: 4, us: 2 });
  assert.deepEqual(with_(world, 'free us=13', 'fresh'), { ap: 1, eu: 1, us: 4 });
});

test('the largest count, and bounds that are the same, are taken', () => {
  assert.deepEqual(parseChange('replicas=2147483647'), { change: 'replicas', value: 2147483647 });
  assert.deepEqual(with_(WEIGHTED, 'min us=7', 'max us=7'), { ap: 1, eu: 2, us: 7 });
});

test('changes that make no sense say why', () => {
  const rows: [world: Case, change: string, message: RegExp][] = [
    [WEIGHTED, 'weight us', /^"weight us" is no change that is known: 'weight CLUSTER=N'/],
    [WEIGHTED, '', /^"" is no change/],
    [WEIGHTED, 'weight us=-1', /^"weight us=-1": -1 is not a whole number from 0/],
    [WEIGHTED, 'replicas=2147483648', /2147483648 is not a whole number from 0 to 2147483647/],
    [WEIGHTED, 'weight us=0', /^weight us=0: weights begin at 1; 'without us'/],
    [WEIGHTED, 'weight mars=1', /^weight mars=1: there is no cluster mars; there are ap, eu, us$/],
    [WEIGHTED, 'without mars', /^without mars: there is no cluster mars/],
    [WEIGHTED, 'free mars=1', /^free mars: there is no cluster mars/],
    [{ ...WEIGHTED, placement: DYNAMIC }, 'weight us=1', /^weight us=1: the placement is DynamicWeight, where weights/],
    [{ ...WEIGHTED, placement: {} }, 'min us=1', /^min us=1: the placement is Duplicated/],
    [{ ...WEIGHTED, placement: staticPlacement(weights({ us: 1 })) }, 'max ap=1', /^max ap=1: the policy has no weight for ap$/],
    [{ clusters: CLUSTERS }, 'replicas=3', /^replicas=3: Deployment has no replicas$/],
  ];
  for (const [world, change, message] of rows) {
    assert.throws(
      () => with_(world, change),
      (error) => error instanceof ChangeError && message.test(error.message),
      change,
    );
  }
  assert.throws(() => with_(WEIGHTED, 'max us=3', 'min us=4'), /^Error: min us=4: then its minimum, 4, would be above its maximum, 3$/);
});
