/** What a deployment says about its rollout: counts and conditions with upstream's reasons and texts (pkg/controller/deployment/progress.go). */
import { getCondition } from '../../kube/conditions.ts';
import type { Deployment, ReplicaSet } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import { limits, replicasOf } from './sizes.ts';

export type DeploymentStatus = NonNullable<Deployment['status']>;
export type DeploymentCondition = NonNullable<DeploymentStatus['conditions']>[number];

/** `spec.progressDeadlineSeconds` with this value means none. */
const NO_DEADLINE = 2 ** 31 - 1;

export function deadlineSeconds(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds ?? 600;
  return seconds >= NO_DEADLINE ? undefined : seconds;
}

/** Counts and the Available condition. `sets` are all replica sets, the new one among them. */
export function countReplicas(deployment: Deployment, sets: readonly ReplicaSet[], newSet: ReplicaSet | undefined, nowMs: number): DeploymentStatus {
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas') => sets.reduce((n, set) => n + (set.status?.[field] ?? 0), 0);
  const available = sum('availableReplicas');
  const wantedPods = sets.reduce((n, set) => n + replicasOf(set), 0);
  const status: DeploymentStatus = {
    ...(deployment.metadata.generation === undefined ? {} : { observedGeneration: deployment.metadata.generation }),
    ...nonZero('replicas', sum('replicas')),
    ...nonZero('updatedReplicas', newSet?.status?.replicas ?? 0),
    ...nonZero('readyReplicas', sum('readyReplicas')),
    ...nonZero('availableReplicas', available),
    ...nonZero('unavailableReplicas', Math.max(0, wantedPods - available)),
    ...nonZero('collisionCount', deployment.status?.collisionCount ?? 0),
    conditions: [...(deployment.status?.conditions ?? [])],
  };
  const enough = available >= replicasOf(deployment) - limits(deployment).maxUnavailable;
  setDeploymentCondition(
    status,
    enough
      ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
      : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' },
    nowMs,
  );
  return status;
}

/** Omitted from the API when 0, as upstream. */
function nonZero(field: keyof DeploymentStatus, count: number): DeploymentStatus {
  return count === 0 ? {} : { [field]: count };
}

/** Counts, and how the rollout goes. */
export function rolloutStatus(deployment: Deployment, sets: readonly ReplicaSet[], newSet: ReplicaSet | undefined, nowMs: number): DeploymentStatus {
  const status = countReplicas(deployment, sets, newSet, nowMs);
  const deadline = deadlineSeconds(deployment);
  const current = getCondition(status.conditions, 'Progressing');
  const subject = newSet === undefined ? `Deployment "${deployment.metadata.name ?? ''}"` : `ReplicaSet "${newSet.metadata.name ?? ''}"`;
  const finished = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable';
  if (deadline === undefined) {
    status.conditions = status.conditions?.filter((condition) => condition.type !== 'Progressing');
  } else if (!finished) {
    if (isComplete(deployment, status)) {
      setDeploymentCondition(
        status,
        { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: `${subject} has successfully progressed.` },
        nowMs,
      );
    } else if (isProgressing(deployment, status)) {
      // Every step forward starts the deadline anew, so the old condition must not hold its time.
      const kept = current?.status === 'True' ? current.lastTransitionTime : undefined;
      status.conditions = status.conditions?.filter((condition) => condition.type !== 'Progressing');
      setDeploymentCondition(status, { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: `${subject} is progressing.` }, nowMs, kept);
    } else if (isTimedOut(deployment, current, nowMs)) {
      setDeploymentCondition(
        status,
        { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: `${subject} has timed out progressing.` },
        nowMs,
      );
    }
  }
  const failure = replicaFailure(sets, newSet);
  if (failure === undefined) status.conditions = status.conditions?.filter((condition) => condition.type !== 'ReplicaFailure');
  else setDeploymentCondition(status, failure, nowMs);
  return status;
}

/** The new set's failure, else any other's. */
function replicaFailure(sets: readonly ReplicaSet[], newSet: ReplicaSet | undefined): DeploymentCondition | undefined {
  for (const set of newSet === undefined ? sets : [newSet, ...sets]) {
    const found = getCondition(set.status?.conditions, 'ReplicaFailure');
    if (found !== undefined)
      return {
        type: 'ReplicaFailure',
        status: found.status,
        ...(found.reason ? { reason: found.reason } : {}),
        ...(found.message ? { message: found.message } : {}),
      };
  }
  return undefined;
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function isProgressing(deployment: Deployment, next: DeploymentStatus): boolean {
  const old = deployment.status ?? {};
  const outdated = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    outdated(next) < outdated(old) ||
    (next.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  );
}

function isTimedOut(deployment: Deployment, progressing: DeploymentCondition | undefined, nowMs: number): boolean {
  if (progressing === undefined || progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.reason === 'ProgressDeadlineExceeded') return true;
  const left = msUntilDeadline(deployment, progressing, nowMs);
  return left !== undefined && left < 0;
}

/** Undefined when no deadline runs; negative when it has passed. */
export function msUntilDeadline(deployment: Deployment, progressing: DeploymentCondition | undefined, nowMs: number): number | undefined {
  const seconds = deadlineSeconds(deployment);
  const since = Date.parse(progressing?.lastUpdateTime ?? '');
  if (seconds === undefined || !Number.isFinite(since) || deployment.spec?.paused) return undefined;
  return since + seconds * 1000 - nowMs;
}

/** Same status and reason: left alone, so that its times and its first message stay. */
export function setDeploymentCondition(status: DeploymentStatus, condition: DeploymentCondition, nowMs: number, transitionTime?: string): void {
  const current = getCondition(status.conditions, condition.type);
  if (current !== undefined && current.status === condition.status && current.reason === condition.reason) return;
  const now = timestamp(nowMs);
  const lastTransitionTime = transitionTime ?? (current?.status === condition.status ? (current.lastTransitionTime ?? now) : now);
  const others = (status.conditions ?? []).filter((other) => other.type !== condition.type);
  status.conditions = [...others, { ...condition, lastUpdateTime: now, lastTransitionTime }];
}
