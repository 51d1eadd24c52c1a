/** What a member's nodes and pods come to, for the hub's scheduling: pure. */
import { getCondition } from '../../kube/conditions.ts';
import { isPodTerminal } from '../../kube/pods.ts';
import { specRequests } from '../../kube/quota/pod-totals.ts';
import { add, type ResourceList } from '../../kube/quota/resource-list.ts';
import type { Node, Pod } from '../../kube/types.ts';
import type { ClusterStatus, ResourceSummary } from '../kinds/cluster.ts';

const isReady = (node: Node): boolean => getCondition(node.status?.conditions, 'Ready')?.status === 'True';

export function nodeSummary(nodes: readonly Node[]): NonNullable<ClusterStatus['nodeSummary']> {
  return { totalNum: nodes.length, readyNum: nodes.filter(isReady).length };
}

/** Of nodes that are ready and take pods; each pod also counts as one of 'pods'. */
export function resourceSummary(nodes: readonly Node[], pods: readonly Pod[]): ResourceSummary {
  let allocatable: ResourceList = {};
  for (const node of nodes) if (isReady(node) && node.spec?.unschedulable !== true) allocatable = add(allocatable, node.status?.allocatable ?? {});
  let allocated: ResourceList = {};
  let allocating: ResourceList = {};
  for (const pod of pods) {
    if (isPodTerminal(pod)) continue;
    const asked = add(specRequests(pod), { pods: '1' });
    if (pod.spec?.nodeName === undefined) allocating = add(allocating, asked);
    else allocated = add(allocated, asked);
  }
  return { allocatable, allocating, allocated };
}
