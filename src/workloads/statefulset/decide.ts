/** One step of a stateful set: pods by ordinal, in order, one change at a time unless told otherwise (upstream's pkg/controller/statefulset). */
import { isPodAvailable, isPodReady } from '../../kube/pods.ts';
import type { Pod, PodTemplateSpec, StatefulSet } from '../../kube/types.ts';
import { REVISION_HASH } from '../shared/history.ts';

export interface StatefulSetPlan {
  /** Ordinals to make, with the revision to make them from. */
  create: { ordinal: number; revision: 'current' | 'update' }[];
  remove: Pod[];
}

/** Names of the two revisions in play; equal when nothing is being rolled out. */
export interface Revisions {
  current: string;
  update: string;
}

/** Undefined for a pod whose name is not one of the set's. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name ?? ''}-`;
  const rest = pod.metadata.name?.startsWith(prefix) ? pod.metadata.name.slice(prefix.length) : '';
  return /^\d+$/.test(rest) ? Number(rest) : undefined;
}

export function revisionNameOf(pod: Pod): string {
  return pod.metadata.labels?.[REVISION_HASH] ?? '';
}

function isHealthy(set: StatefulSet, pod: Pod, nowMs: number): boolean {
  return pod.metadata.deletionTimestamp === undefined && isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
}

export function decide(set: StatefulSet, pods: readonly Pod[], revisions: Revisions, nowMs: number): StatefulSetPlan {
  const plan: StatefulSetPlan = { create: [], remove: [] };
  if (set.metadata.deletionTimestamp !== undefined) return plan;
  const inOrder = set.spec?.podManagementPolicy !== 'Parallel';
  const start = set.spec?.ordinals?.start ?? 0;
  const end = start + (set.spec?.replicas ?? 1);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod) ?? -1, pod]));
  const partition = set.spec?.updateStrategy?.rollingUpdate?.partition ?? 0;
  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) {
      const old = set.spec?.updateStrategy?.type !== 'OnDelete' && ordinal < start + partition;
      plan.create.push({ ordinal, revision: old ? 'current' : 'update' });
    } else if ((pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') && pod.metadata.deletionTimestamp === undefined) plan.remove.push(pod);
    else if (!inOrder || isHealthy(set, pod, nowMs)) continue;
    // In order: nothing further before this one is there and healthy.
    if (inOrder) return withBrokenReplaced(plan, set, pod, revisions, ordinal >= partition);
  }
  const condemned = [...byOrdinal]
    .filter(([ordinal]) => ordinal >= end || (ordinal < start && ordinal >= 0))
    .toSorted(([a], [b]) => b - a)
    .map(([, pod]) => pod);
  for (const pod of condemned) {
    if (pod.metadata.deletionTimestamp === undefined) plan.remove.push(pod);
    if (inOrder) return plan;
  }
  if (set.spec?.updateStrategy?.type === 'OnDelete' || plan.create.length > 0 || plan.remove.length > 0) return plan;
  for (let ordinal = end - 1; ordinal >= start + partition; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) continue;
    if (revisionNameOf(pod) !== revisions.update && pod.metadata.deletionTimestamp === undefined) {
      plan.remove.push(pod);
      return plan;
    }
    if (!isHealthy(set, pod, nowMs)) return plan;
  }
  return plan;
}

/**
 * A pod of an old revision that does not become healthy would block its own replacement for ever; it may go at once.
 * (Upstream waits for the user to delete it; its documentation calls that a known issue.)
 */
function withBrokenReplaced(plan: StatefulSetPlan, set: StatefulSet, pod: Pod | undefined, revisions: Revisions, mayUpdate: boolean): StatefulSetPlan {
  const stuck = pod !== undefined && pod.metadata.deletionTimestamp === undefined && !isPodReady(pod) && revisionNameOf(pod) !== revisions.update;
  if (stuck && mayUpdate && set.spec?.updateStrategy?.type !== 'OnDelete' && !plan.remove.includes(pod)) plan.remove.push(pod);
  return plan;
}

/** The pod of an ordinal: stable name, host name and labels; volumes of claim templates by their claims. */
export function statefulTemplate(set: StatefulSet, template: PodTemplateSpec, ordinal: number, revisionName: string): PodTemplateSpec {
  const name = `${set.metadata.name ?? ''}-${ordinal}`;
  const spec = template.spec;
  const claims = (set.spec?.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? '');
  const volumes = [
    ...(spec?.volumes ?? []).filter((volume) => !claims.includes(volume.name)),
    ...claims.map((claim) => ({ name: claim, persistentVolumeClaim: { claimName: `${claim}-${name}` } })),
  ];
  return {
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        [REVISION_HASH]: revisionName,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
      },
    },
    spec: {
      ...spec,
      containers: spec?.containers ?? [],
      hostname: name,
      ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  };
}

export type StatefulSetStatus = NonNullable<StatefulSet['status']>;

export function statefulSetStatus(set: StatefulSet, pods: readonly Pod[], revisions: Revisions, nowMs: number): StatefulSetStatus {
  const start = set.spec?.ordinals?.start ?? 0;
  const wanted = set.spec?.replicas ?? 1;
  const created = pods.filter((pod) => pod.status?.phase !== undefined);
  const live = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const ready = created.filter((pod) => isPodReady(pod)).length;
  const updated = live.filter((pod) => revisionNameOf(pod) === revisions.update).length;
  const inRange = live.filter((pod) => {
    const ordinal = ordinalOf(set, pod) ?? -1;
    return ordinal >= start && ordinal < start + wanted && isPodReady(pod);
  });
  // The rollout is over: from now on the update revision is the current one.
  const done = updated === wanted && inRange.length === wanted && pods.length === wanted;
  const current = done ? revisions.update : revisions.current;
  const onCurrent = live.filter((pod) => revisionNameOf(pod) === current).length;
  return {
    replicas: created.length,
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    availableReplicas: created.filter((pod) => isPodAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs)).length,
    ...(onCurrent > 0 ? { currentReplicas: onCurrent } : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    currentRevision: current,
    updateRevision: revisions.update,
    collisionCount: set.status?.collisionCount ?? 0,
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
  };
}
