import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../kube/types.ts';
import { buildNewSet, decide } from './decide.ts';
import { DESIRED_REPLICAS, MAX_REPLICAS, REVISION } from './names.ts';
import { limits, maxReplicas, newSetReplicas, replicasOf, scaleInProportion, shrinkOld } from './sizes.ts';

const NOW = Date.UTC(2026, 0, 1);

function template(image: string): PodTemplateSpec {
  return { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } };
}

function deployment(replicas: number, spec: Partial<NonNullable<Deployment['spec']>> = {}, image = 'web:1'): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', uid: 'd', generation: 1 },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template(image), ...spec },
  };
}

function replicaSet(owner: Deployment, image: string, replicas: number, available = replicas, revision = '1', desired = replicasOf(owner)): ReplicaSet {
  const built = buildNewSet({ ...owner, spec: { ...owner.spec!, template: template(image) } }, [], replicas);
  return {
    ...built,
    metadata: {
      ...built.metadata,
      uid: image,
      generation: 1,
      creationTimestamp: `2026-01-0${revision}T00:00:00Z`,
      annotations: { [REVISION]: revision, [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + limits(owner).maxSurge) },
    },
    status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 },
  };
}

test('a new deployment gets a replica set of full size, with hash and revision', () => {
  const plan = decide(deployment(3), [], false, NOW);
  assert.equal(plan.create?.spec?.replicas, 3);
  assert.match(plan.create?.metadata.name ?? '', /^web-[bcdfghjklmnpqrstvwxz2456789]{5,10}$/);
  assert.equal(plan.create?.metadata.annotations?.[REVISION], '1');
  assert.equal(plan.create?.spec?.selector.matchLabels?.['pod-template-hash'], plan.create?.spec?.template?.metadata?.labels?.['pod-template-hash']);
  const reasons = plan.status.conditions?.map((c) => `${c.type} ${c.status} ${c.reason}`);
  assert.deepEqual(reasons, ['Available False MinimumReplicasUnavailable', 'Progressing True NewReplicaSetCreated']);
  assert.equal(plan.status.unavailableReplicas, 3);
});

test('a finished rollout is said to be available, with upstream texts', () => {
  const d = deployment(3);
  const plan = decide(d, [replicaSet(d, 'web:1', 3)], false, NOW);
  const set = replicaSet(d, 'web:1', 3).metadata.name;
  assert.deepEqual(
    plan.status.conditions?.map((c) => c.message),
    ['Deployment has minimum availability.', `ReplicaSet "${set}" has successfully progressed.`],
  );
  assert.deepEqual(
    plan.status.conditions?.map((c) => c.reason),
    ['MinimumReplicasAvailable', 'NewReplicaSetAvailable'],
  );
  assert.equal(plan.update.size, 0);
});

test('a new template starts with the surge and leaves the old set alone in that step', () => {
  const d = deployment(4, {}, 'web:2');
  const plan = decide(d, [replicaSet(d, 'web:1', 4)], false, NOW);
  assert.equal(plan.create?.spec?.replicas, 1);
  assert.equal(plan.create?.metadata.annotations?.[REVISION], '2');
  assert.equal(plan.update.size, 0);
});

test('going back to an old template raises its revision and keeps its history', () => {
  const d = deployment(4, {}, 'web:1');
  const old = replicaSet(d, 'web:1', 0, 0, '1');
  const plan = decide(d, [old, replicaSet(d, 'web:2', 4, 4, '2')], false, NOW);
  assert.equal(plan.create, undefined);
  assert.equal(plan.update.get(old)?.annotations[REVISION], '3');
  assert.equal(plan.update.get(old)?.annotations['deployment.kubernetes.io/revision-history'], '1');
  assert.equal(plan.update.get(old)?.replicas, 1);
  assert.equal(plan.revision, '3');
});

test('Recreate empties the old sets, waits for their pods, then makes the new set', () => {
  const d = deployment(2, { strategy: { type: 'Recreate' } }, 'web:2');
  const old = replicaSet(d, 'web:1', 2);
  const first = decide(d, [old], true, NOW);
  assert.equal(first.create, undefined);
  assert.equal(first.update.get(old)?.replicas, 0);
  const empty = replicaSet(d, 'web:1', 0);
  assert.equal(decide(d, [empty], true, NOW).create, undefined);
  assert.equal(decide(d, [empty], false, NOW).create?.spec?.replicas, 2);
});

