import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { copyJson, equalJson } from './json.ts';

test('a copy is equal and shares nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const copy = copyJson(value);
      assert.deepEqual(copy, value);
      assert.ok(equalJson(copy, value));
      if (typeof value === 'object' && value !== null) assert.notEqual(copy, value);
    }),
  );
});

test('equality is that of the encoded values, whatever the order of members', () => {
  const value = fc.jsonValue({ maxDepth: 2 });
  fc.assert(fc.property(value, value, (a, b) => assert.equal(equalJson(a, b), canonical(a) === canonical(b))));
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), (members) => {
      assert.ok(equalJson(members, Object.fromEntries(Object.entries(members).reverse())));
    }),
  );
});

/** The encoded value with its members in order; -0 is encoded as 0. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`);
  return `{${members.sort().join()}}`;
}

test('copying does not fall for a member named __proto__, and leaves out what is undefined', () => {
  const copy = copyJson(JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as object);
  assert.equal((copy as { polluted?: boolean }).polluted, undefined);
  assert.deepEqual(Object.keys(copy), ['__proto__', 'a']);
  assert.deepEqual(copyJson({ a: undefined, b: [undefined] }), { b: [null] });
  assert.ok(equalJson({ a: undefined }, {}) && equalJson({}, { a: undefined }));
});
