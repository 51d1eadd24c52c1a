import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getCondition } from '../../kube/conditions.ts';
import type { Pod, PodStatus } from '../../kube/types.ts';
import { newContainerRecord, type ContainerRecord, type PodRecord } from './record.ts';
import { computeStatus } from './status.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const pod = (more: Partial<Pod> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default', uid: 'u' },
  spec: {
    containers: [
      { name: 'a', image: 'i' },
      { name: 'b', image: 'i' },
    ],
  },
  ...more,
});
const status = (
  containers: Record<string, Partial<ContainerRecord>>,
  options: { pod?: Pod; initialized?: boolean; failure?: PodRecord['failure'] } = {},
): PodStatus =>
  computeStatus({
    pod: options.pod ?? pod(),
    hostIp: '172.30.0.2',
    initialized: options.initialized ?? true,
    sandboxReady: true,
    nowMs: NOW,
    record: {
      namespace: 'default',
      name: 'p',
      uid: 'u',
      ip: '10.100.0.10',
      startedAtMs: NOW - 5000,
      ...(options.failure ? { failure: options.failure } : {}),
      containers: Object.fromEntries(Object.entries(containers).map(([name, record]) => [name, { ...newContainerRecord(name), ...record }])),
    },
  });
const running: Partial<ContainerRecord> = { phase: 'running', id: 'x', startedAtMs: NOW - 1000, started: true, ready: true };
const ended = (exitCode: number): Partial<ContainerRecord> => ({
  phase: 'exited',
  id: 'x',
  startedAtMs: NOW - 1000,
  termination: { exitCode, reason: 'R', startedAtMs: NOW - 1000, finishedAtMs: NOW },
});
const never = pod({ spec: { ...pod().spec!, restartPolicy: 'Never' } });

const phases: [string, PodStatus['phase'], PodStatus][] = [
  ['nothing runs yet', 'Pending', status({})],
  ['one still waits', 'Pending', status({ a: running })],
  ['all run', 'Running', status({ a: running, b: running })],
  [
    'one has crashed and waits to start again',
    'Running',
    status({ a: running, b: { ...ended(1), waiting: { reason: 'CrashLoopBackOff' }, last: ended(1).termination! } }),
  ],
  ['all have ended but start again', 'Running', status({ a: ended(0), b: ended(0) })],
  ['all have ended well', 'Succeeded', status({ a: ended(0), b: ended(0) }, { pod: never })],
  ['one has ended badly', 'Failed', status({ a: ended(0), b: ended(1) }, { pod: never })],
  ['one has ended and one runs', 'Running', status({ a: ended(1), b: running }, { pod: never })],
  ['init containers are at work', 'Pending', status({}, { initialized: false })],
  ['the pod was given up', 'Failed', status({ a: running }, { failure: { reason: 'DeadlineExceeded', message: 'm' } })],
];
for (const [sentence, phase, got] of phases) test(`the phase is ${phase} when ${sentence}`, () => assert.equal(got.phase, phase));

test('conditions name the containers that are not ready', () => {
  const { conditions } = status({ a: running, b: { ...running, ready: false } });
  const ready = getCondition(conditions, 'Ready');
  assert.deepEqual([ready?.status, ready?.reason, ready?.message], ['False', 'ContainersNotReady', 'containers with unready status: [b]']);
  assert.equal(getCondition(conditions, 'Initialized')?.status, 'True');
});

test('a pod that completed says so', () => {
  const { conditions } = status({ a: ended(0), b: ended(0) }, { pod: never });
  assert.deepEqual(
    ['Ready', 'ContainersReady', 'Initialized'].map((type) => [getCondition(conditions, type)?.status, getCondition(conditions, type)?.reason]),
    [
      ['False', 'PodCompleted'],
      ['False', 'PodCompleted'],
      ['True', 'PodCompleted'],
    ],
  );
});

test('a readiness gate holds a pod back', () => {
  const gated = pod({ spec: { ...pod().spec!, readinessGates: [{ conditionType: 'example.com/ready' }] } });
  const ready = getCondition(status({ a: running, b: running }, { pod: gated }).conditions, 'Ready');
  assert.deepEqual(
    [ready?.reason, ready?.message],
    ['ReadinessGatesNotReady', 'corresponding condition of pod readiness gate "example.com/ready" does not exist.'],
  );
});

test('what others wrote is kept, and transition times stay while nothing changes', () => {
  const first = status(
    { a: running, b: running },
    { pod: pod({ status: { qosClass: 'Burstable', conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2020-01-01T00:00:00Z' }] } }) },
  );
  assert.equal(first.qosClass, 'Burstable');
  assert.equal(getCondition(first.conditions, 'PodScheduled')?.lastTransitionTime, '2020-01-01T00:00:00Z');
  const old = first.conditions!.map((condition) => ({ ...condition, lastTransitionTime: '2025-01-01T00:00:00Z' }));
  const second = status({ a: running, b: running }, { pod: pod({ status: { ...first, conditions: old } }) });
  assert.equal(getCondition(second.conditions, 'Ready')?.lastTransitionTime, '2025-01-01T00:00:00Z');
});

test('a crashed container shows why it waits and how it ended', () => {
  const [, b] = status({ a: running, b: { ...ended(1), restartCount: 2, waiting: { reason: 'CrashLoopBackOff', message: 'm' } } }).containerStatuses!;
  assert.deepEqual([b?.state, b?.lastState?.terminated?.exitCode, b?.restartCount], [{ waiting: { reason: 'CrashLoopBackOff', message: 'm' } }, 1, 2]);
});
