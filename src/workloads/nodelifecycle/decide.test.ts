import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Pod } from '../../kube/types.ts';
import { unknownStatus, wantedTaints, type Taint } from './decide.ts';
import { evictionTime } from './evict.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

function node(ready: string | undefined, spec: Node['spec'] = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    spec,
    status: {
      conditions:
        ready === undefined
          ? []
          : [
              { type: 'Ready', status: ready },
              { type: 'MemoryPressure', status: 'False' },
            ],
    },
  };
}

const keys = (taints: Taint[] | undefined) => taints?.map((taint) => `${taint.key}:${taint.effect}`);

test('a node that is not ready is tainted, and untainted when it is', () => {
  assert.deepEqual(keys(wantedTaints(node('False'), true, NOW)), ['node.kubernetes.io/not-ready:NoSchedule', 'node.kubernetes.io/not-ready:NoExecute']);
  assert.deepEqual(keys(wantedTaints(node('Unknown'), true, NOW)), ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute']);
  const tainted = node('True', {
    taints: [
      { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
      { key: 'mine', effect: 'NoSchedule' },
    ],
  });
  assert.deepEqual(keys(wantedTaints(tainted, true, NOW)), ['mine:NoSchedule']);
  assert.equal(wantedTaints(node('True'), true, NOW), undefined);
});

test('while no node is ready, nothing is driven out', () => {
  assert.deepEqual(keys(wantedTaints(node('Unknown'), false, NOW)), ['node.kubernetes.io/unreachable:NoSchedule']);
});

test('a cordoned node has its taint', () => {
  assert.deepEqual(keys(wantedTaints(node('True', { unschedulable: true }), true, NOW)), ['node.kubernetes.io/unschedulable:NoSchedule']);
});

test('a silent node becomes Unknown in all it reports', () => {
  const status = unknownStatus(node('True'), NOW);
  assert.deepEqual(
    status?.conditions?.map((c) => `${c.type} ${c.status} ${c.reason}`),
    [
      'Ready Unknown NodeStatusUnknown',
      'MemoryPressure Unknown NodeStatusUnknown',
      'DiskPressure Unknown NodeStatusNeverUpdated',
      'PIDPressure Unknown NodeStatusNeverUpdated',
    ],
  );
  assert.equal(unknownStatus({ ...node('True'), status: status! }, NOW), undefined);
});

test('pods leave at once, after what they tolerate, or never', () => {
  const taint: Taint = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: new Date(NOW - 100_000).toISOString() };
  const pod = (tolerations: NonNullable<Pod['spec']>['tolerations']): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {},
    spec: { containers: [], tolerations },
  });
  assert.equal(evictionTime(pod([]), [taint], NOW), NOW);
  assert.equal(evictionTime(pod([{ key: taint.key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }]), [taint], NOW), NOW + 200_000);
  assert.equal(evictionTime(pod([{ operator: 'Exists' }]), [taint], NOW), undefined);
  assert.equal(evictionTime(pod([]), [{ ...taint, effect: 'NoSchedule' }], NOW), undefined);
});
