/** What became of the nodes that were asked for: ready, on their way, broken, or never to come. */
import { getCondition } from '../../kube/conditions.ts';
import { nodes } from '../../kube/resources.ts';
import type { Node } from '../../kube/types.ts';
import type { CloudProvider, Instance, NodePool } from '../../cloud/provider.ts';
import type { ControllerContext } from '../../runtime/controller.ts';
import type { AutoscalerOptions } from './options.ts';
import type { PoolHealth } from './pool-health.ts';
import type { PoolState } from './scale-up.ts';

export interface PoolView extends PoolState {
  ready: ReadonlySet<string>;
  /** Nodes that were long enough there to be ready and are not. */
  unready: ReadonlySet<string>;
}

/** At more broken nodes than this, and more than this share, nothing is bought or given back: something else is wrong (its flags' defaults). */
const UNREADY_MAX = 3;
const UNREADY_SHARE_MAX = 0.45;

export function isHealthy(pools: readonly PoolView[]): boolean {
  const unready = pools.reduce((sum, pool) => sum + pool.unready.size, 0);
  const all = unready + pools.reduce((sum, pool) => sum + pool.ready.size, 0);
  return unready <= UNREADY_MAX || unready <= all * UNREADY_SHARE_MAX;
}

export function isReady(node: Node): boolean {
  return getCondition(node.status?.conditions, 'Ready')?.status === 'True';
}

export interface PoolsContext {
  ctx: ControllerContext;
  provider: CloudProvider;
  options: Pick<AutoscalerOptions, 'maxNodeProvisionMs'>;
  health: PoolHealth;
  /** Instances that are not nodes yet, and when they were first seen (monotonic). */
  awaited: Map<string, number>;
  /** An instance that will never be a node was given back. */
  lost(pool: NodePool, instance: Instance, timedOut: boolean): void;
}

/** Looks at every pool; gives back instances that failed or never became nodes, and leaves their pool alone for a while. */
export async function viewPools({ ctx, provider, options, health, awaited, lost }: PoolsContext): Promise<PoolView[]> {
  const now = ctx.clock.monotonic();
  const informer = ctx.informer(nodes);
  const stillAwaited = new Set<string>();
  const views = await Promise.all(
    provider.pools().map(async (pool) => {
      const ready = new Set<string>();
      const unready = new Set<string>();
      let upcoming = 0;
      for (const instance of await provider.instances(pool.name)) {
        if (instance.phase === 'deleting') continue;
        const node = informer.get({ name: instance.nodeName });
        const since = awaited.get(instance.nodeName) ?? now;
        if (node === undefined) {
          stillAwaited.add(instance.nodeName);
          awaited.set(instance.nodeName, since);
        }
        const timedOut = node === undefined && now - since > options.maxNodeProvisionMs;
        if (instance.phase === 'failed' || timedOut) {
          health.failed(pool.name, now);
          await provider.remove(pool.name, instance.nodeName);
          lost(pool, instance, timedOut);
        } else if (node === undefined) upcoming++;
        else if (isReady(node)) ready.add(instance.nodeName);
        else if (ctx.clock.now() - Date.parse(node.metadata.creationTimestamp ?? '') < options.maxNodeProvisionMs) upcoming++;
        else unready.add(instance.nodeName);
      }
      return { pool, ready, unready, upcoming, size: ready.size + unready.size + upcoming, backedOff: health.isBackedOff(pool.name, now) };
    }),
  );
  for (const name of awaited.keys()) if (!stillAwaited.has(name)) awaited.delete(name);
  return views;
}
