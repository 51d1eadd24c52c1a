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
import { volumeBinding } from './volume-binding.ts';

export type { Refusal } from './filter.ts';

/** These look at the pod and the node alone. */
const OF_THE_NODE: readonly Filter[] = [nodeUnschedulable, nodeName, taintToleration, nodeAffinity, nodePorts, nodeResourcesFit, volumeBinding];
/** These also count pods on other nodes, when they look at the pod. */
const OF_THE_CLUSTER: readonly Filter[] = [podTopologySpread, interPodAffinity];

function checksOf(filters: readonly Filter[], pod: Pod, snapshot: Snapshot): Check[] {
  return filters.map((filter) => filter(pod, snapshot)).filter((check) => check !== undefined);
}

function firstRefusal(checks: readonly Check[], node: NodeInfo): Refusal | undefined {
  for (const check of checks) {
    const refusal = check(node);
    if (refusal) return refusal;
  }
  return undefined;
}

/** Looks at the pod once; the function checks any node of the snapshot: the first refusal, or undefined when the pod may go there. */
export function filtersFor(pod: Pod, snapshot: Snapshot): Check {
  const checks = [...checksOf(OF_THE_NODE, pod, snapshot), ...checksOf(OF_THE_CLUSTER, pod, snapshot)];
  return (node) => firstRefusal(checks, node);
}

/** For trials: as `filtersFor`, but the pods of the snapshot may change between calls. */
export function trialFiltersFor(pod: Pod, snapshot: Snapshot): (node: NodeInfo, trial: Snapshot) => Refusal | undefined {
  const checks = checksOf(OF_THE_NODE, pod, snapshot);
  // Thousands of trials a preemption: looking through all nodes in each is only worth it when some pod minds its neighbours.
  const anyMinds = checksOf(OF_THE_CLUSTER, pod, snapshot).length > 0 || snapshot.nodeList().some((node) => node.antiAffinityPods > 0);
  return (node, trial) => {
    const refusal = firstRefusal(checks, node);
    if (refusal || !(anyMinds || node.antiAffinityPods > 0)) return refusal;
    return firstRefusal(checksOf(OF_THE_CLUSTER, pod, trial), node);
  };
}

/** One pod, one node: what the cluster autoscaler asks. */
export function fits(pod: Pod, node: NodeInfo, snapshot: Snapshot): Refusal | undefined {
  return filtersFor(pod, snapshot)(node);
}
