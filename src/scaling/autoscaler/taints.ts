/** Taints by which the autoscaler says what it is about to do: keep off a node that may go soon, stay off one that goes now. */
import { nodes } from '../../kube/resources.ts';
import type { Node } from '../../kube/types.ts';
import type { ControllerContext } from '../../runtime/controller.ts';

export const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';
export const DELETION_CANDIDATE = 'DeletionCandidateOfClusterAutoscaler';
const EFFECTS = { [TO_BE_DELETED]: 'NoSchedule', [DELETION_CANDIDATE]: 'PreferNoSchedule' } as const;

export type AutoscalerTaint = keyof typeof EFFECTS;

export function hasTaint(node: Node, key: AutoscalerTaint): boolean {
  return node.spec?.taints?.some((taint) => taint.key === key) ?? false;
}

/** Rejects with a Conflict when the node has changed meanwhile. The value is when it was set, in Unix seconds. */
export async function setTaint(ctx: ControllerContext, node: Node, key: AutoscalerTaint, on: boolean): Promise<void> {
  const others = (node.spec?.taints ?? []).filter((taint) => taint.key !== key);
  const taints = on ? [...others, { key, value: String(Math.floor(ctx.clock.now() / 1000)), effect: EFFECTS[key] }] : others;
  const { name = '', resourceVersion } = node.metadata;
  await ctx.client.patch(nodes, { name }, { metadata: { resourceVersion }, spec: { taints } }, { type: 'merge' });
}
