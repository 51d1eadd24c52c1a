import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Job, Pod } from '../../kube/types.ts';
import { decide, isFinished } from './decide.ts';
import { formatIndexes, parseIndexes } from './indexes.ts';
import { TRACKING } from './pods.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

function job(spec: Partial<NonNullable<Job['spec']>>, status: Job['status'] = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', namespace: 'default', uid: 'j', creationTimestamp: '2026-01-01T11:00:00Z' },
    spec: { parallelism: 1, completions: 1, backoffLimit: 6, template: { spec: { containers: [], restartPolicy: 'Never' } }, ...spec },
    status: { startTime: '2026-01-01T11:59:00Z', ...status },
  };
}

function pod(uid: string, phase: string, more: { index?: number; endedAt?: number; released?: boolean; deleted?: boolean } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: uid,
      uid,
      finalizers: more.released ? [] : [TRACKING],
      creationTimestamp: '2026-01-01T11:59:00Z',
      ...(more.index === undefined ? {} : { annotations: { 'batch.kubernetes.io/job-completion-index': String(more.index) } }),
      ...(more.deleted ? { deletionTimestamp: '2026-01-01T11:59:59Z' } : {}),
    },
    status: {
      phase: phase as 'Running',
      containerStatuses:
        more.endedAt === undefined
          ? []
          : [
              {
                name: 'c',
                image: '',
                imageID: '',
                ready: false,
                restartCount: 0,
                state: { terminated: { exitCode: 1, finishedAt: new Date(more.endedAt).toISOString() } },
              },
            ],
    },
  };
}

test('as many pods as parallelism and completions ask for', () => {
  assert.equal(decide(job({ parallelism: 3, completions: 5 }), [], NOW).create.length, 3);
  assert.equal(decide(job({ parallelism: 3, completions: 5 }, { succeeded: 4 }), [], NOW).create.length, 1);
  assert.equal(decide(job({ parallelism: 3, completions: 5 }), [pod('a', 'Running'), pod('b', 'Pending')], NOW).create.length, 1);
});

test('a finished pod is listed, then released, then counted, and never twice', () => {
  const spec = { completions: 2 };
  const first = decide(job(spec), [pod('a', 'Succeeded')], NOW);
  assert.deepEqual(first.status.uncountedTerminatedPods, { succeeded: ['a'] });
  assert.equal(first.status.succeeded, undefined);
  assert.deepEqual(
    first.release.map((p) => p.metadata.uid),
    ['a'],
  );
  // Killed before the release: the same again.
  const again = decide(job(spec, first.status), [pod('a', 'Succeeded')], NOW);
  assert.deepEqual(again.status.uncountedTerminatedPods, { succeeded: ['a'] });
  const counted = decide(job(spec, again.status), [pod('a', 'Succeeded', { released: true })], NOW);
  assert.equal(counted.status.succeeded, 1);
  assert.deepEqual(counted.status.uncountedTerminatedPods, {});
  assert.equal(decide(job(spec, counted.status), [], NOW).status.succeeded, 1);
});

test('enough successes complete the job once nothing is left to count', () => {
  const first = decide(job({}), [pod('a', 'Succeeded')], NOW);
  assert.deepEqual(
    first.status.conditions?.map((c) => c.type),
    ['SuccessCriteriaMet'],
  );
  const last = decide(job({}, first.status), [pod('a', 'Succeeded', { released: true })], NOW);
  assert.deepEqual(
    last.status.conditions?.map((c) => [c.type, c.reason]),
    [
      ['SuccessCriteriaMet', 'CompletionsReached'],
      ['Complete', 'CompletionsReached'],
    ],
  );
  assert.ok(last.status.completionTime);
  assert.ok(isFinished(job({}, last.status)));
});

test('failures wait 10 s, 20 s, ... before the next try, counted from the last end', () => {
  const one = decide(job({}), [pod('a', 'Failed', { endedAt: NOW - 4000 })], NOW);
  assert.deepEqual([one.create.length, one.requeueAfterMs], [0, 6000]);
  const two = decide(job({}), [pod('a', 'Failed', { endedAt: NOW - 30_000 }), pod('b', 'Failed', { endedAt: NOW - 4000 })], NOW);
  assert.equal(two.requeueAfterMs, 16_000);
  assert.equal(decide(job({}), [pod('a', 'Failed', { endedAt: NOW - 10_001 })], NOW).create.length, 1);
});

test('one failure more than the limit fails the job and ends its pods', () => {
  const plan = decide(job({ backoffLimit: 1, parallelism: 2, completions: 3 }, { failed: 1 }), [pod('a', 'Failed'), pod('b', 'Running')], NOW);
  assert.deepEqual(
    plan.status.conditions?.map((c) => [c.type, c.reason]),
    [['FailureTarget', 'BackoffLimitExceeded']],
  );
  assert.deepEqual(
    plan.remove.map((p) => p.metadata.uid),
    ['b'],
  );
  const after = decide(job({ backoffLimit: 1 }, plan.status), [pod('a', 'Failed', { released: true })], NOW);
  assert.equal(after.status.conditions?.at(-1)?.type, 'Failed');
  // The pod that was ended counts as failed, too.
  assert.equal(after.status.failed, 3);
});

test('a deadline fails the job, and is waited for', () => {
  const waiting = decide(job({ activeDeadlineSeconds: 90 }), [pod('a', 'Running')], NOW);
  assert.equal(waiting.requeueAfterMs, 30_000);
  const late = decide(job({ activeDeadlineSeconds: 60 }), [pod('a', 'Running')], NOW);
  assert.equal(late.status.conditions?.[0]?.reason, 'DeadlineExceeded');
});

test('an Indexed job makes the lowest free indexes and drops duplicates', () => {
  const spec = { completionMode: 'Indexed' as const, completions: 5, parallelism: 3 };
  const plan = decide(job(spec, { completedIndexes: '0' }), [pod('a', 'Running', { index: 1 }), pod('b', 'Succeeded', { index: 2 })], NOW);
  assert.equal(plan.status.completedIndexes, '0,2');
  assert.deepEqual(plan.create, [{ index: 3 }, { index: 4 }]);
  const double = decide(job(spec), [pod('a', 'Running', { index: 1 }), pod('b', 'Running', { index: 1 })], NOW);
  assert.equal(double.remove.length, 1);
});

test('a suspended job ends its pods and starts its clock anew when resumed', () => {
  const plan = decide(job({ suspend: true }), [pod('a', 'Running')], NOW);
  assert.equal(plan.remove.length, 1);
  assert.equal(plan.status.startTime, undefined);
  assert.equal(plan.status.conditions?.[0]?.reason, 'JobSuspended');
  const resumed = decide(job({}, plan.status), [], NOW);
  assert.equal(resumed.status.startTime, '2026-01-01T12:00:00Z');
});

test('indexes read and write the same set', () => {
  assert.equal(formatIndexes(new Set([4, 0, 1, 2, 8, 7])), '0-2,4,7,8');
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(200)), (indexes) => {
      assert.deepEqual([...parseIndexes(formatIndexes(new Set(indexes)))].toSorted(), [...indexes].toSorted());
    }),
  );
});
