import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentence, shown, table } from './lines.ts';

test('a column is as wide as its widest cell or its title, and nothing trails', () => {
  const rows = [
    ['a-long-name', '1', ''],
    ['b', '', 'why'],
  ];
  assert.deepEqual(table(['NAME', 'COUNT', 'NOTE'], rows), ['NAME          COUNT   NOTE', 'a-long-name   1', 'b                     why']);
  assert.deepEqual(table(['NAME'], []), ['NAME']);
});

test('names and counts are written as people write them', () => {
  assert.deepEqual([[], ['ap'], ['ap', 'eu'], ['ap', 'eu', 'us']].map(sentence), ['', 'ap', 'ap and eu', 'ap, eu and us']);
  assert.deepEqual(
    [0, 1, 2].map((count) => shown(count, 'replica')),
    ['0 replicas', '1 replica', '2 replicas'],
  );
});
