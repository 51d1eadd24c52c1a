import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { selectGroups, type Group, type GroupBounds } from './groups.ts';

function group(name: string, size: number, score: number): Group {
  return { name, size, score };
}

function names(groups: readonly Group[], bounds: GroupBounds): string {
  return selectGroups(groups, bounds)
    .map(({ name }) => name)
    .join(' ');
}

test('the best groups are taken that have enough clusters', () => {
  const groups = [group('R1', 2, 100), group('R2', 3, 80)];
  assert.equal(names(groups, { min: 1, max: 1, clusters: 2 }), 'R1');
  assert.equal(names(groups, { min: 1, max: 1, clusters: 3 }), 'R2');
  assert.equal(names(groups, { min: 1, max: 2, clusters: 5 }), 'R1 R2');
  assert.equal(names(groups, { min: 1, max: 1, clusters: 5 }), '');
  assert.equal(names([], { min: 1, max: 1, clusters: 0 }), '');
});

test('of equals the name decides, whatever the order', () => {
  const groups = [group('R2', 2, 50), group('R1', 2, 50), group('R3', 2, 50)];
  assert.equal(names(groups, { min: 2, max: 2, clusters: 2 }), 'R1 R2');
  assert.equal(names(groups.toReversed(), { min: 2, max: 2, clusters: 2 }), 'R1 R2');
});

test('of combinations that are worth the same the first in order of size is taken', () => {
  const groups = [group('A', 1, 150), group('B', 2, 100), group('C', 2, 100), group('D', 3, 50)];
  assert.equal(names(groups, { min: 2, max: 2, clusters: 4 }), 'A D');
});

test('where the best of the chosen are enough, the rest is left out', () => {
  // Grown by size, 'small' is in it; 'big' alone is enough.
  assert.equal(names([group('small', 1, 10), group('big', 5, 100)], { min: 1, max: 2, clusters: 3 }), 'big');
});

/** Upstream's way: all combinations, grown in order of size until they are enough. */
function byTryingAll(groups: readonly Group[], { min, max, clusters }: GroupBounds): string {
  const sorted = [...groups].sort((a, b) => a.size - b.size || b.score - a.score || (a.name < b.name ? -1 : 1));
  const found: { groups: Group[]; score: number; size: number; id: number }[] = [];
  const grow = (path: Group[], begin: number) => {
    const size = path.reduce((sum, group) => sum + group.size, 0);
    if (size >= clusters && path.length >= min && path.length <= max) {
      const best = [...path].sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
      found.push({ groups: best, score: path.reduce((sum, group) => sum + group.score, 0), size, id: found.length });
      return;
    }
    if (path.length >= max) return;
    for (let i = begin; i < sorted.length; i++) grow([...path, sorted[i]!], i + 1);
  };
  if (groups.length > 0) grow([], 0);
  found.sort((a, b) => b.score - a.score || b.size - a.size || a.id - b.id);
  let winner = found[0];
  for (const path of found.slice(1)) {
    const isStart = path.groups.length < winner!.groups.length && path.groups.every((group, i) => group.name === winner!.groups[i]!.name);
    if (isStart) winner = path;
  }
  return winner?.groups.map(({ name }) => name).join(' ') ?? '';
}

test('the choice is the one that trying all combinations gives', () => {
  const someGroups = fc
    .array(fc.record({ size: fc.integer({ min: 1, max: 5 }), score: fc.constantFrom(0, 0, 100, 1000, 1050, 2100, 3000) }), { maxLength: 8 })
    .map((list) => list.map(({ size, score }, i) => group(`R${i}`, size, score)));
  const bounds = fc.record({ min: fc.integer({ min: 1, max: 4 }), more: fc.integer({ min: 0, max: 5 }), clusters: fc.integer({ min: 0, max: 15 }) });
  fc.assert(
    fc.property(someGroups, bounds, (groups, { min, more, clusters }) => {
      const limits = { min, max: min + more, clusters };
      assert.equal(names(groups, limits), byTryingAll(groups, limits));
    }),
    { numRuns: 2000 },
  );
});

test('fifty groups, of which there are more combinations than can be tried, are chosen at once', () => {
  const groups = Array.from({ length: 50 }, (_, i) => group(`R${String(i).padStart(2, '0')}`, 1 + (i % 4), (i * 37) % 1000));
  const chosen = selectGroups(groups, { min: 5, max: 20, clusters: 40 });
  assert.ok(chosen.length <= 20);
  assert.ok(chosen.reduce((sum, { size }) => sum + size, 0) >= 40);
});
