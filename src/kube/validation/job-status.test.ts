import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../types.ts';
import { validateObjectStatus } from './index.ts';

type Status = NonNullable<Job['status']>;

const T1 = '2026-01-01T00:00:00Z';
const T2 = '2026-01-01T00:00:05Z';
const indexed = { completionMode: 'Indexed' as const, completions: 5, parallelism: 2 };
const job = (status: Status, spec: object = {}): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', namespace: 'default' },
  spec: { template: {}, ...spec },
  status,
});
const texts = (status: Status, before: Status = {}, spec: object = {}): string[] =>
  validateObjectStatus(job(status, spec), job(before, spec)).map(({ field, message }) => `${field}: ${message}`);
const conditions = (...types: string[]) => types.map((type) => ({ type, status: 'True' as const }));

test('a job goes from running over decided to ended', () => {
  const running = { active: 1, ready: 1, startTime: T1 };
  const decided = { startTime: T1, succeeded: 1, conditions: conditions('SuccessCriteriaMet') };
  const ended = { ...decided, completionTime: T2, conditions: conditions('SuccessCriteriaMet', 'Complete') };
  assert.deepEqual(texts(running), []);
  assert.deepEqual(texts(decided, running), []);
  assert.deepEqual(texts(ended, decided), []);
});

// Upstream's answers.
const table: [string, Status, Status, object, string[]][] = [
  [
    'complete without a reason',
    { startTime: T1, conditions: conditions('Complete') },
    {},
    {},
    [
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ],
  ],
  [
    'failed without a reason',
    { startTime: T1, conditions: conditions('Failed') },
    {},
    {},
    ['status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition'],
  ],
  [
    'failed with pods left',
    { startTime: T1, active: 1, terminating: 1, conditions: conditions('FailureTarget', 'Failed') },
    {},
    {},
    [
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
      'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job',
    ],
  ],
  [
    'no longer failed',
    { startTime: T1 },
    { startTime: T1, conditions: conditions('FailureTarget', 'Failed') },
    {},
    [
      'status.conditions: Invalid value: cannot disable the terminal Failed=True condition',
      'status.conditions: Invalid value: cannot disable the terminal FailureTarget=True condition',
    ],
  ],
  ['more ready than there are', { active: 1, ready: 2 }, {}, {}, ['status.ready: Invalid value: 2: cannot set more ready pods than active']],
  ['fewer failures than before', { failed: 1 }, { failed: 2 }, {}, ['status.failed: Invalid value: 1: cannot decrease the failed counter']],
  ['another start', { startTime: T2 }, { startTime: T1 }, {}, [`status.startTime: Invalid value: "${T2}": field is immutable for unsuspended job once set`]],
  ['another start of a suspended job', { startTime: T2 }, { startTime: T1 }, { suspend: true }, []],
  [
    'an index that is none',
    { completedIndexes: '9' },
    {},
    indexed,
    ['status.completedIndexes: Invalid value: "9": error parsing completedIndexes: too large index: "9"'],
  ],
  [
    'an index that has both failed and succeeded',
    { completedIndexes: '0-2', failedIndexes: '2-3' },
    {},
    { ...indexed, backoffLimitPerIndex: 1 },
    ['status.failedIndexes: Invalid value: "2-3": failedIndexes and completedIndexes overlap at index: 2'],
  ],
  [
    'one pod twice',
    { uncountedTerminatedPods: { succeeded: ['a'], failed: ['a'] } },
    {},
    {},
    ['status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"'],
  ],
];
for (const [name, status, before, spec, want] of table)
  test(`${name}: ${want.length === 0 ? 'fine' : 'refused'}`, () => assert.deepEqual(texts(status, before, spec), want));
