import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combine } from './combine.ts';
import { decide, firstLook, goesToZero, subjectOf, type Subject } from './decide.ts';
import { History } from './history.ts';
import type { Failure, Proposal } from './proposal.ts';

const subject = (more: Partial<Subject> = {}): Subject => ({ current: 2, min: 1, max: 10, scaledToZero: false, hasObjectOrExternal: false, ...more });
const proposal = (replicas: number, name = 'cpu resource'): Proposal => ({ replicas, name, status: { type: 'Resource' } });
const failure: Failure = { reason: 'FailedGetPodsMetric', message: 'no', summary: 'failed to get pods metric value: no' };

test('outside its bounds a target is scaled without asking for metrics', () => {
  assert.deepEqual(firstLook(subject({ current: 12 })), { next: 'scale', replicas: 10, reason: 'Current number of replicas above Spec.MaxReplicas' });
  assert.deepEqual(firstLook(subject({ current: 2, min: 3 })), { next: 'scale', replicas: 3, reason: 'Current number of replicas below Spec.MinReplicas' });
  assert.deepEqual(firstLook(subject()), { next: 'measure' });
});

test('a target without replicas is left alone, unless this controller took the last one away', () => {
  assert.deepEqual(firstLook(subject({ current: 0, min: 0, hasObjectOrExternal: true })), { next: 'nothing' });
  assert.deepEqual(firstLook(subject({ current: 0, min: 0, scaledToZero: true })), { next: 'nothing' });
  assert.deepEqual(firstLook(subject({ current: 0, min: 0, scaledToZero: true, hasObjectOrExternal: true })), { next: 'measure' });
  assert.deepEqual(firstLook(subject({ current: 0, min: 1, scaledToZero: true })), { next: 'measure' });
});

test('only what measures without pods can bring the last replica to go and back', () => {
  assert.ok(goesToZero(subject({ min: 0, hasObjectOrExternal: true }), 0));
  assert.ok(!goesToZero(subject({ min: 0 }), 0));
  const more = { behavior: undefined, history: new History(0, 0), downscaleStabilizationMs: 300_000, nowMs: 1 };
  const back = subject({ current: 0, min: 3, scaledToZero: true });
  assert.deepEqual(decide(back, { replicas: 1, metric: 'external metric q(nil)' }, more).reason, 'external metric q(nil) above target');
  const raised = decide(back, { replicas: 0, metric: 'external metric q(nil)' }, { ...more, behavior: { scaleUp: {}, scaleDown: {} } });
  assert.deepEqual([raised.replicas, raised.reason], [3, 'Current number of replicas below Spec.MinReplicas']);
});

test('what the spec and status say of zero is read from them', () => {
  const spec = { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web' }, metrics: [{ type: 'External' }] };
  const conditions = [{ type: 'ScaledToZero', status: 'True' }];
  assert.deepEqual(subjectOf(spec, { desiredReplicas: 0, conditions }, 0), {
    current: 0,
    min: 1,
    max: 3,
    scaledToZero: true,
    hasObjectOrExternal: true,
  });
});

test('of several metrics the one that asks for most counts', () => {
  const { wanted, condition } = combine([proposal(3), proposal(7, 'pods metric qps'), proposal(5)], 2);
  assert.deepEqual(wanted, { replicas: 7, metric: 'pods metric qps' });
  assert.equal(condition.message, 'the HPA was able to successfully calculate a replica count from pods metric qps');
});

test('a metric that cannot be had blocks the way down, not the way up', () => {
  const error = 'invalid metrics (1 invalid out of 2), first error is: failed to get pods metric value: no';
  const up = combine([failure, proposal(3)], 2);
  assert.deepEqual([up.wanted?.replicas, up.error, up.condition.reason], [3, error, 'ValidMetricFound']);
  assert.equal(combine([failure, proposal(2)], 2).wanted?.replicas, 2);
  const down = combine([failure, proposal(1)], 2);
  assert.deepEqual([down.wanted, down.error], [undefined, error]);
  assert.deepEqual([down.condition.status, down.condition.reason], ['False', 'FailedGetPodsMetric']);
  assert.equal(down.condition.message, 'the HPA was unable to compute the replica count: no');
});

test('a metric that failed stands in the status as upstream leaves it', () => {
  assert.deepEqual(combine([failure, proposal(3)], 2).statuses, [{ type: '' }, { type: 'Resource' }]);
});

test('why replicas change names the metric on the way up and none on the way down', () => {
  const more = () => ({ behavior: undefined, history: new History(1, 0), downscaleStabilizationMs: 0, nowMs: 1 });
  assert.equal(decide(subject(), { replicas: 3, metric: 'cpu resource' }, more()).reason, 'cpu resource above target');
  assert.equal(decide(subject(), { replicas: 1, metric: 'cpu resource' }, more()).reason, 'All metrics below target');
});
