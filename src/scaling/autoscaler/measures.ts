/** What the autoscaler tells of itself, under Cluster Autoscaler's names; how long nodes took to come is a measure of ours. */
import type { ControllerContext } from '../../runtime/controller.ts';
import type { PoolView } from './pools.ts';

export type RemovalReason = 'empty' | 'underutilized' | 'unready';

export interface Look {
  pools: readonly PoolView[];
  healthy: boolean;
  unschedulablePods: number;
  unneededNodes: number;
}

export interface AutoscalerMeasures {
  looked(look: Look): void;
  bought(nodes: number): void;
  failedToBuy(): void;
  removed(reason: RemovalReason): void;
  /** A node that was asked for is ready. */
  booted(pool: string, ms: number): void;
}

/** Seconds: from nodes that are there at once to upstream's limit of a quarter of an hour. */
const BOOT_BUCKETS = [1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900];

export function autoscalerMeasures({ metrics }: Pick<ControllerContext, 'metrics'>): AutoscalerMeasures {
  const nodesCount = metrics.gauge('cluster_autoscaler_nodes_count', 'Nodes in the pools, by state.', ['state']);
  const poolsCount = metrics.gauge('cluster_autoscaler_node_groups_count', 'Node pools.', ['node_group_type'])('autoscaled');
  const maxNodes = metrics.gauge('cluster_autoscaler_max_nodes_count', 'The most nodes the pools may have together.')();
  const safe = metrics.gauge('cluster_autoscaler_cluster_safe_to_autoscale', '1 while nodes are bought and given back, 0 while too many are broken.')();
  const unschedulable = metrics.gauge('cluster_autoscaler_unschedulable_pods_count', 'Pods that no node there is would take.')();
  const unneeded = metrics.gauge('cluster_autoscaler_unneeded_nodes_count', 'Nodes that will be given back if they stay idle.')();
  const up = metrics.counter('cluster_autoscaler_scaled_up_nodes_total', 'Nodes that were bought.')();
  const failed = metrics.counter('cluster_autoscaler_failed_scale_ups_total', 'Purchases that the cloud refused, and nodes that did not come.')();
  const down = metrics.counter('cluster_autoscaler_scaled_down_nodes_total', 'Nodes that were given back, by reason.', ['reason']);
  const boots = metrics.histogram('argosy_node_boot_duration_seconds', 'From a node asked for to a node ready.', BOOT_BUCKETS, ['pool']);
  return {
    looked({ pools, healthy, unschedulablePods, unneededNodes }) {
      const sum = (of: (pool: PoolView) => number): number => pools.reduce((total, pool) => total + of(pool), 0);
      nodesCount('ready').set(sum(({ ready }) => ready.size));
      nodesCount('unready').set(sum((pool) => pool.unready.size));
      nodesCount('notStarted').set(sum(({ upcoming }) => upcoming));
      poolsCount.set(pools.length);
      maxNodes.set(sum(({ pool }) => pool.max));
      safe.set(healthy ? 1 : 0);
      unschedulable.set(unschedulablePods);
      unneeded.set(unneededNodes);
    },
    bought: (nodes) => up.inc(nodes),
    failedToBuy: () => failed.inc(),
    removed: (reason) => down(reason).inc(),
    booted: (pool, ms) => boots(pool).observe(ms / 1000),
  };
}
