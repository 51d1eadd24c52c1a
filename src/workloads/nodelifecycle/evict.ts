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
 * The time is the taint's own plus what is tolerated, so that a restart of the controller does not give extra time.
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
    const at = (Number.isFinite(added) ? added : nowMs) + Math.max(0, Math.min(...seconds)) * 1000;
    if (earliest === undefined || at < earliest) earliest = at;
  }
  return earliest;
}
