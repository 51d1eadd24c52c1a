import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, ReplicaSet } from '../../kube/types.ts';
import { decideReplicas, msUntilAvailable, replicaSetStatus } from './decide.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

function pod(
  name: string,
  more: { node?: string; phase?: string; ready?: boolean; age?: number; restarts?: number; cost?: string; deleted?: boolean } = {},
): Pod {
  const { node = 'n1', phase = 'Running', ready = true, age = 3600, restarts = 0, cost, deleted } = more;
  const at = new Date(NOW - age * 1000).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      labels: { app: 'web' },
      creationTimestamp: at,
      ...(cost ? { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } } : {}),
      ...(deleted ? { deletionTimestamp: at } : {}),
    },
    spec: { containers: [], ...(node ? { nodeName: node } : {}) },
    status: {
      phase: phase as 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at }],
      containerStatuses: [{ name: 'c', image: '', imageID: '', ready, restartCount: restarts }],
    },
  };
}

function set(replicas: number): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', generation: 2 },
    spec: { replicas, selector: {}, template: { metadata: { labels: { app: 'web' } } } },
  };
}

function firstToGo(...pods: Pod[]): string | undefined {
  const change = decideReplicas(set(pods.length - 1), pods, () => pods, NOW);
  return change !== undefined && 'delete' in change ? change.delete[0]?.metadata.name : undefined;
}

test('finished and leaving pods do not count', () => {
  assert.deepEqual(
    decideReplicas(set(3), [pod('a'), pod('b', { phase: 'Failed' }), pod('c', { deleted: true })], () => [], NOW),
    { create: 2 },
  );
  assert.equal(
    decideReplicas(set(1), [pod('a')], () => [], NOW),
    undefined,
  );
});

test('pods are given up in upstream order', () => {
  assert.equal(firstToGo(pod('a'), pod('b', { node: '' })), 'b', 'unassigned');
  assert.equal(firstToGo(pod('a'), pod('b', { phase: 'Pending' })), 'b', 'pending');
  assert.equal(firstToGo(pod('a'), pod('b', { ready: false })), 'b', 'not ready');
  assert.equal(firstToGo(pod('a'), pod('b', { cost: '-1' })), 'b', 'cheap');
  assert.equal(firstToGo(pod('a', { node: 'n2' }), pod('b'), pod('c')), 'b', 'crowded');
  assert.equal(firstToGo(pod('a'), pod('b', { age: 10 })), 'b', 'new');
  assert.equal(firstToGo(pod('a'), pod('b', { restarts: 3 })), 'b', 'restarted');
});

test('the status counts what there is', () => {
  assert.deepEqual(replicaSetStatus(set(3), [pod('a'), pod('b', { ready: false }), pod('c', { deleted: true })], NOW), {
    replicas: 2,
    fullyLabeledReplicas: 2,
    readyReplicas: 1,
    availableReplicas: 1,
    observedGeneration: 2,
  });
});

test('a failure is a condition, and keeps its first message', () => {
  const failed = replicaSetStatus(set(1), [], NOW, { reason: 'FailedCreate', message: 'quota' });
  assert.equal(failed.conditions?.[0]?.message, 'quota');
  const again = replicaSetStatus({ ...set(1), status: failed }, [], NOW + 5000, { reason: 'FailedCreate', message: 'quota, 2nd try' });
  assert.deepEqual(again.conditions, failed.conditions);
  assert.equal(replicaSetStatus({ ...set(1), status: failed }, [], NOW).conditions, undefined);
});

test('ready pods that are not available yet are looked at again in time', () => {
  assert.equal(msUntilAvailable([pod('a', { age: 4 }), pod('b', { age: 7 })], 10, NOW), 3000);
  assert.equal(msUntilAvailable([pod('a', { age: 4 })], 0, NOW), undefined);
});
