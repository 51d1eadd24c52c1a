/** What a replica set should do about its pods, and what it should say about them. */
import { isPodAvailable, isPodReady } from '../../kube/pods.ts';
import type { KubeObject, Pod, PodTemplateSpec, ReplicaSet } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import { deletionOrder } from '../shared/deletion-rank.ts';
import { isActive } from '../shared/pod-control.ts';

/** No more creates or deletes than this in one go (upstream's BurstReplicas). */
const BURST = 500;

export type ReplicaSetStatus = NonNullable<ReplicaSet['status']>;

/** What replica sets and replication controllers have in common. */
export interface Replicated extends KubeObject {
  spec?: { replicas?: number; minReadySeconds?: number; template?: PodTemplateSpec };
  status?: ReplicaSetStatus;
}

export type ReplicaChange = { create: number } | { delete: Pod[] } | undefined;

/** `related`: pods of all replica sets of the same deployment, to spread deletions over nodes; asked only when pods are to go. */
export function decideReplicas(replicaSet: Replicated, pods: readonly Pod[], related: () => readonly Pod[], nowMs: number): ReplicaChange {
  const active = pods.filter(isActive);
  const missing = (replicaSet.spec?.replicas ?? 1) - active.length;
  if (missing > 0) return { create: Math.min(missing, BURST) };
  if (missing === 0) return undefined;
  return { delete: deletionOrder(active, related().filter(isActive), nowMs).slice(0, Math.min(-missing, BURST)) };
}

/** `failure` is why pods could not be created or deleted just now. */
export function replicaSetStatus(
  replicaSet: Replicated,
  pods: readonly Pod[],
  nowMs: number,
  failure?: { reason: 'FailedCreate' | 'FailedDelete'; message: string },
): ReplicaSetStatus {
  const active = pods.filter(isActive);
  const templateLabels = Object.entries(replicaSet.spec?.template?.metadata?.labels ?? {});
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  const conditions = (replicaSet.status?.conditions ?? []).filter((condition) => condition.type !== 'ReplicaFailure');
  if (failure !== undefined) {
    const old = replicaSet.status?.conditions?.find((condition) => condition.type === 'ReplicaFailure');
    // Kept as it was first said: a message that changes with every try would be a write with every try.
    conditions.push(old ?? { type: 'ReplicaFailure', status: 'True', ...failure, lastTransitionTime: timestamp(nowMs) });
  }
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => templateLabels.every(([key, value]) => pod.metadata.labels?.[key] === value)).length,
    readyReplicas: active.filter((pod) => isPodReady(pod)).length,
    availableReplicas: active.filter((pod) => isPodAvailable(pod, minReadySeconds, nowMs)).length,
    ...(replicaSet.metadata.generation === undefined ? {} : { observedGeneration: replicaSet.metadata.generation }),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

/** Some ready pods are not available yet: look again when the first may be. Undefined when nothing is waited for. */
export function msUntilAvailable(pods: readonly Pod[], minReadySeconds: number, nowMs: number): number | undefined {
  if (minReadySeconds <= 0) return undefined;
  let soonest: number | undefined;
  for (const pod of pods) {
    if (!isActive(pod) || !isPodReady(pod) || isPodAvailable(pod, minReadySeconds, nowMs)) continue;
    const ready = pod.status?.conditions?.find((condition) => condition.type === 'Ready');
    const at = Date.parse(ready?.lastTransitionTime ?? '') + minReadySeconds * 1000;
    if (Number.isFinite(at) && (soonest === undefined || at < soonest)) soonest = at;
  }
  return soonest === undefined ? undefined : Math.max(1, soonest - nowMs);
}
