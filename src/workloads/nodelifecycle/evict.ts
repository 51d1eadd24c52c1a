/** When a pod must leave a node with NoExecute taints (upstream's tainteviction). */
import type { Pod } from '../../kube/types.ts';
import type { Taint } from './decide.ts';

type Toleration = NonNullable<NonNullable<Pod['spec']>['tolerations']>[number];

export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  // An empty key without Exists matches nothing upstream's validation lets through.
  return toleration.key !== undefined && (toleration.value ?? '') === (taint.value ?? '');
}

/**
 * Epoch ms at which the pod has to go; undefined when it may stay.
 * What is tolerated runs from when both the taint and the pod were on the node, by their own times, so that a restart of the
 * controller does not give extra time.
 */
export function evictionTime(pod: Pod, taints: readonly Taint[], nowMs: number): number | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) return undefined;
  let earliest: number | undefined;
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue;
    const tolerations = (pod.spec?.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
    if (tolerations.length === 0) return nowMs;
    const seconds = tolerations.flatMap((t) => (t.tolerationSeconds === undefined ? [] : [t.tolerationSeconds]));
    if (seconds.length === 0) continue;
    const added = Date.parse(taint.timeAdded ?? '');
    const since = Number.isFinite(added) ? Math.max(added, placedAt(pod)) : nowMs;
    const at = since + Math.max(0, Math.min(...seconds)) * 1000;
    if (earliest === undefined || at < earliest) earliest = at;
  }
  return earliest;
}

/** Epoch ms at which the pod was bound, 0 when that is not known. */
function placedAt(pod: Pod): number {
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled' && condition.status === 'True');
  return Date.parse(scheduled?.lastTransitionTime ?? pod.metadata.creationTimestamp ?? '') || 0;
}
