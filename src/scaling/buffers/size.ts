/** How many chunks a buffer is to have. Pure. */
import { compareQuantities, timesThatFit } from '../../kube/quantity.ts';
import type { ResourceList } from '../../kube/quota/resource-list.ts';
import type { CapacityBuffer } from './types.ts';

/**
 * The larger of `replicas` and the percentage of the scalable's replicas (rounded up), as far as the limits allow;
 * with limits alone as many as fit. `requests` are those of one chunk. Throws an Error in upstream's words.
 */
export function bufferSize({ replicas, percentage, limits }: CapacityBuffer['spec'], requests: ResourceList, scalableReplicas?: number): number {
  const wanted: number[] = [];
  if (replicas !== undefined) wanted.push(replicas);
  if (percentage !== undefined && scalableReplicas !== undefined) wanted.push(Math.ceil((percentage * scalableReplicas) / 100));
  if (limits !== undefined) return Math.min(...(wanted.length > 0 ? [Math.max(...wanted)] : []), withinLimits(requests, limits));
  if (wanted.length === 0) throw new Error('replicas, percentage and limits are not defined');
  return Math.max(...wanted);
}

function withinLimits(requests: ResourceList, limits: ResourceList): number {
  const counts = Object.entries(requests)
    .filter(([name, request]) => limits[name] !== undefined && compareQuantities(request, '0') > 0)
    .map(([name, request]) => timesThatFit(limits[name] ?? '0', request));
  if (counts.length === 0) throw new Error('resources in configured limits not found in the pod template');
  return Math.min(...counts);
}
