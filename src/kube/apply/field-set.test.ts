import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contains, decodeFieldSet, difference, EMPTY, intersection, isEmpty, LEAF, paths, union, type FieldSet } from './field-set.ts';

/** Any set: a tree of a few names, some nodes members although they have children. */
const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.constant({}),
    fc
      .tuple(fc.boolean(), fc.dictionary(fc.constantFrom('f:a', 'f:b', 'k:{"n":1}', 'v:"x"'), tie('node'), { minKeys: 1, maxKeys: 3 }))
      .map(([member, children]) => (member ? { '.': {}, ...children } : children)),
  ),
})).node;
const set = fc.dictionary(fc.constantFrom('f:a', 'f:b', 'f:c'), tree, { maxKeys: 3 }).map((value) => decodeFieldSet(value) ?? EMPTY);

const members = (value: FieldSet): Set<string> => new Set([...paths(value)].map((path) => path.join('/')));

test('union, intersection and difference do to the members what they are called', () => {
  fc.assert(
    fc.property(set, set, (a, b) => {
      const [left, right] = [members(a), members(b)];
      assert.deepEqual(members(union(a, b)), left.union(right));
      assert.deepEqual(members(intersection(a, b)), left.intersection(right));
      assert.deepEqual(members(difference(a, b)), left.difference(right));
      assert.equal(contains(a, b), right.isSubsetOf(left));
    }),
  );
});

test('a set is its own union, loses nothing to the empty set, and everything to itself', () => {
  fc.assert(
    fc.property(set, (a) => {
      assert.equal(union(a, a), a);
      assert.equal(union(a, EMPTY), a);
      assert.equal(difference(a, EMPTY), a);
      assert.ok(isEmpty(difference(a, a)));
      assert.deepEqual(intersection(a, a), a);
    }),
  );
});

test('what is written is read again as the same set', () => {
  fc.assert(fc.property(set, (a) => assert.deepEqual(decodeFieldSet(JSON.parse(JSON.stringify(a))), a)));
});

test('a union that adds nothing is the first set itself, so that entries share their nodes', () => {
  const whole = decodeFieldSet({ 'f:a': { '.': {}, 'f:b': {} } })!;
  assert.equal(union(whole, { 'f:a': { 'f:b': LEAF } }), whole);
});

test('elements of unknown kinds are dropped, and what is no object is no set', () => {
  assert.deepEqual(decodeFieldSet({ 'f:a': {}, 'x:b': {}, c: {} }), { 'f:a': {} });
  assert.equal(decodeFieldSet([]), undefined);
  assert.equal(decodeFieldSet('f:a'), undefined);
});
