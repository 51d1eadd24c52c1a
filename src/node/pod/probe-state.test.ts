import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashBackOff, goSeconds } from './back-off.ts';
import { countResult, nextTryMs, UNPROBED } from './probe-state.ts';
import { newContainerRecord } from './record.ts';

const verdict = (results: string, successThreshold: number, failureThreshold: number): boolean | undefined =>
  [...results].reduce((state, result) => countResult(state, result === '+', { successThreshold, failureThreshold }), UNPROBED).verdict;

for (const [results, success, failure, wanted] of [
  ['', 1, 3, undefined],
  ['+', 1, 3, true],
  ['-', 1, 3, undefined],
  ['--', 1, 3, undefined],
  ['---', 1, 3, false],
  ['+--', 1, 3, true],
  ['+---', 1, 3, false],
  ['--+--', 1, 3, true],
  ['+', 2, 1, undefined],
  ['+-+', 2, 1, false],
  ['++', 2, 1, true],
] as const)
  test(`after ${results || 'nothing'}, with thresholds ${success} and ${failure}, a probe says ${wanted}`, () =>
    assert.equal(verdict(results, success, failure), wanted));

test('tries come sooner until the first success', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 10].map((tries) => nextTryMs(tries, false, 1000)),
    [100, 200, 400, 800, 1000],
  );
  assert.equal(nextTryMs(0, true, 1000), 1000);
});

test('the first restart is at once, the next wait 10 s, 20 s, up to 5 minutes, and long runs are forgiven', () => {
  const record = { ...newContainerRecord('c'), startedAtMs: 0 };
  const waits: number[] = [];
  for (let restarts = 0; restarts < 8; restarts++) {
    record.restartCount = restarts;
    const next = crashBackOff(record, 1000);
    waits.push(next.backOffUntilMs - 1000);
    Object.assign(record, next);
  }
  assert.deepEqual(
    waits.map((ms) => ms / 1000),
    [0, 10, 20, 40, 80, 160, 300, 300],
  );
  assert.equal(crashBackOff({ ...record, backOffMs: 300_000 }, 600_000).backOffUntilMs, 600_000);
  assert.deepEqual([10_000, 60_000, 160_000, 300_000].map(goSeconds), ['10s', '1m0s', '2m40s', '5m0s']);
});
