import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demandOf, jobsToMake, type JobCounts } from './demand.ts';
import type { Bounds, ScalingStrategy } from './types.ts';

const queue = (queueLength: number, target = 1): { queueLength: number; target: number; active: boolean } => ({ queueLength, target, active: queueLength > 0 });
const open: Bounds = { min: 0, max: 100 };

const demands: [name: string, given: Parameters<typeof demandOf>, want: [active: boolean, queueLength: number, wanted: number]][] = [
  ['a Job for each item', [[queue(7)], undefined, open], [true, 7, 7]],
  ['a Job for every three items', [[queue(7, 3)], undefined, open], [true, 7, 3]],
  ['no more Jobs than the maximum', [[queue(70)], undefined, { min: 0, max: 10 }], [true, 70, 10]],
  ['nothing without work', [[queue(0)], undefined, open], [false, 0, 0]],
  ['of several the longest', [[queue(7), queue(12, 4)], undefined, open], [true, 12, 3]],
  ['of several the shortest', [[queue(7), queue(12, 4), queue(0)], 'min', open], [true, 7, 7]],
  ['of several the average', [[queue(6), queue(12, 4), queue(0)], 'avg', open], [true, 9, 5]],
  ['of several the sum', [[queue(6), queue(12, 4)], 'sum', open], [true, 18, 9]],
  ['a minimum is always active', [[queue(0)], undefined, { min: 2, max: 8 }], [true, 0, 0]],
];
for (const [name, given, [active, queueLength, wanted]] of demands) test(name, () => assert.deepEqual(demandOf(...given), { active, queueLength, wanted }));

const custom: ScalingStrategy = { strategy: 'custom', customScalingQueueLengthDeduction: 1, customScalingRunningJobPercentage: '0.5' };
const makes: [name: string, strategy: ScalingStrategy, wanted: number, counts: JobCounts, bounds: Bounds, want: number][] = [
  ['default: what is wanted less what runs', {}, 10, { running: 3, pending: 0 }, open, 7],
  ['default: never less than none', {}, 2, { running: 3, pending: 0 }, open, 0],
  ['custom: less a deduction and a share of what runs', custom, 10, { running: 4, pending: 0 }, open, 7],
  ['custom without a share is the default', { strategy: 'custom' }, 10, { running: 4, pending: 0 }, open, 6],
  ['accurate: what is wanted less what waits', { strategy: 'accurate' }, 5, { running: 3, pending: 2 }, open, 3],
  ['accurate: up to the maximum', { strategy: 'accurate' }, 5, { running: 8, pending: 0 }, { min: 0, max: 10 }, 2],
  ['eager: all that may be', { strategy: 'eager' }, 10, { running: 3, pending: 2 }, { min: 0, max: 10 }, 5],
  ['below the minimum what it lacks', {}, 10, { running: 1, pending: 0 }, { min: 3, max: 7 }, 2],
  ['above the minimum what is wanted more', {}, 5, { running: 4, pending: 0 }, { min: 3, max: 7 }, 4],
];
for (const [name, strategy, wanted, counts, bounds, want] of makes)
  test(name, () => assert.equal(jobsToMake({ active: true, queueLength: wanted, wanted }, counts, strategy, bounds), want));
