/** Taints by which the autoscaler says what it is about to do, and the work of emptying a node. */
import { isNotFound, StatusError } from '../../kube/status.ts';
import { nodes, pods } from '../../kube/resources.ts';
import type { Node, Pod } from '../../kube/types.ts';
import type { ControllerContext } from '../../runtime/controller.ts';

export const TO_BE_DELETED = 'ToBeDeletedByClusterAutoscaler';
const EVICTION_RETRY_MS = 1_000;
const MAX_EVICTION_MS = 120_000;
const MAX_GRACEFUL_MS = 600_000;
const LOOK_AGAIN_MS = 250;

export function isToBeDeleted(node: Node): boolean {
  return node.spec?.taints?.some((taint) => taint.key === TO_BE_DELETED) ?? false;
}

export async function setToBeDeleted(ctx: ControllerContext, node: Node, on: boolean): Promise<void> {
  const name = node.metadata.name ?? '';
  const others = (node.spec?.taints ?? []).filter((taint) => taint.key !== TO_BE_DELETED);
  const taints = on ? [...others, { key: TO_BE_DELETED, value: String(Math.floor(ctx.clock.now() / 1000)), effect: 'NoSchedule' }] : others;
  await ctx.client.patch(nodes, { name }, { metadata: { resourceVersion: node.metadata.resourceVersion }, spec: { taints } }, { type: 'merge' });
}

/** Evicts the pods and waits until they are gone. Rejects, naming the pod, when one may not be evicted in time. */
export async function drain(ctx: ControllerContext, moving: readonly Pod[], signal: AbortSignal): Promise<void> {
  await Promise.all(moving.map((pod) => evict(ctx, pod, signal)));
  const informer = ctx.informer(pods);
  const deadline = ctx.clock.now() + MAX_GRACEFUL_MS;
  const left = (): Pod | undefined => moving.find(({ metadata: { namespace = '', name = '', uid } }) => informer.get({ namespace, name })?.metadata.uid === uid);
  for (let pod = left(); pod && !signal.aborted; pod = left()) {
    if (ctx.clock.now() > deadline) throw new Error(`pod ${pod.metadata.namespace}/${pod.metadata.name} does not end`);
    await ctx.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

async function evict(ctx: ControllerContext, pod: Pod, signal: AbortSignal): Promise<void> {
  const { name = '', namespace = '' } = pod.metadata;
  const deadline = ctx.clock.now() + MAX_EVICTION_MS;
  while (!signal.aborted) {
    try {
      await ctx.client.createSubresource(pods, { namespace, name }, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      const protectedByBudget = error instanceof StatusError && error.code === 429;
      if (!protectedByBudget || ctx.clock.now() > deadline) throw new Error(`pod ${namespace}/${name} could not be evicted: ${String(error)}`, { cause: error });
      await ctx.clock.sleep(EVICTION_RETRY_MS, signal);
    }
  }
}
