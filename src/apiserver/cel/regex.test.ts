import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Regex } from './regex.ts';

const CASES: [string, string, boolean][] = [
  ['^a+$', 'aaa', true],
  ['^a+$', 'aab', false],
  ['a.c', 'xabcx', true],
  ['^(ab|cd)*$', 'abcdab', true],
  ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', 'a-b', true],
  ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', 'a-', false],
  ['^\\d{3}-\\d{2,4}$', '123-1234', true],
  ['^\\d{3}-\\d{2,4}$', '123-1', false],
  ['(?i)^HELLO$', 'hello', true],
  ['^(?P<year>\\d+)$', '2024', true],
  ['^[[:alpha:]]+$', 'abc', true],
  ['^[^abc]+$', 'xyz', true],
  ['^\\pL+$', 'é', true],
  ['^\\x41\\x{42}$', 'AB', true],
  ['\\bfoo\\b', 'a foo b', true],
  ['^.$', '💩', true],
  ['^[a-]$', '-', true],
  ['^$', '', true],
  ['a{0}b', 'b', true],
  ['^\\Qa.b\\E$', 'a.b', true],
  ['x*?y', 'xxy', true],
];
for (const [pattern, text, expected] of CASES)
  test(`${pattern} ${expected ? 'matches' : 'does not match'} ${text}`, () => assert.equal(new Regex(pattern).test(text), expected));

for (const [pattern, why] of [
  ['(a', 'missing closing )'],
  ['a)', 'unexpected )'],
  ['[a', 'missing closing ]'],
  ['*a', 'missing argument to repetition operator'],
  ['a**', 'invalid nested repetition operator'],
  ['(?=a)', 'invalid or unsupported Perl syntax'],
  ['(a)\\1', 'invalid escape sequence'],
  ['a{1001}', 'invalid repeat count'],
] as const)
  test(`${pattern} is refused`, () =>
    assert.throws(() => new Regex(pattern), { message: new RegExp(`^error parsing regexp: ${why.replace(/[)\]]/g, '\\$&')}`) }));

test('a pattern made to hang a backtracking engine takes no time', () => {
  const started = performance.now();
  assert.equal(new Regex('^(a+)+$').test(`${'a'.repeat(5_000)}b`), false);
  assert.equal(new Regex('^(([a-z]+)*x{1,50})*$').test(`${'a'.repeat(5_000)}!`), false);
  assert.ok(performance.now() - started < 2_000);
});

test('the leftmost match is found as JavaScript finds it', () => {
  const atom = fc.constantFrom('a', 'b', '[ab]', '(a|b)', '(a|ab)', 'b?', 'a*', '(ba)+', 'a+?', '.');
  fc.assert(
    fc.property(fc.array(atom, { minLength: 1, maxLength: 5 }), fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 10 }), (atoms, text) => {
      const source = atoms.join('');
      const expected = new RegExp(source).exec(text);
      const found = new Regex(source).find(text);
      assert.deepEqual(found, expected === null ? undefined : { start: expected.index, end: expected.index + expected[0].length });
    }),
  );
});
