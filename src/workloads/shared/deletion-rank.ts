/** Which pods to give up first (upstream's ActivePodsWithRanks, pkg/controller/controller_utils.go). */
import { getCondition } from '../../kube/conditions.ts';
import { isPodReady } from '../../kube/pods.ts';
import type { Pod } from '../../kube/types.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

const PHASE_ORDER: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Pods in the order in which they should be deleted: unassigned, pending, not ready, cheap, crowded together, ready for a short
 * time, often restarted, new. `related` are the pods (of the same owner's owner too) that count as crowding on a node.
 */
export function deletionOrder(pods: readonly Pod[], related: readonly Pod[], nowMs: number): Pod[] {
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName;
    if (node) onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const ranked = pods.map((pod) => facts(pod, onNode.get(pod.spec?.nodeName ?? '') ?? 0, nowMs));
  return ranked.toSorted(compare).map((entry) => entry.pod);
}

interface Facts {
  pod: Pod;
  /** Compared in turn, smaller goes first. */
  keys: number[];
  uid: string;
}

function facts(pod: Pod, crowding: number, nowMs: number): Facts {
  const ready = isPodReady(pod);
  const readySince = getCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime;
  const restarts = Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));
  return {
    pod,
    keys: [
      pod.spec?.nodeName ? 1 : 0,
      PHASE_ORDER[pod.status?.phase ?? ''] ?? 0,
      ready ? 1 : 0,
      Number(pod.metadata.annotations?.[DELETION_COST] ?? 0) || 0,
      -crowding,
      ready ? ageBucket(readySince, nowMs) : 0,
      -restarts,
      ageBucket(pod.metadata.creationTimestamp, nowMs),
    ],
    uid: pod.metadata.uid ?? '',
  };
}

/** Ages on a logarithmic scale, so that among pods of about the same age chance (the uid) decides (LogarithmicScaleDown). */
function ageBucket(since: string | undefined, nowMs: number): number {
  if (since === undefined) return -1;
  const ageSeconds = Math.max(0, (nowMs - Date.parse(since)) / 1000);
  return ageSeconds < 1 ? 0 : Math.floor(Math.log2(ageSeconds)) + 1;
}

function compare(a: Facts, b: Facts): number {
  for (let i = 0; i < a.keys.length; i++) {
    const difference = (a.keys[i] ?? 0) - (b.keys[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.uid < b.uid ? -1 : 1;
}
