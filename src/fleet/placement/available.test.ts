import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceList } from '../../kube/quota/resource-list.ts';
import type { ResourceSummary } from '../kinds/cluster.ts';
import { availableReplicas } from './available.ts';
import { cluster } from './testing/worlds.ts';

const SUMMARY: ResourceSummary = {
  allocatable: { cpu: '10', memory: '20Gi', pods: '110', 'nvidia.com/gpu': 4 },
  allocated: { cpu: '2500m', memory: '4Gi', pods: '10' },
  allocating: { cpu: '500m', pods: '5', 'nvidia.com/gpu': 1 },
};

function room(resourceSummary: ResourceSummary | undefined, resourceRequest?: ResourceList): number | undefined {
  const member = cluster('m', {}, {}, resourceSummary ? { resourceSummary } : {});
  return availableReplicas(member, resourceRequest && { resourceRequest });
}

test('a cluster takes as many replicas as its scarcest resource allows', () => {
  const rows: [request: ResourceList | undefined, expected: number][] = [
    [undefined, 95],
    [{}, 95],
    [{ cpu: '100m' }, 70],
    [{ cpu: '3' }, 2],
    [{ cpu: '100m', memory: '1Gi' }, 16],
    [{ 'nvidia.com/gpu': 1 }, 3],
    [{ cpu: 0 }, 95],
    [{ cpu: '8' }, 0],
    [{ 'example.com/none': '1' }, 0],
  ];
  for (const [request, expected] of rows) assert.equal(room(SUMMARY, request), expected, JSON.stringify(request));
});

test('a cluster that is more than full takes none', () => {
  assert.equal(room({ allocatable: { pods: '10' }, allocating: { pods: '500' } }), 0);
  assert.equal(room({ allocatable: { pods: '10', cpu: '1' }, allocated: { cpu: '2' } }, { cpu: '1m' }), 0);
});

test('a cluster that tells nothing of pods takes none, one without a summary is not known', () => {
  assert.equal(room({ allocatable: { cpu: '10' } }, { cpu: '1' }), 0);
  assert.equal(room({ allocatable: { pods: '10' } }, { cpu: 0 }), 10);
  assert.equal(room({}), 0);
  assert.equal(room(undefined, { cpu: '1' }), undefined);
});

test('what is told is no more than a count of replicas can be', () => {
  assert.equal(room({ allocatable: { pods: '1E' } }), 2 ** 31 - 1);
});

test('a resource that a cluster reports in no known form counts as none of it', () => {
  assert.equal(room({ allocatable: { pods: '10', cpu: 'many' } }, { cpu: '1' }), 0);
  assert.equal(room({ allocatable: { pods: '10', cpu: '4' }, allocated: { cpu: 'some' } }, { cpu: '1' }), 4);
});
