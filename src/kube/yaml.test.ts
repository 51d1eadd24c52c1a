import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readYaml } from './yaml.ts';

test('of keys that stand twice the last counts, and each is told with its line', () => {
  assert.deepEqual(readYaml('a: 1\nb:\n  c: 1\n  d: 1\n  c: 2\na: 3\n'), {
    value: { a: 3, b: { c: 2, d: 1 } },
    duplicates: ['line 5: key "c" already set in map', 'line 6: key "a" already set in map'],
  });
});

test('what is no YAML says where', () => assert.throws(() => readYaml('a: [1,\nb'), /at line 2/));

test('aliases that would grow without bound are refused', () => {
  const levels = Array.from({ length: 10 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]`);
  assert.throws(() => readYaml(['a0: &a0 [x]', ...levels].join('\n')), /Excessive alias count/);
});

test('nothing is null', () => assert.deepEqual(readYaml(''), { value: null, duplicates: [] }));
