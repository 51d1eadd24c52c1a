/** When a binding is placed again (Karmada: pkg/scheduler/scheduler.go, helper.go; pkg/util/binding.go). */
import { equalJson } from '../../kube/json.ts';
import type { BindingSpec, BindingStatus, ResourceBinding } from '../kinds/binding.ts';
import { APPLIED_PLACEMENT } from '../kinds/marks.ts';
import type { ClusterAffinityTerm, Placement } from '../kinds/policy.ts';
import { divisionOf, isWorkload } from './strategy.ts';

/**
 * Why the binding must be placed again; undefined if it need not be. `isLeaving` tells of a cluster that it is deleted, or
 * being deleted. Clusters that join or change move nothing that is divided, as upstream.
 */
export function needsPlacement(binding: ResourceBinding, isLeaving: (cluster: string) => boolean): string | undefined {
  const { metadata, spec, status } = binding;
  const placement = spec.placement ?? {};
  if (placementChanged(placement, metadata.annotations?.[APPLIED_PLACEMENT], status?.schedulerObservingAffinityName)) return 'placement changed';
  if (replicasChanged(spec, placement)) return 'replicas changed';
  if (isFresh(spec, status)) return 'rescheduling was asked for';
  if (!isWorkload(spec)) return 'it has no replicas to divide';
  if (divisionOf(placement) === 'Duplicated') return 'it is duplicated';
  if (spec.clusters?.some(({ name }) => isLeaving(name))) return 'a cluster leaves';
  return undefined;
}

/** Whether rescheduling was asked for since the last placement; a binding that was never placed is placed afresh anyway. */
export function isFresh(
  { rescheduleTriggeredAt }: Pick<BindingSpec, 'rescheduleTriggeredAt'>,
  status: Pick<BindingStatus, 'lastScheduledTime'> | undefined,
): boolean {
  if (rescheduleTriggeredAt === undefined || status?.lastScheduledTime === undefined) return false;
  return Date.parse(rescheduleTriggeredAt) > Date.parse(status.lastScheduledTime);
}

/** Of affinity terms only the one in use counts: others may be added or changed without a move. */
function placementChanged(placement: Placement, applied: string | undefined, observed: string | undefined): boolean {
  const before = parse(applied);
  if (before === undefined) return true;
  if (equalJson(placement, before)) return false;
  const { clusterAffinities: terms = [], ...rest } = placement;
  const { clusterAffinities: termsBefore = [], ...restBefore } = before;
  if (!equalJson(rest, restBefore)) return true;
  const inUse = (list: readonly ClusterAffinityTerm[]) => list.find(({ affinityName }) => affinityName === observed);
  const term = inUse(terms);
  return term === undefined || !equalJson(term, inUse(termsBefore));
}

/** A text that is none counts as no placement: the next one mends it. */
function parse(applied: string | undefined): Placement | undefined {
  if (!applied) return undefined;
  try {
    const value: unknown = JSON.parse(applied);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function replicasChanged(spec: BindingSpec, placement: Placement): boolean {
  const { replicas = 0, clusters = [] } = spec;
  if (placement.replicaScheduling === undefined) return false;
  if (divisionOf(placement) === 'Duplicated') return clusters.some((cluster) => (cluster.replicas ?? 0) !== replicas);
  // Scaled to nothing it still has its place: without one it was never placed, or lost it.
  if (replicas === 0 && clusters.length === 0) return isWorkload(spec);
  return clusters.reduce((sum, cluster) => sum + (cluster.replicas ?? 0), 0) !== replicas;
}
