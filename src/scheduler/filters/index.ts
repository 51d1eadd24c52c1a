/** Why a node cannot take a pod: kube-scheduler's default filters, in its order. */
import type { Pod } from '../../kube/types.ts';
import type { NodeInfo, Snapshot } from '../snapshot.ts';
import type { Check, Filter, Refusal } from './filter.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { taintToleration } from './taint-toleration.ts';

export type { Refusal } from './filter.ts';

const FILTERS: readonly Filter[] = [nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit, podTopologySpread, interPodAffinity];

/** Looks at the pod once; the function checks any node of the snapshot: the first refusal, or undefined when the pod may go there. */
export function filtersFor(pod: Pod, snapshot: Snapshot): Check {
  const checks = FILTERS.map((filter) => filter(pod, snapshot)).filter((check) => check !== undefined);
  return (node) => {
    for (const check of checks) {
      const refusal = check(node);
      if (refusal) return refusal;
    }
    return undefined;
  };
}

/** One pod, one node: what the cluster autoscaler asks. */
export function fits(pod: Pod, node: NodeInfo, snapshot: Snapshot): Refusal | undefined {
  return filtersFor(pod, snapshot)(node);
}
