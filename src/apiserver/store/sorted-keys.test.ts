import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SortedKeys } from './sorted-keys.ts';

function keysOf(keys: SortedKeys, from = ''): string[] {
  const found: string[] = [];
  const place = keys.find(from);
  for (let key = keys.at(place); key !== undefined; key = keys.at(place)) {
    found.push(key);
    keys.advance(place);
  }
  return found;
}

test('keys are in order whatever comes and goes, over many blocks', () => {
  const key = fc.nat(6_000).map((n) => `k${n}`);
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 3_000 }), fc.array(key, { maxLength: 3_000 }), key, (first, then, from) => {
      const keys = new SortedKeys();
      keys.load(first);
      const model = new Set(first);
      for (const each of then) {
        if (model.delete(each)) keys.remove(each);
        else {
          model.add(each);
          keys.insert(each);
        }
      }
      const expected = [...model].toSorted();
      assert.deepEqual(keysOf(keys), expected);
      assert.deepEqual(
        keysOf(keys, from),
        expected.filter((each) => each >= from),
      );
      assert.equal(keys.rank(from), expected.filter((each) => each < from).length);
      assert.equal(keys.size, expected.length);
    }),
    { numRuns: 60 },
  );
});

test('ten thousand ascending and descending keys make no block too long', () => {
  for (const order of [1, -1]) {
    const keys = new SortedKeys();
    const all = Array.from({ length: 10_000 }, (_, i) => String(100_000 + i));
    for (const each of order === 1 ? all : all.toReversed()) keys.insert(each);
    assert.deepEqual(keysOf(keys), all);
    for (const each of all) keys.remove(each);
    assert.deepEqual(keysOf(keys), []);
  }
});
