/** Which nodes are not needed. Pure. Source of the rules: Cluster Autoscaler's FAQ ("What types of pods can prevent CA from removing a node?"). */
import { controllerOf } from '../../kube/owners.ts';
import { matcherOf } from '../../kube/selectors.ts';
import type { Node, Pod, PodDisruptionBudget } from '../../kube/types.ts';
import { filtersFor, type NodeInfo, type Snapshot } from '../../scheduler/index.ts';
import { isDaemonPod, isMirrorPod, isMovable, SAFE_TO_EVICT } from './pods.ts';

const SCALE_DOWN_DISABLED = 'cluster-autoscaler.kubernetes.io/scale-down-disabled';
const SAFE_LOCAL_VOLUMES = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

/** The larger share of cpu and memory that pods ask for; daemon pods, which any node has, do not count. */
export function utilization(node: NodeInfo): number {
  let cpu = 0;
  let memory = 0;
  for (const { pod, requests } of node.pods.values()) {
    if (isDaemonPod(pod) || isMirrorPod(pod)) continue;
    cpu += requests.cpuMillis;
    memory += requests.memoryBytes;
  }
  return Math.max(
    node.allocatable.cpuMillis === 0 ? 0 : cpu / node.allocatable.cpuMillis,
    node.allocatable.memoryBytes === 0 ? 0 : memory / node.allocatable.memoryBytes,
  );
}

export function podsToMove(node: NodeInfo): Pod[] {
  return [...node.pods.values()].map(({ pod }) => pod).filter(isMovable);
}

/** Why a pod keeps its node, or undefined. Disruption budgets are counted over all pods of a node: `budgetsAllow`. */
export function blocks(pod: Pod, budgets: readonly PodDisruptionBudget[]): string | undefined {
  const safe = pod.metadata.annotations?.[SAFE_TO_EVICT];
  if (safe === 'true') return undefined;
  if (safe === 'false') return 'it is annotated as not safe to evict';
  if (!controllerOf(pod)) return 'it has no controller that would make it again';
  if (pod.metadata.namespace === 'kube-system' && !budgets.some((budget) => covers(budget, pod)))
    return 'it is in kube-system and no disruption budget says that it may move';
  const listed = new Set((pod.metadata.annotations?.[SAFE_LOCAL_VOLUMES] ?? '').split(',').map((name) => name.trim()));
  const local = (pod.spec?.volumes ?? []).find(
    (volume) => ((volume.emptyDir && volume.emptyDir.medium !== 'Memory') || volume.hostPath) && !listed.has(volume.name),
  );
  return local ? `it keeps data on the node (volume ${local.name})` : undefined;
}

function covers(budget: PodDisruptionBudget, pod: Pod): boolean {
  return budget.metadata.namespace === pod.metadata.namespace && matcherOf(budget.spec?.selector)(pod.metadata.labels);
}

/** Whether the budgets let all of these pods go, also those that are annotated as safe to evict. */
export function budgetsAllow(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): boolean {
  return budgets.every((budget) => pods.filter((pod) => covers(budget, pod)).length <= (budget.status?.disruptionsAllowed ?? 0));
}

export function isScaleDownDisabled(node: Node): boolean {
  return node.metadata.annotations?.[SCALE_DOWN_DISABLED] === 'true';
}

export interface ScaleDownInput {
  snapshot: Snapshot;
  /** Names of nodes that may go: running, of a pool above its minimum. */
  candidates: readonly string[];
  budgets: readonly PodDisruptionBudget[];
  threshold: number;
}

/** Nodes whose pods all have another place, with those pods. Places are given once: two nodes never count on the same room. */
export function unneededNodes({ snapshot, candidates, budgets, threshold }: ScaleDownInput): Map<string, Pod[]> {
  const unneeded = new Map<string, Pod[]>();
  const world = snapshot.copy();
  // Empty nodes first: they cost nothing to remove.
  const ordered = candidates
    .map((name) => world.nodes.get(name))
    .filter((node) => node !== undefined)
    .sort((a, b) => podsToMove(a).length - podsToMove(b).length);
  for (const node of ordered) {
    if (isScaleDownDisabled(node.node) || utilization(node) >= threshold) continue;
    const moving = podsToMove(node);
    if (moving.some((pod) => blocks(pod, budgets)) || !budgetsAllow(moving, budgets)) continue;
    const others = [...world.nodes.values()].filter((other) => other.name !== node.name && !unneeded.has(other.name));
    const placed: { pod: Pod; on: NodeInfo }[] = [];
    const fitsElsewhere = moving.every((pod) => {
      const free: Pod = { ...pod, spec: { containers: [], ...pod.spec, nodeName: '' } };
      const check = filtersFor(free, world);
      const on = others.find((other) => !check(other));
      if (!on) return false;
      on.add(free);
      placed.push({ pod: free, on });
      return true;
    });
    if (!fitsElsewhere) {
      for (const { pod, on } of placed) on.remove(pod.metadata.uid ?? '');
      continue;
    }
    unneeded.set(node.name, moving);
  }
  return unneeded;
}
