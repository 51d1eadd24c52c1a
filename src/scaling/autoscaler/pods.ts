/** What the autoscaler asks about a pod. */
import { getCondition } from '../../kube/conditions.ts';
import { controllerOf } from '../../kube/owners.ts';
import { isPodTerminal, podPriority } from '../../kube/pods.ts';
import type { Pod } from '../../kube/types.ts';

export const SAFE_TO_EVICT = 'cluster-autoscaler.kubernetes.io/safe-to-evict';
const SCALE_UP_DELAY = 'cluster-autoscaler.kubernetes.io/pod-scale-up-delay';

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

/** When the pod may buy a node, epoch ms: old enough, and past the delay it asks for itself. */
export function mayScaleUpAt(pod: Pod, freshPodMs: number): number {
  const created = pod.metadata.creationTimestamp ? Date.parse(pod.metadata.creationTimestamp) : 0;
  const own = /^(\d+)s$/.exec(pod.metadata.annotations?.[SCALE_UP_DELAY] ?? '')?.[1];
  return created + Math.max(freshPodMs, own ? Number(own) * 1000 : 0);
}

export function isExpendable(pod: Pod, cutoff: number): boolean {
  return podPriority(pod) < cutoff;
}
