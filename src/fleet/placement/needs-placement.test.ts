import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BindingSpec, BindingStatus, ResourceBinding } from '../kinds/binding.ts';
import type { Placement } from '../kinds/policy.ts';
import { APPLIED_PLACEMENT } from '../kinds/marks.ts';
import { isFresh, needsPlacement } from './needs-placement.ts';
import { DYNAMIC, staticPlacement, weights } from './testing/worlds.ts';

function binding(placement: Placement, spec: Partial<BindingSpec>, applied: unknown = placement, status: BindingStatus = {}): ResourceBinding {
  return {
    apiVersion: 'work.karmada.io/v1alpha2',
    kind: 'ResourceBinding',
    metadata: {
      name: 'hello-deployment',
      annotations: applied === undefined ? {} : { [APPLIED_PLACEMENT]: typeof applied === 'string' ? applied : JSON.stringify(applied) },
    },
    spec: { resource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'hello' }, placement, ...spec },
    status,
  };
}

const stays = () => false;
const PLACED: Partial<BindingSpec> = {
  replicas: 3,
  clusters: [
    { name: 'us', replicas: 2 },
    { name: 'eu', replicas: 1 },
  ],
};

test('a binding that is placed as wanted is left alone', () => {
  assert.equal(needsPlacement(binding(DYNAMIC, PLACED), stays), undefined);
  assert.equal(needsPlacement(binding(DYNAMIC, PLACED, { replicaScheduling: { ...DYNAMIC.replicaScheduling } }), stays), undefined);
});

test('a binding that was never placed, or by another placement, is placed', () => {
  assert.equal(needsPlacement(binding(DYNAMIC, PLACED, ''), stays), 'placement changed');
  assert.equal(needsPlacement(binding(DYNAMIC, PLACED, 'nonsense'), stays), 'placement changed');
  assert.equal(needsPlacement(binding(DYNAMIC, PLACED, 'null'), stays), 'placement changed');
  assert.equal(needsPlacement(binding(DYNAMIC, PLACED, staticPlacement(weights({ us: 1 }))), stays), 'placement changed');
  assert.equal(needsPlacement(binding({ ...DYNAMIC, clusterTolerations: [{ operator: 'Exists' }] }, PLACED, DYNAMIC), stays), 'placement changed');
});

test('only a change of the affinity term in use counts', () => {
  const terms = (...names: [string, string][]): Placement => ({
    ...DYNAMIC,
    clusterAffinities: names.map(([affinityName, cluster]) => ({ affinityName, clusterNames: [cluster] })),
  });
  const before = terms(['first', 'us'], ['second', 'eu']);
  const changed = (now: Placement, observed?: string) =>
    needsPlacement(binding(now, PLACED, before, observed === undefined ? {} : { schedulerObservingAffinityName: observed }), stays);
  assert.equal(changed(terms(['first', 'us'], ['second', 'ap']), 'first'), undefined);
  assert.equal(changed(terms(['first', 'ap'], ['second', 'eu']), 'first'), 'placement changed');
  assert.equal(changed(terms(['second', 'eu']), 'first'), 'placement changed');
  assert.equal(changed(terms(['first', 'us'], ['third', 'eu']), 'third'), 'placement changed');
  assert.equal(changed(terms(['first', 'us'], ['second', 'ap'])), 'placement changed');
});

test('a binding is placed when its replicas are not those placed', () => {
  assert.equal(needsPlacement(binding(DYNAMIC, { ...PLACED, replicas: 4 }), stays), 'replicas changed');
  assert.equal(needsPlacement(binding(DYNAMIC, { ...PLACED, replicas: 0 }), stays), 'replicas changed');
  const duplicated: Placement = { replicaScheduling: { replicaSchedulingType: 'Duplicated' } };
  const everywhere = (us: number, eu: number) => ({
    replicas: 3,
    clusters: [
      { name: 'us', replicas: us },
      { name: 'eu', replicas: eu },
    ],
  });
  assert.equal(needsPlacement(binding(duplicated, everywhere(3, 1)), stays), 'replicas changed');
  assert.equal(needsPlacement(binding(duplicated, everywhere(3, 3)), stays), 'it is duplicated');
  assert.equal(needsPlacement(binding(duplicated, { clusters: [{ name: 'us' }] }), stays), 'it has no replicas to divide');
});

test('scaled to nothing it stays in its place, but must have one', () => {
  const idle: Partial<BindingSpec> = { replicas: 0, clusters: [{ name: 'us', replicas: 0 }] };
  assert.equal(needsPlacement(binding(DYNAMIC, idle), stays), undefined);
  assert.equal(needsPlacement(binding(DYNAMIC, { replicas: 0 }), stays), 'replicas changed');
});

test('it is placed again when that is asked for, once', () => {
  const rescheduleTriggeredAt = '2026-01-02T00:00:00Z';
  const asked = (lastScheduledTime: string) => needsPlacement(binding(DYNAMIC, { ...PLACED, rescheduleTriggeredAt }, DYNAMIC, { lastScheduledTime }), stays);
  assert.equal(asked('2026-01-01T00:00:00Z'), 'rescheduling was asked for');
  assert.equal(asked('2026-01-02T00:00:00Z'), undefined);
  assert.equal(asked('2026-01-02T00:00:00.000001Z'), undefined);
  assert.equal(isFresh({ rescheduleTriggeredAt }, undefined), false);
  assert.equal(isFresh({}, { lastScheduledTime: rescheduleTriggeredAt }), false);
});

test('what every cluster gets is looked at each time, for clusters that joined', () => {
  assert.equal(needsPlacement(binding({}, PLACED), stays), 'it is duplicated');
  assert.equal(needsPlacement(binding(DYNAMIC, { clusters: [{ name: 'us' }] }), stays), 'it has no replicas to divide');
});

test('it is placed again when one of its clusters leaves, not when another does', () => {
  assert.equal(
    needsPlacement(binding(DYNAMIC, PLACED), (name) => name === 'eu'),
    'a cluster leaves',
  );
  assert.equal(
    needsPlacement(binding(DYNAMIC, PLACED), (name) => name === 'ap'),
    undefined,
  );
});
