/** The ConfigMap kube-system/cluster-autoscaler-status, in Cluster Autoscaler's YAML. */
import { stringify } from 'yaml';
import { configMaps } from '../../kube/resources.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { ConfigMap } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { ControllerContext } from '../../runtime/controller.ts';

export interface PoolStatus {
  name: string;
  ready: number;
  upcoming: number;
  size: number;
  min: number;
  max: number;
  scaleUp: 'NoActivity' | 'InProgress' | 'Backoff';
  scaleDownCandidates: number;
}

const NAME = 'cluster-autoscaler-status';
const NAMESPACE = 'kube-system';

export function statusText(pools: readonly PoolStatus[], now: string): string {
  const total = (value: (pool: PoolStatus) => number): number => pools.reduce((sum, pool) => sum + value(pool), 0);
  const activity = (of: readonly PoolStatus[]): string => (of.some((pool) => pool.scaleUp === 'InProgress') ? 'InProgress' : of.some((pool) => pool.scaleUp === 'Backoff') ? 'Backoff' : 'NoActivity');
  const candidates = total((pool) => pool.scaleDownCandidates);
  return stringify({
    time: now,
    autoscalerStatus: 'Running',
    clusterWide: {
      health: { status: 'Healthy', nodeCounts: { registered: { total: total((p) => p.ready), ready: total((p) => p.ready), notStarted: 0 }, longUnregistered: 0, unregistered: total((p) => p.upcoming) } },
      scaleUp: { status: activity(pools) },
      scaleDown: { status: candidates > 0 ? 'CandidatesPresent' : 'NoCandidates', ...(candidates > 0 ? { candidates } : {}) },
    },
    nodeGroups: pools.map((pool) => ({
      name: pool.name,
      health: { status: 'Healthy', nodeCounts: { registered: { total: pool.ready, ready: pool.ready, notStarted: 0 }, longUnregistered: 0, unregistered: pool.upcoming }, cloudProviderTarget: pool.size, minSize: pool.min, maxSize: pool.max },
      scaleUp: { status: pool.scaleUp },
      scaleDown: { status: pool.scaleDownCandidates > 0 ? 'CandidatesPresent' : 'NoCandidates', ...(pool.scaleDownCandidates > 0 ? { candidates: pool.scaleDownCandidates } : {}) },
    })),
  });
}

/** Writes the status when it says something new: the time alone is not worth a write. */
export function statusWriter(ctx: ControllerContext): (pools: readonly PoolStatus[]) => Promise<void> {
  let written = '';
  return async (pools) => {
    const essence = JSON.stringify(pools);
    if (essence === written) return;
    const now = timestamp(ctx.clock.now());
    const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace: NAMESPACE, annotations: { 'cluster-autoscaler.kubernetes.io/last-updated': now } }, data: { status: statusText(pools, now) } };
    try {
      await ctx.client.update(configMaps, map);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await ctx.client.create(configMaps, map).catch((again: unknown) => {
        if (!isAlreadyExists(again)) throw again;
      });
    }
    written = essence;
  };
}
