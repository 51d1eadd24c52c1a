/** Gives a node back: taints it, waits a moment, empties it through the eviction API, then returns the machine. */
import { nodes, pods } from '../../kube/resources.ts';
import { isNotFound, StatusError } from '../../kube/status.ts';
import type { Node, Pod } from '../../kube/types.ts';
import type { CloudProvider, NodePool } from '../../cloud/provider.ts';
import type { ControllerContext, EventRecorder } from '../../runtime/controller.ts';
import { isMovable } from './pods.ts';
import { setTaint, TO_BE_DELETED } from './taints.ts';

/** A scheduler that has just decided still binds: what lands meanwhile is seen (node-delete-delay-after-taint). */
const DELAY_AFTER_TAINT_MS = 5_000;
const EVICTION_RETRY_MS = 1_000;
const MAX_EVICTION_MS = 120_000;
const MAX_GRACEFUL_MS = 600_000;
const LOOK_AGAIN_MS = 250;

export interface Removal {
  ctx: ControllerContext;
  provider: CloudProvider;
  recorder: EventRecorder;
  pool: NodePool;
  node: Node;
  /** The pods that have another place to go. */
  moving: readonly Pod[];
  signal: AbortSignal;
}

/** Rejects when the node has to stay; then its taint is taken off again. An aborted removal starts over after a restart. */
export async function removeNode({ ctx, provider, recorder, pool, node, moving, signal }: Removal): Promise<void> {
  const name = node.metadata.name ?? '';
  await setTaint(ctx, node, TO_BE_DELETED, true);
  try {
    recorder.event(node, 'Normal', 'ScaleDown', 'marked the node as toBeDeleted/unschedulable');
    await ctx.clock.sleep(DELAY_AFTER_TAINT_MS, signal);
    const expected = new Set(moving.map((pod) => pod.metadata.uid));
    const late = ctx
      .informer(pods)
      .list()
      .find((pod) => pod.spec?.nodeName === name && isMovable(pod) && !pod.metadata.deletionTimestamp && !expected.has(pod.metadata.uid));
    if (late !== undefined) throw new Error(`pod ${late.metadata.namespace}/${late.metadata.name} came meanwhile`);
    await drain(ctx, recorder, moving, signal);
    if (signal.aborted) return;
    await provider.remove(pool.name, name);
    recorder.event(node, 'Normal', 'ScaleDown', 'node removed by cluster autoscaler');
    await ctx.client.delete(nodes, { name }).catch(unlessNotFound);
  } catch (error) {
    const latest = ctx.informer(nodes).get({ name });
    if (latest)
      await setTaint(ctx, latest, TO_BE_DELETED, false).catch((again: unknown) => ctx.log.warn('a node kept its taint', { node: name, error: String(again) }));
    throw error;
  }
}

/** Evicts the pods and waits until they are gone. Rejects, naming the pod, when one may not be evicted in time. */
async function drain(ctx: ControllerContext, recorder: EventRecorder, moving: readonly Pod[], signal: AbortSignal): Promise<void> {
  await Promise.all(moving.map((pod) => evict(ctx, recorder, pod, signal)));
  const informer = ctx.informer(pods);
  const deadline = ctx.clock.monotonic() + MAX_GRACEFUL_MS;
  const left = (): Pod | undefined =>
    moving.find(({ metadata: { namespace = '', name = '', uid } }) => informer.get({ namespace, name })?.metadata.uid === uid);
  for (let pod = left(); pod && !signal.aborted; pod = left()) {
    if (ctx.clock.monotonic() > deadline) throw new Error(`pod ${pod.metadata.namespace}/${pod.metadata.name} does not end`);
    await ctx.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

async function evict(ctx: ControllerContext, recorder: EventRecorder, pod: Pod, signal: AbortSignal): Promise<void> {
  const { name = '', namespace = '' } = pod.metadata;
  const deadline = ctx.clock.monotonic() + MAX_EVICTION_MS;
  recorder.event(pod, 'Normal', 'ScaleDown', 'deleting pod for node scale down');
  while (!signal.aborted) {
    try {
      await ctx.client.createSubresource(pods, { namespace, name }, 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } });
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      const protectedByBudget = error instanceof StatusError && error.code === 429;
      if (!protectedByBudget || ctx.clock.monotonic() > deadline)
        throw new Error(`pod ${namespace}/${name} could not be evicted: ${String(error)}`, { cause: error });
      await ctx.clock.sleep(EVICTION_RETRY_MS, signal);
    }
  }
}

function unlessNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
