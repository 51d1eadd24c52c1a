import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePriorities } from './priorities.ts';

test('groups of regular expressions under their priorities', () => {
  assert.deepEqual(parsePriorities('10:\n- .*\n50:\n- ^fast-\n- ^large$\n'), [
    { priority: 10, patterns: [/.*/] },
    { priority: 50, patterns: [/^fast-/, /^large$/] },
  ]);
});

for (const [text, why] of [
  ['- a', /must be a map/],
  ['high:\n- a', /'high' is no whole number/],
  ['10: a', /10 must hold a list/],
  ['10:\n- "("', /Invalid regular expression/],
] as const) {
  test(`${JSON.stringify(text)} is refused`, () => assert.throws(() => parsePriorities(text), why));
}
