import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { TargetCluster } from '../kinds/binding.ts';
import { movesBetween, towards } from './moves.ts';
import { countsOf, EVEN_UID, ODD_UID, staticPlacement, weights } from './testing/worlds.ts';

function targets(counts: Record<string, number>): TargetCluster[] {
  return Object.entries(counts).map(([name, replicas]) => ({ name, replicas }));
}

test('a replica that leaves one cluster for another is one move, a new one is none', () => {
  assert.equal(movesBetween(targets({ us: 4, eu: 3, ap: 3 }), targets({ us: 4, eu: 4, ap: 2 })), 1);
  assert.equal(movesBetween(targets({ us: 5 }), targets({ us: 5, eu: 5 })), 0);
  assert.equal(movesBetween(targets({ us: 5 }), targets({ us: 2 })), 0);
  assert.equal(movesBetween(targets({ us: 5 }), targets({ eu: 7 })), 5);
});

test('a cluster that joined gets its share in steps of so many moves', () => {
  const wanted = targets({ ap: 3, eu: 3, us: 3 });
  const first = towards(targets({ eu: 5, us: 4 }), wanted, 2);
  assert.deepEqual(first, targets({ ap: 2, eu: 4, us: 3 }));
  assert.deepEqual(towards(first, wanted, 2), wanted);
  assert.deepEqual(towards(targets({ eu: 5, us: 4 }), wanted, 0), targets({ eu: 5, us: 4 }));
  assert.deepEqual(towards(targets({ eu: 5 }), targets({ us: 5 }), 99), targets({ us: 5 }));
  assert.deepEqual(towards(targets({ eu: 5 }), targets({ us: 0, eu: 0 }), 1), targets({ eu: 0, us: 0 }), 'scaled to nothing, its place is kept');
});

test('replicas that are wanted more or less than before are started or stopped, whatever the bound', () => {
  assert.deepEqual(towards(targets({ eu: 4 }), targets({ eu: 2, us: 4 }), 0), targets({ eu: 4, us: 2 }));
  assert.deepEqual(towards(targets({ eu: 4, us: 4 }), targets({ ap: 2, eu: 1, us: 1 }), 1), targets({ ap: 1, eu: 1, us: 2 }));
});

test('a change of weights moves as few as can be: one pod where us or eu had four, two where ap had', () => {
  const clusters = ['us', 'ap', 'eu'];
  for (const [uid, moves] of [
    [ODD_UID, 1],
    [EVEN_UID, 2],
  ] as const) {
    const equal = countsOf({ uid, replicas: 10, clusters, placement: staticPlacement(weights({ us: 1, ap: 1, eu: 1 })) });
    const more = countsOf({ uid, replicas: 10, clusters, last: equal, placement: staticPlacement(weights({ us: 2, ap: 1, eu: 2 })) });
    assert.deepEqual(more, { ap: 2, eu: 4, us: 4 });
    assert.equal(movesBetween(targets(equal), targets(more)), moves);
  }
});

const counts = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.integer({ min: 1, max: 30 })).map(targets);

test('each step keeps to its bound, overshoots nowhere, has as many replicas as wanted, and in the end all are there', () => {
  fc.assert(
    fc.property(counts, counts, fc.integer({ min: 1, max: 10 }), (from, to, bound) => {
      const byName = (list: readonly TargetCluster[]) => new Map(list.map(({ name, replicas = 0 }) => [name, replicas]));
      const wanted = byName(to);
      const sum = (list: readonly TargetCluster[]) => list.reduce((total, { replicas = 0 }) => total + replicas, 0);
      let at = from;
      for (let moves = movesBetween(from, to); moves > 0; moves = movesBetween(at, to)) {
        const next = towards(at, to, bound);
        assert.ok(movesBetween(at, next) <= bound);
        assert.equal(sum(next), sum(to));
        assert.equal(movesBetween(next, to), Math.max(0, moves - bound));
        const [before, after] = [byName(at), byName(next)];
        for (const name of 'abcde') {
          const ends = [before.get(name) ?? 0, wanted.get(name) ?? 0];
          assert.ok((after.get(name) ?? 0) >= Math.min(...ends) && (after.get(name) ?? 0) <= Math.max(...ends));
        }
        at = next;
      }
      assert.deepEqual(
        towards(at, to, bound),
        to.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      );
    }),
    { numRuns: 300 },
  );
});
