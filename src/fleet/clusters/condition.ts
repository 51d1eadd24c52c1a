/** What the hub makes of a member that says nothing, and the taints that follow from it: pure. */
import { getCondition, setCondition, type Condition } from '../../kube/conditions.ts';
import type { Taint } from '../../kube/taints.ts';
import { NOT_READY_TAINT, READY, UNREACHABLE_TAINT, type Cluster } from '../kinds/cluster.ts';

/**
 * The member's conditions when nothing has been heard of it for too long; `undefined`: as they are.
 * `now` is RFC 3339.
 */
export function unheard(cluster: Cluster, now: string): Condition[] | undefined {
  const ready = getCondition(cluster.status?.conditions, READY);
  if (ready?.status === 'Unknown') return undefined;
  const condition: Condition =
    ready === undefined
      ? { type: READY, status: 'Unknown', reason: 'ClusterStatusNeverUpdated', message: 'Cluster status controller never posted cluster status.' }
      : { type: READY, status: 'Unknown', reason: 'ClusterStatusUnknown', message: 'Cluster status controller stopped posting cluster status.' };
  return setCondition(cluster.status?.conditions, condition, now);
}

/** Not ready and unreachable members are given nothing new; what runs there stays. */
export function taintsOf(cluster: Cluster): Taint[] {
  const others = (cluster.spec.taints ?? []).filter(({ key, effect }) => effect !== 'NoSchedule' || (key !== NOT_READY_TAINT && key !== UNREACHABLE_TAINT));
  const ready = getCondition(cluster.status?.conditions, READY)?.status;
  if (ready === 'True') return others;
  return [...others, { key: ready === 'False' ? NOT_READY_TAINT : UNREACHABLE_TAINT, effect: 'NoSchedule' }];
}
