import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Service } from '../../kube/types.ts';
import { triggeredAt, TriggerTimes } from './trigger-times.ts';

const at = (second: number) => `2026-01-01T00:00:0${second}Z`;
const service: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default', creationTimestamp: at(1) } };

function pod(name: string, readySince?: number): Pod {
  const conditions = readySince === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: at(readySince) }];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, status: { conditions } } as Pod;
}

test('a new service was changed when it was made; later the earliest new change counts', () => {
  const times = new TriggerTimes();
  assert.equal(times.next(service, [pod('a', 2)]), at(1));
  assert.equal(times.next(service, [pod('a', 2)]), undefined);
  assert.equal(times.next(service, [pod('a', 5), pod('b', 4), pod('c')]), at(4));
  // A pod that goes has no time of its own.
  assert.equal(times.next(service, [pod('a', 5)]), undefined);
  const remade = { ...service, metadata: { ...service.metadata, creationTimestamp: at(7) } };
  assert.equal(times.next(remade, [pod('a', 8)]), at(7));
  times.forget({ namespace: 'default', name: 'web' });
  assert.equal(times.next(service, []), at(1));
});

test('without a time the annotation goes, and others stay', () => {
  const slice = { metadata: { annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': at(1), mine: 'x' } } };
  assert.deepEqual(triggeredAt(slice, undefined), { annotations: { mine: 'x' } });
  assert.deepEqual(triggeredAt({ metadata: {} }, at(2)), { annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': at(2) } });
});
