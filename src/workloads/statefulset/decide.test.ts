import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, StatefulSet } from '../../kube/types.ts';
import { decide, statefulSetStatus, statefulTemplate } from './decide.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const SAME = { current: 'r1', update: 'r1' };
const ROLLING = { current: 'r1', update: 'r2' };

function set(replicas: number, spec: Partial<NonNullable<StatefulSet['spec']>> = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 's', generation: 1 },
    spec: { replicas, selector: {}, serviceName: 's', template: { spec: { containers: [] } }, ...spec },
  };
}

function pod(ordinal: number, more: { ready?: boolean; revision?: string; phase?: string } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `s-${ordinal}`, labels: { 'controller-revision-hash': more.revision ?? 'r1' } },
    status: {
      phase: (more.phase ?? 'Running') as 'Running',
      conditions: [{ type: 'Ready', status: more.ready === false ? 'False' : 'True', lastTransitionTime: '2026-01-01T11:00:00Z' }],
    },
  };
}

const names = (pods: readonly Pod[]) => pods.map((p) => p.metadata.name);

test('pods are made in order, the next when the one before is ready', () => {
  assert.deepEqual(decide(set(3), [], SAME, NOW).create, [{ ordinal: 0, revision: 'update' }]);
  assert.deepEqual(decide(set(3), [pod(0, { ready: false })], SAME, NOW).create, []);
  assert.deepEqual(decide(set(3), [pod(0)], SAME, NOW).create, [{ ordinal: 1, revision: 'update' }]);
});

test('Parallel makes all at once', () => {
  assert.equal(decide(set(3, { podManagementPolicy: 'Parallel' }), [], SAME, NOW).create.length, 3);
});

test('scaling down takes the highest first, one at a time', () => {
  assert.deepEqual(names(decide(set(1), [pod(0), pod(1), pod(2)], SAME, NOW).remove), ['s-2']);
});

test('a rolling update goes from the highest down to the partition', () => {
  assert.deepEqual(names(decide(set(2), [pod(0), pod(1)], ROLLING, NOW).remove), ['s-1']);
  assert.deepEqual(names(decide(set(2), [pod(0), pod(1, { revision: 'r2' })], ROLLING, NOW).remove), ['s-0']);
  assert.deepEqual(names(decide(set(2), [pod(0), pod(1, { revision: 'r2', ready: false })], ROLLING, NOW).remove), []);
  const partitioned = set(2, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } });
  assert.deepEqual(names(decide(partitioned, [pod(0), pod(1, { revision: 'r2' })], ROLLING, NOW).remove), []);
  assert.deepEqual(decide(partitioned, [pod(1)], ROLLING, NOW).create, [{ ordinal: 0, revision: 'current' }]);
});

test('a failed pod is replaced', () => {
  assert.deepEqual(names(decide(set(1), [pod(0, { phase: 'Failed', ready: false })], SAME, NOW).remove), ['s-0']);
});

test('a pod has its own name, host name and claims', () => {
  const template = statefulTemplate(set(1, { volumeClaimTemplates: [{ metadata: { name: 'data' } }] as never }), { spec: { containers: [] } }, 4, 'r1');
  assert.equal(template.spec?.hostname, 's-4');
  assert.equal(template.metadata?.labels?.['statefulset.kubernetes.io/pod-name'], 's-4');
  assert.deepEqual(template.spec?.volumes, [{ name: 'data', persistentVolumeClaim: { claimName: 'data-s-4' } }]);
});

test('the update revision becomes current when all pods have it', () => {
  assert.equal(statefulSetStatus(set(1), [pod(0)], ROLLING, NOW).currentRevision, 'r1');
  const done = statefulSetStatus(set(1), [pod(0, { revision: 'r2' })], ROLLING, NOW);
  assert.deepEqual([done.currentRevision, done.currentReplicas, done.updatedReplicas], ['r2', 1, 1]);
});
