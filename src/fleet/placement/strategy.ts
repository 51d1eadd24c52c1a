/** What a placement asks for, with the defaults that upstream's webhooks fill in. */
import type { BindingSpec } from '../kinds/binding.ts';
import type { Placement } from '../kinds/policy.ts';
import type { Strategy } from './trace.ts';

/** Without `replicaScheduling` every cluster gets all replicas. */
export function divisionOf({ replicaScheduling }: Placement): Strategy {
  if (replicaScheduling === undefined || replicaScheduling.replicaSchedulingType === 'Duplicated') return 'Duplicated';
  if (replicaScheduling.replicaDivisionPreference === 'Aggregated') return 'Aggregated';
  return replicaScheduling.weightPreference?.dynamicWeight ? 'DynamicWeight' : 'StaticWeight';
}

/** Divided by what clusters can take. */
export function isDynamic(strategy: Strategy): boolean {
  return strategy === 'DynamicWeight' || strategy === 'Aggregated';
}

/** What has replicas, be it none at the moment. */
export function isWorkload(binding: Pick<BindingSpec, 'replicas' | 'replicaRequirements'>): boolean {
  return binding.replicas !== undefined || binding.replicaRequirements !== undefined;
}

/** As upstream: static weights, and no weights at all, are for all clusters of the affinity. */
export function ignoresSpread(placement: Placement): boolean {
  if (divisionOf(placement) !== 'StaticWeight') return false;
  const weights = placement.replicaScheduling?.weightPreference;
  return weights === undefined || (weights.staticWeightList ?? []).length > 0;
}