test('a paused deployment is resized but not rolled out', () => {
  const d = deployment(5, { paused: true }, 'web:2');
  const old = replicaSet(d, 'web:1', 3, 3, '1', 3);
  const plan = decide(d, [old], false, NOW);
  assert.equal(plan.create, undefined);
  assert.equal(plan.update.get(old)?.replicas, 5);
  assert.deepEqual(
    plan.status.conditions?.map(({ type, reason }) => [type, reason]),
    [
      ['Progressing', 'DeploymentPaused'],
      ['Available', 'MinimumReplicasUnavailable'],
    ],
  );
});

test('a rollout that stands still past its deadline is said to have timed out', () => {
  const d = deployment(1, { progressDeadlineSeconds: 60 }, 'web:2');
  const sets = [replicaSet(d, 'web:1', 1), replicaSet(d, 'web:2', 1, 0, '2')];
  const started = decide(d, sets, false, NOW);
  const waiting = { ...d, status: started.status };
  assert.equal(decide(waiting, sets, false, NOW + 59_000).status.conditions?.find((c) => c.type === 'Progressing')?.reason, 'ReplicaSetUpdated');
  const late = decide(waiting, sets, false, NOW + 62_000).status.conditions?.find((c) => c.type === 'Progressing');
  assert.equal(`${late?.status} ${late?.reason}`, 'False ProgressDeadlineExceeded');
});

test('finished sets beyond the history limit go, lowest revisions first', () => {
  const d = deployment(1, { revisionHistoryLimit: 1 }, 'web:4');
  const sets = ['1', '2', '3'].map((n) => replicaSet(d, `web:${n}`, 0, 0, n));
  const plan = decide(d, [...sets, replicaSet(d, 'web:4', 1, 1, '4')], false, NOW);
  assert.deepEqual(plan.remove, sets.slice(0, 2));
});

test('a resize in the middle of a rollout is shared in proportion', () => {
  // The example of the Kubernetes documentation: 10 replicas, surge 3, unavailable 2, 8 old and 5 new, scaled to 15: 3 go to the old, 2 to the new.
  const strategy = { type: 'RollingUpdate' as const, rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } };
  const before = deployment(10, { strategy });
  const after = deployment(15, { strategy }, 'web:2');
  const old = replicaSet(before, 'web:1', 8, 8, '1');
  const fresh = replicaSet(before, 'web:2', 5, 0, '2');
  assert.deepEqual([...scaleInProportion(after, fresh, [old]).values()], [11, 7]);
});

test('whatever is available, a rolling update keeps to surge and minimum and comes to its end', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 5 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (replicas, maxSurge, maxUnavailable, chance) => {
        const strategy = { type: 'RollingUpdate' as const, rollingUpdate: { maxSurge, maxUnavailable } };
        const d = deployment(replicas, { strategy }, 'web:2');
        const bounds = limits(d);
        let old = replicaSet(d, 'web:1', replicas, replicas, '1');
        let fresh = replicaSet(d, 'web:2', 0, 0, '2');
        const resize = (set: ReplicaSet, size: number): ReplicaSet => {
          const available = Math.min(set.status?.availableReplicas ?? 0, size);
          return { ...set, spec: { ...set.spec!, replicas: size }, status: { ...set.status, replicas: size, availableReplicas: available } };
        };
        for (let step = 0; step < 500; step++) {
          const size = newSetReplicas(d, [old, fresh], replicasOf(fresh));
          if (size !== replicasOf(fresh)) fresh = resize(fresh, size);
          else old = resize(old, shrinkOld(d, fresh, [old]).get(old) ?? replicasOf(old));
          const available = (old.status?.availableReplicas ?? 0) + (fresh.status?.availableReplicas ?? 0);
          assert.ok(replicasOf(old) + replicasOf(fresh) <= maxReplicas(d));
          assert.ok(available >= replicas - bounds.maxUnavailable);
          if (replicasOf(old) === 0 && fresh.status?.availableReplicas === replicas) return;
          // Some of the new pods become available.
          const more = Math.ceil(chance.next().value! * (replicasOf(fresh) - (fresh.status?.availableReplicas ?? 0)));
          fresh = {
            ...fresh,
            status: { ...fresh.status, replicas: replicasOf(fresh), availableReplicas: (fresh.status?.availableReplicas ?? 0) + Math.max(0, more) },
          };
        }
        assert.fail('the rollout did not come to its end');
      },
    ),
    { numRuns: 100 },
  );
});
