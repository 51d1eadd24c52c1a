import type { Pod } from '../../kube/types.ts';
import type { NodeInfo, Snapshot } from '../snapshot.ts';

/** Why a node cannot take a pod, in kube-scheduler's words. */
export interface Refusal {
  reasons: readonly string[];
  /** Evicting pods would not help. */
  unresolvable: boolean;
  /** Not the node's fault: said once, not counted. */
  ofPod?: true;
}

/** Checks nodes for one pod; undefined: nothing to object. */
export type Check = (node: NodeInfo) => Refusal | undefined;

/** A filter looks at the pod once and answers how to check nodes, or undefined when it has nothing to check for this pod. */
export type Filter = (pod: Pod, snapshot: Snapshot) => Check | undefined;

export function refuse(...reasons: string[]): Refusal {
  return { reasons, unresolvable: false };
}

export function refuseForGood(...reasons: string[]): Refusal {
  return { reasons, unresolvable: true };
}

/** For a pod that no node can take as it is. */
export function refusePod(reason: string): Refusal {
  return { reasons: [reason], unresolvable: true, ofPod: true };
}
