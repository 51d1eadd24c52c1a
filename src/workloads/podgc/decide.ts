/** Pods that nobody will ever remove: upstream's podgc. */
import { isPodTerminal } from '../../kube/pods.ts';
import type { Pod } from '../../kube/types.ts';

/** Upstream's terminated-pod-gc-threshold. */
const TERMINATED_MAX = 12_500;

export interface PodGarbage {
  /** Their node is gone, as far as the view knows: to be confirmed with the API. */
  orphaned: Pod[];
  /** Deleted before they were given a node: no node agent will finish them. */
  unscheduledTerminating: Pod[];
  /** Finished, the oldest beyond the threshold. */
  terminated: Pod[];
}

export function decideGarbage(pods: readonly Pod[], nodeExists: (name: string) => boolean, terminatedMax = TERMINATED_MAX): PodGarbage {
  const garbage: PodGarbage = { orphaned: [], unscheduledTerminating: [], terminated: [] };
  const finished: Pod[] = [];
  for (const pod of pods) {
    const node = pod.spec?.nodeName;
    if (node && !nodeExists(node)) garbage.orphaned.push(pod);
    else if (!node && pod.metadata.deletionTimestamp !== undefined) garbage.unscheduledTerminating.push(pod);
    else if (isPodTerminal(pod)) finished.push(pod);
  }
  const excess = finished.length - terminatedMax;
  if (excess > 0) garbage.terminated = finished.toSorted((a, b) => (age(a) < age(b) ? -1 : 1)).slice(0, excess);
  return garbage;
}

function age(pod: Pod): string {
  return pod.metadata.creationTimestamp ?? '';
}
