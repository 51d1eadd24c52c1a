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
  unready: number;
  upcoming: number;
  min: number;
  max: number;
  scaleUp: 'NoActivity' | 'InProgress' | 'Backoff';
  scaleDownCandidates: number;
}

const NAME = 'cluster-autoscaler-status';
const NAMESPACE = 'kube-system';

/** Events about the autoscaler as a whole are recorded on this. */
export const STATUS_OBJECT: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace: NAMESPACE } };

/** When each part of the status last became something else. */
export class Transitions {
  readonly #known = new Map<string, { status: string; since: string }>();

  stamp<S extends { status: string }>(part: string, state: S, now: string): S & { lastProbeTime: string; lastTransitionTime: string } {
    const before = this.#known.get(part);
    const since = before?.status === state.status ? before.since : now;
    this.#known.set(part, { status: state.status, since });
    return { ...state, lastProbeTime: now, lastTransitionTime: since };
  }
}

export function statusText(pools: readonly PoolStatus[], healthy: boolean, now: string, transitions: Transitions): string {
  const total = (value: (pool: PoolStatus) => number): number => pools.reduce((sum, pool) => sum + value(pool), 0);
  const nodeCounts = ({ ready, unready, upcoming }: Pick<PoolStatus, 'ready' | 'unready' | 'upcoming'>): object => ({
    registered: { total: ready + unready, ready, notStarted: 0, ...(unready > 0 ? { unready: { total: unready, resourceUnready: 0 } } : {}) },
    longUnregistered: 0,
    unregistered: upcoming,
  });
  const scaleDown = (candidates: number): { status: string; candidates?: number } =>
    candidates > 0 ? { status: 'CandidatesPresent', candidates } : { status: 'NoCandidates' };
  const anyPool = (status: PoolStatus['scaleUp']): boolean => pools.some((pool) => pool.scaleUp === status);
  return stringify({
    time: now,
    autoscalerStatus: 'Running',
    clusterWide: {
      health: transitions.stamp(
        'health',
        {
          status: healthy ? 'Healthy' : 'Unhealthy',
          nodeCounts: nodeCounts({ ready: total((p) => p.ready), unready: total((p) => p.unready), upcoming: total((p) => p.upcoming) }),
        },
        now,
      ),
      scaleUp: transitions.stamp('scaleUp', { status: anyPool('InProgress') ? 'InProgress' : 'NoActivity' }, now),
      scaleDown: transitions.stamp('scaleDown', scaleDown(total((p) => p.scaleDownCandidates)), now),
    },
    nodeGroups: pools.map((pool) => ({
      name: pool.name,
      health: transitions.stamp(
        `${pool.name}/health`,
        {
          status: 'Healthy',
          nodeCounts: nodeCounts(pool),
          cloudProviderTarget: pool.ready + pool.unready + pool.upcoming,
          minSize: pool.min,
          maxSize: pool.max,
        },
        now,
      ),
      scaleUp: transitions.stamp(`${pool.name}/scaleUp`, { status: pool.scaleUp }, now),
      scaleDown: transitions.stamp(`${pool.name}/scaleDown`, scaleDown(pool.scaleDownCandidates), now),
    })),
  });
}

/** Writes the status when it says something new: the time alone is not worth a write. */
export function statusWriter(ctx: ControllerContext): (pools: readonly PoolStatus[], healthy: boolean) => Promise<void> {
  const transitions = new Transitions();
  let written = '';
  return async (pools, healthy) => {
    const essence = JSON.stringify([pools, healthy]);
    if (essence === written) return;
    const now = timestamp(ctx.clock.now());
    const metadata = { ...STATUS_OBJECT.metadata, annotations: { 'cluster-autoscaler.kubernetes.io/last-updated': now } };
    const map: ConfigMap = { ...STATUS_OBJECT, metadata, data: { status: statusText(pools, healthy, now, transitions) } };
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
