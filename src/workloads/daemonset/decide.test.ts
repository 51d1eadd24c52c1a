import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DaemonSet, Node, Pod } from '../../kube/types.ts';
import { daemonSetStatus, daemonTemplate, placePods, rollPods, targetNode } from './decide.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

function daemonSet(spec: Partial<NonNullable<DaemonSet['spec']>> = {}): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'd', generation: 1 },
    spec: { selector: {}, template: { spec: { containers: [], nodeSelector: { disk: 'ssd' } } }, ...spec },
  };
}

function node(name: string, labels: Record<string, string> = { disk: 'ssd' }, taints: NonNullable<Node['spec']>['taints'] = []): Node {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: { taints } };
}

function pod(name: string, nodeName: string, hash = 'new', more: { phase?: string; ready?: boolean } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { 'controller-revision-hash': hash }, creationTimestamp: `2026-01-01T11:00:0${name.length}Z` },
    spec: { containers: [], nodeName },
    status: {
      phase: (more.phase ?? 'Running') as 'Running',
      conditions: [{ type: 'Ready', status: more.ready === false ? 'False' : 'True', lastTransitionTime: '2026-01-01T11:00:00Z' }],
    },
  };
}

const at = (...pods: Pod[]) => Map.groupBy(pods, (p) => targetNode(p) ?? '');

test('one pod a node that matches and is tolerated', () => {
  const nodes = [
    node('a'),
    node('b', {}),
    node('c', { disk: 'ssd' }, [{ key: 'x', effect: 'NoSchedule' }]),
    node('d', { disk: 'ssd' }, [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }]),
  ];
  assert.deepEqual(placePods(daemonSet(), nodes, at()).create, ['a', 'd']);
  assert.deepEqual(placePods(daemonSet(), nodes, at(pod('p', 'a'), pod('p', 'd'))), { create: [], remove: [], failed: [] });
});

test('a pod stays on a node that only keeps new ones out, and leaves one it may not be on', () => {
  const kept = placePods(daemonSet(), [node('a', { disk: 'ssd' }, [{ key: 'x', effect: 'NoSchedule' }])], at(pod('p', 'a')));
  assert.equal(kept.remove.length, 0);
  assert.equal(placePods(daemonSet(), [node('a', {})], at(pod('p', 'a'))).remove.length, 1);
});

test('doubles and failed pods are removed', () => {
  const changes = placePods(daemonSet(), [node('a'), node('b')], at(pod('p', 'a'), pod('pp', 'a'), pod('f', 'b', 'new', { phase: 'Failed' })));
  assert.deepEqual(
    changes.remove.map((p) => p.metadata.name),
    ['pp', 'f'],
  );
  assert.equal(changes.failed.length, 1);
});

test('the pod is pinned to its node by name', () => {
  const template = daemonTemplate(daemonSet(), 'a', 'hash');
  assert.equal(targetNode({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: template.spec! }), 'a');
  assert.equal(template.metadata?.labels?.['controller-revision-hash'], 'hash');
});

test('an update replaces maxUnavailable pods at a time, broken ones first', () => {
  const nodes = ['a', 'b', 'c'].map((name) => node(name));
  assert.equal(rollPods(daemonSet(), nodes, at(pod('p', 'a', 'old'), pod('p', 'b', 'old'), pod('p', 'c', 'old')), 'new', NOW).remove.length, 1);
  assert.equal(rollPods(daemonSet(), nodes, at(pod('p', 'b', 'old'), pod('p', 'c', 'old')), 'new', NOW).remove.length, 0);
  const broken = rollPods(daemonSet(), nodes, at(pod('p', 'a', 'old', { ready: false }), pod('p', 'b', 'old'), pod('p', 'c', 'old')), 'new', NOW);
  assert.deepEqual(
    broken.remove.map((p) => p.spec?.nodeName),
    ['a'],
  );
});

test('the status counts nodes, not pods', () => {
  const status = daemonSetStatus(
    daemonSet(),
    [node('a'), node('b'), node('c', {})],
    at(pod('p', 'a'), pod('p', 'b', 'old', { ready: false }), pod('p', 'c')),
    'new',
    NOW,
  );
  assert.deepEqual(status, {
    desiredNumberScheduled: 2,
    currentNumberScheduled: 2,
    numberMisscheduled: 1,
    numberReady: 1,
    updatedNumberScheduled: 1,
    numberAvailable: 1,
    numberUnavailable: 1,
    observedGeneration: 1,
  });
});
