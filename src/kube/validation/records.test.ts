import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../types.ts';
import { validateObject } from './index.ts';

const texts = (object: object, old?: object): string[] =>
  validateObject(object as KubeObject, old as KubeObject | undefined).map(({ field, message }) => `${field}: ${message}`);
const metadata = { name: 'x', namespace: 'default' };

test('leases and revisions', () => {
  const lease = (spec: object) => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
  assert.deepEqual(texts(lease({ leaseDurationSeconds: 5 })), []);
  assert.deepEqual(texts(lease({ leaseDurationSeconds: 0, leaseTransitions: -1 })), [
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
  ]);
  const revision = (data: unknown) => ({ apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, revision: 1, data });
  assert.deepEqual(texts(revision(undefined)), ['data: Required value: data is mandatory']);
  assert.deepEqual(texts(revision('text')), ['data: Required value: data must be a valid JSON object']);
  assert.deepEqual(texts(revision({ a: 2 }), revision({ a: 1 })), ['data: Invalid value: {"a":2}: field is immutable']);
});

test('events of the core are checked when they have the newer kind of time, those of events.k8s.io always', () => {
  const core = (more: object) => ({ apiVersion: 'v1', kind: 'Event', metadata, involvedObject: { kind: 'Pod', name: 'a', namespace: 'default' }, ...more });
  assert.deepEqual(texts(core({ type: 'Odd', message: 'x'.repeat(2000) })), []);
  assert.deepEqual(texts(core({ involvedObject: { kind: 'Pod', namespace: 'other' } })), [
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ]);
  const eventTime = '2026-01-01T00:00:00.000000Z';
  assert.deepEqual(texts(core({ eventTime, reportingComponent: 'a', reportingInstance: 'b', reason: 'c' })), ['action: Required value']);
  const full = {
    eventTime,
    reportingController: 'x.y/z',
    reportingInstance: 'i',
    action: 'A',
    reason: 'R',
    type: 'Normal',
    regarding: { namespace: 'default' },
  };
  const newer = (more: object) => ({ apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata, ...full, ...more });
  assert.deepEqual(texts(newer({})), []);
  assert.deepEqual(texts(newer({ type: 'Odd', deprecatedCount: 2, series: { count: 1, lastObservedTime: eventTime } })), [
    'series.count: Invalid value: "": should be at least 2',
    'type: Invalid value: "": has invalid value: Odd',
    'count: Invalid value: "": needs to be unset',
  ]);
  assert.deepEqual(texts(newer({ note: 'new' }), newer({})), ['message: Invalid value: "new": field is immutable']);
  assert.deepEqual(texts(newer({ series: { count: 2, lastObservedTime: eventTime } }), newer({})), []);
});

test('a disruption budget has one bound, in pods or percent', () => {
  const budget = (spec: object) => ({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec });
  assert.deepEqual(texts(budget({ minAvailable: '50%' })), []);
  assert.deepEqual(texts(budget({ minAvailable: '150%' })), ['spec.minAvailable: Invalid value: "150%": must not be greater than 100%']);
  assert.deepEqual(texts(budget({ minAvailable: 1, maxUnavailable: 1 })), [
    'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
  ]);
  assert.deepEqual(texts(budget({ minAvailable: 1, unhealthyPodEvictionPolicy: 'Maybe' })), [
    'spec.unhealthyPodEvictionPolicy: Unsupported value: "Maybe": supported values: "AlwaysAllow", "IfHealthyBudget"',
  ]);
});
