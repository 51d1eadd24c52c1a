/** What the autoscaler asks about a pod. */
import { getCondition } from '../../kube/conditions.ts';
import { controllerOf } from '../../kube/owners.ts';
import { isPodTerminal, podPriority } from '../../kube/pods.ts';
import type { Pod } from '../../kube/types.ts';

export const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict';
const SCALE_UP_DELAY = 'cluster-autoscaler.kubernetes.io/pod-scale-up-delay';
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000 };

export function isDaemonPod(pod: Pod): boolean {
  return controllerOf(pod)?.kind === 'DaemonSet';
}

/** Pods of the node itself: not the API's to move. */
export function isMirrorPod(pod: Pod): boolean {
  return pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

/** The scheduler has tried and said no, and no other pod is giving way for it. */
export function isUnschedulable(pod: Pod): boolean {
  if (pod.spec?.nodeName || pod.metadata.deletionTimestamp || isPodTerminal(pod) || isDaemonPod(pod)) return false;
  if (pod.status?.nominatedNodeName || pod.spec?.schedulingGates?.length) return false;
  const scheduled = getCondition(pod.status?.conditions, 'PodScheduled');
  return scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
}

/** Would have to move if its node went: not a daemon set's, not the node's own, not finished. */
export function isMovable(pod: Pod): boolean {
  return !isDaemonPod(pod) && !isMirrorPod(pod) && !isPodTerminal(pod);
}

/** How long it has been there, ms. One of the future was made before the machine's time was set back: long ago. */
export function ageOf(pod: Pod, nowMs: number): number {
  const age = nowMs - Date.parse(pod.metadata.creationTimestamp ?? '1970-01-01');
  return age < 0 ? Infinity : age;
}

/** How old the pod itself wants to be before nodes are bought for it, ms: it may ask for a delay by annotation ('30s', '5m'). */
export function scaleUpDelay(pod: Pod): number {
  const [, count, unit] = /^(\d+)([smh])$/.exec(pod.metadata.annotations?.[SCALE_UP_DELAY] ?? '') ?? [];
  return unit === undefined ? 0 : Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

export function isExpendable(pod: Pod, cutoff: number): boolean {
  return podPriority(pod) < cutoff;
}
