/** What works say of themselves, added up in their binding: pure. */
import { getCondition, setCondition, type Condition } from '../../kube/conditions.ts';
import { FULLY_APPLIED, type AggregatedStatusItem, type BindingStatus, type ResourceBinding } from '../kinds/binding.ts';
import { APPLIED, clusterOfNamespace, type Work } from '../kinds/work.ts';
import { targetsOf } from './works.ts';

/** One item a cluster, by name. Works that nobody has looked at yet say nothing. */
export function aggregated(works: readonly Work[]): AggregatedStatusItem[] {
  return works
    .flatMap((work) => {
      const clusterName = clusterOfNamespace(work.metadata.namespace ?? '');
      const applied = getCondition(work.status?.conditions, APPLIED);
      if (clusterName === undefined || applied === undefined) return [];
      const [manifest] = work.status?.manifestStatuses ?? [];
      const item: AggregatedStatusItem = { clusterName, applied: applied.status === 'True' };
      if (applied.status !== 'True' && applied.message !== undefined) item.appliedMessage = applied.message;
      if (manifest?.status !== undefined) item.status = manifest.status;
      if (manifest?.health !== undefined) item.health = manifest.health;
      return [item];
    })
    .sort((a, b) => (a.clusterName < b.clusterName ? -1 : 1));
}

function fullyApplied(binding: ResourceBinding, items: readonly AggregatedStatusItem[]): Condition {
  const targets = targetsOf(binding);
  const isFull = targets.length > 0 && targets.every(({ name }) => items.some(({ clusterName, applied }) => clusterName === name && applied === true));
  return isFull
    ? { type: FULLY_APPLIED, status: 'True', reason: 'FullyAppliedSuccess', message: 'All works have been successfully applied' }
    : { type: FULLY_APPLIED, status: 'False', reason: 'FullyAppliedFailed', message: 'Failed to apply all works, see status.aggregatedStatus for details' };
}

/** `now` is RFC 3339. A binding without clusters has no word on whether they have it. */
export function bindingStatus(binding: ResourceBinding, works: readonly Work[], now: string): BindingStatus {
  const items = aggregated(works);
  const { aggregatedStatus: _, ...status } = binding.status ?? {};
  const conditions = targetsOf(binding).length === 0 ? status.conditions : setCondition(status.conditions, fullyApplied(binding, items), now);
  return { ...status, ...(conditions === undefined ? {} : { conditions }), ...(items.length === 0 ? {} : { aggregatedStatus: items }) };
}
