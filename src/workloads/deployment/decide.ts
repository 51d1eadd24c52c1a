/** One step of a rollout: from the deployment and its replica sets as seen to the changes wanted now. The next step follows the next event. */
import { getCondition } from '../../kube/conditions.ts';
import { ownerReference } from '../../kube/owners.ts';
import type { Deployment, ReplicaSet } from '../../kube/types.ts';
import { sameValue } from '../shared/equal.ts';
import { POD_TEMPLATE_HASH, sameTemplate, templateHash } from '../shared/template-hash.ts';
import { copiedAnnotations, DESIRED_REPLICAS, MAX_REPLICAS, REVISION, REVISION_HISTORY, revisionOf, type Sizing } from './names.ts';
import { byAge, isRollingUpdate, maxReplicas, newSetReplicas, replicasOf, scaleInProportion, shrinkOld, type Sizes } from './sizes.ts';
import { countReplicas, deadlineSeconds, isComplete, rolloutStatus, setDeploymentCondition, type DeploymentStatus } from './status.ts';

export interface Plan {
  /** The replica set of the current template, to be made. */
  create?: ReplicaSet;
  /** Replica sets to change. */
  update: Map<ReplicaSet, Sizing>;
  /** Old ones past the history limit. */
  remove: ReplicaSet[];
  /** The revision the deployment should carry. */
  revision?: string;
  status: DeploymentStatus;
}

/** `oldPodsRunning`: pods of sets other than the newest are still there (only Recreate asks). */
export function decide(deployment: Deployment, sets: readonly ReplicaSet[], oldPodsRunning: boolean, nowMs: number): Plan {
  const newSet = [...sets].toSorted(byAge).find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));
  const old = sets.filter((set) => set !== newSet);
  const plan: Plan = { update: new Map(), remove: [], status: {} };
  if (deployment.metadata.deletionTimestamp !== undefined) return { ...plan, status: countReplicas(deployment, sets, newSet, nowMs) };
  if (newSet !== undefined) syncNewSet(plan, deployment, newSet, old);
  const noted: Deployment = { ...deployment, status: notePause(deployment, nowMs) };
  const paused = deployment.spec?.paused === true;
  const resized = sets.some((set) => {
    const desired = set.metadata.annotations?.[DESIRED_REPLICAS];
    return replicasOf(set) > 0 && desired !== undefined && Number(desired) !== replicasOf(deployment);
  });
  if (paused || resized) {
    resize(plan, deployment, scaleInProportion(deployment, newSet, old));
    for (const set of sets) if (replicasOf(set) > 0) annotate(plan, deployment, set);
    plan.status = countReplicas(noted, sets, newSet, nowMs);
    if (paused) plan.remove = beyondHistory(deployment, old);
    return plan;
  }
  if (isRollingUpdate(deployment)) roll(plan, deployment, newSet, old);
  else recreate(plan, deployment, newSet, old, oldPodsRunning);
  const all = plan.create === undefined ? sets : [...sets, plan.create];
  plan.status = rolloutStatus(noted, all, newSet ?? plan.create, nowMs);
  noteNewSet(plan.status, deployment, newSet, plan.create, nowMs);
  if (isComplete(deployment, plan.status)) plan.remove = beyondHistory(deployment, old);
  return plan;
}

function roll(plan: Plan, deployment: Deployment, newSet: ReplicaSet | undefined, old: readonly ReplicaSet[]): void {
  if (newSet === undefined) {
    plan.create = buildNewSet(deployment, old, newSetReplicas(deployment, old, 0));
    return;
  }
  const size = newSetReplicas(deployment, [...old, newSet], replicasOf(newSet));
  // Up and down never in one step: what comes up must be seen before something goes down for it.
  if (size !== replicasOf(newSet)) resize(plan, deployment, new Map([[newSet, size]]));
  else resize(plan, deployment, shrinkOld(deployment, newSet, old));
}

function recreate(plan: Plan, deployment: Deployment, newSet: ReplicaSet | undefined, old: readonly ReplicaSet[], oldPodsRunning: boolean): void {
  const active = old.filter((set) => replicasOf(set) > 0);
  if (active.length > 0) return resize(plan, deployment, new Map(active.map((set) => [set, 0])));
  if (oldPodsRunning) return;
  if (newSet === undefined) plan.create = buildNewSet(deployment, old, replicasOf(deployment));
  else if (replicasOf(newSet) !== replicasOf(deployment)) resize(plan, deployment, new Map([[newSet, replicasOf(deployment)]]));
}

