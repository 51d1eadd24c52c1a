/** How many more replicas a cluster can take, from what it reports (Karmada: pkg/estimator/client/general.go). */
import { byteCount, cpuMillis, isQuantity, type QuantityValue } from '../../kube/quantity.ts';
import type { ReplicaRequirements } from '../kinds/binding.ts';
import type { Cluster, ResourceSummary } from '../kinds/cluster.ts';

/** A cluster's answer is bounded by what a replica count can be. */
export const MAX_REPLICAS = 2 ** 31 - 1;

/** Summaries are read once each, not for each of thousands of workloads. */
const known = new WeakMap<ResourceSummary, Map<string, number>>();

/**
 * The least of its free pods and of what is free of each requested resource; undefined if the cluster reports no summary.
 * Throws QuantityError if a request is none (see `badRequest`).
 */
export function availableReplicas(cluster: Cluster, requirements: ReplicaRequirements | undefined): number | undefined {
  const summary = cluster.status?.resourceSummary;
  if (summary === undefined) return undefined;
  const free = freeOf(summary);
  let replicas = Math.min(MAX_REPLICAS, free.get('pods') ?? 0);
  for (const [resource, quantity] of Object.entries(requirements?.resourceRequest ?? {})) {
    const wanted = units(resource, quantity);
    if (wanted > 0) replicas = Math.min(replicas, Math.floor((free.get(resource) ?? 0) / wanted));
  }
  return replicas;
}

/** The first of the requests that is no quantity, as 'FIELD: Invalid value'; templates of kinds that are not checked may have some. */
export function badRequest(requirements: ReplicaRequirements | undefined): string | undefined {
  const bad = Object.entries(requirements?.resourceRequest ?? {}).find(([, quantity]) => !isQuantity(quantity));
  return bad && `spec.replicaRequirements.resourceRequest[${bad[0]}]: Invalid value: ${JSON.stringify(bad[1])}: must be a quantity, as '250m' or '1Gi'`;
}

function freeOf(summary: ResourceSummary): Map<string, number> {
  let free = known.get(summary);
  if (free === undefined) {
    const { allocatable = {}, allocated = {}, allocating = {} } = summary;
    free = new Map(
      Object.entries(allocatable).map(([resource, quantity]) => {
        const rest = reported(resource, quantity) - reported(resource, allocated[resource]) - reported(resource, allocating[resource]);
        return [resource, Math.max(0, rest)];
      }),
    );
    known.set(summary, free);
  }
  return free;
}

/** Milli-units of CPU, whole units of all else. */
function units(resource: string, quantity: QuantityValue): number {
  return resource === 'cpu' ? cpuMillis(quantity) : byteCount(quantity);
}

/** What a cluster reports is not ours to refuse: what is no quantity counts as none. */
function reported(resource: string, quantity: QuantityValue): number {
  return isQuantity(quantity) ? units(resource, quantity) : 0;
}