/** The set of the current template: name and label by the template's hash, next revision. */
export function buildNewSet(deployment: Deployment, old: readonly ReplicaSet[], replicas: number): ReplicaSet {
  const spec = deployment.spec;
  const hash = templateHash(spec?.template, deployment.status?.collisionCount ?? 0);
  const template = { ...spec?.template, metadata: { ...spec?.template?.metadata, labels: { ...spec?.template?.metadata?.labels, [POD_TEMPLATE_HASH]: hash } } };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name ?? ''}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels: template.metadata.labels,
      annotations: { ...copiedAnnotations(deployment), ...sizeAnnotations(deployment), [REVISION]: String(nextRevision(old)) },
      ownerReferences: [ownerReference(deployment, { controller: true })],
    },
    spec: {
      replicas,
      ...(spec?.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: { ...spec?.selector, matchLabels: { ...spec?.selector?.matchLabels, [POD_TEMPLATE_HASH]: hash } },
      template,
    },
  } as ReplicaSet;
}

function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

function sizeAnnotations(deployment: Deployment): Record<string, string> {
  return { [DESIRED_REPLICAS]: String(replicasOf(deployment)), [MAX_REPLICAS]: String(maxReplicas(deployment)) };
}

/** The current template's set carries the highest revision (also after a rollback) and the deployment's annotations. */
function syncNewSet(plan: Plan, deployment: Deployment, newSet: ReplicaSet, old: readonly ReplicaSet[]): void {
  const had = newSet.metadata.annotations ?? {};
  const annotations = { ...had, ...copiedAnnotations(deployment) };
  const revision = nextRevision(old);
  if (revisionOf(newSet) < revision) {
    if (revisionOf(newSet) > 0) annotations[REVISION_HISTORY] = [had[REVISION_HISTORY], String(revisionOf(newSet))].filter(Boolean).join(',');
    annotations[REVISION] = String(revision);
  }
  if (!sameValue(annotations, had)) plan.update.set(newSet, { replicas: replicasOf(newSet), annotations });
  const current = annotations[REVISION];
  if (current !== undefined && deployment.metadata.annotations?.[REVISION] !== current) plan.revision = current;
}

function resize(plan: Plan, deployment: Deployment, sizes: Sizes): void {
  for (const [set, replicas] of sizes) {
    const annotations = plan.update.get(set)?.annotations ?? set.metadata.annotations ?? {};
    plan.update.set(set, { replicas, annotations: { ...annotations, ...sizeAnnotations(deployment) } });
  }
}

/** Notes the deployment's size on a set, so that the next resize is seen as one. */
function annotate(plan: Plan, deployment: Deployment, set: ReplicaSet): void {
  const planned = plan.update.get(set) ?? { replicas: replicasOf(set), annotations: set.metadata.annotations ?? {} };
  const annotations = { ...planned.annotations, ...sizeAnnotations(deployment) };
  if (plan.update.has(set) || !sameValue(annotations, set.metadata.annotations)) plan.update.set(set, { ...planned, annotations });
}

/** A pause stops the deadline; resuming starts it anew. Noted before anything else: so the condition comes first. */
function notePause(deployment: Deployment, nowMs: number): DeploymentStatus {
  const status: DeploymentStatus = { ...deployment.status };
  const progressing = getCondition(status.conditions, 'Progressing');
  if (deadlineSeconds(deployment) === undefined || progressing?.reason === 'ProgressDeadlineExceeded') return status;
  const paused = deployment.spec?.paused === true;
  if (paused && progressing?.reason !== 'DeploymentPaused') {
    setDeploymentCondition(status, { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }, nowMs);
  } else if (!paused && progressing?.reason === 'DeploymentPaused') {
    setDeploymentCondition(status, { type: 'Progressing', status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' }, nowMs);
  }
  return status;
}

function noteNewSet(status: DeploymentStatus, deployment: Deployment, newSet: ReplicaSet | undefined, created: ReplicaSet | undefined, nowMs: number): void {
  if (deadlineSeconds(deployment) === undefined) return;
  if (created !== undefined) {
    const message = `Created new replica set "${created.metadata.name ?? ''}"`;
    setDeploymentCondition(status, { type: 'Progressing', status: 'True', reason: 'NewReplicaSetCreated', message }, nowMs);
  } else if (newSet !== undefined && getCondition(status.conditions, 'Progressing') === undefined) {
    const message = `Found new replica set "${newSet.metadata.name ?? ''}"`;
    setDeploymentCondition(status, { type: 'Progressing', status: 'True', reason: 'FoundNewReplicaSet', message }, nowMs);
  }
}

/** Finished old sets, lowest revisions first, as many as there are too many. */
function beyondHistory(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const kept = old.filter((set) => set.metadata.deletionTimestamp === undefined).toSorted((a, b) => revisionOf(a) - revisionOf(b));
  return kept
    .slice(0, Math.max(0, kept.length - limit))
    .filter((set) => (set.status?.replicas ?? 0) === 0 && replicasOf(set) === 0 && (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0));
}
