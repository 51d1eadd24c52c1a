/** Candidates: the clusters that fit, with what they could take, best first. */
import type { BindingSpec } from '../kinds/binding.ts';
import type { Cluster } from '../kinds/cluster.ts';
import type { Placement } from '../kinds/policy.ts';
import { affinityTiers, clusterMatcher } from './affinity.ts';
import { availableReplicas, MAX_REPLICAS } from './available.ts';
import type { Available } from './request.ts';
import { isWorkload } from './strategy.ts';

export interface Candidate {
  name: string;
  cluster: Cluster;
  /** 100 if the workload is there already, else 0: so it stays where it is. */
  score: number;
  /** 0: of the affinity itself; n: of its n-th overflow affinity. */
  tier: number;
  /** Replicas of the last placement. */
  assigned: number;
  /** Replicas that it could take beside those. */
  free: number;
}

export const LOCALITY_SCORE = 100;

/** All that the cluster could have in the end. */
export function capacity({ assigned, free }: Pick<Candidate, 'assigned' | 'free'>): number {
  return assigned + free;
}

/** The clusters as candidates, in the order in which they are taken. */
export function candidatesOf(
  binding: BindingSpec,
  placement: Placement,
  affinityName: string | undefined,
  clusters: readonly Cluster[],
  available: Available | undefined,
): Candidate[] {
  const last = new Map(binding.clusters?.map(({ name, replicas }) => [name, replicas ?? 0]));
  const tiers = affinityTiers(placement, affinityName, isWorkload(binding)).map(clusterMatcher);
  const replicas = binding.replicas ?? 0;
  // Nothing to run fits anywhere.
  const free = (cluster: Cluster) => (replicas === 0 ? MAX_REPLICAS : roomFor(cluster, binding, available));
  return clusters
    .map((cluster): Candidate => {
      const name = cluster.metadata.name ?? '';
      return {
        name,
        cluster,
        score: last.has(name) ? LOCALITY_SCORE : 0,
        tier:
          tiers.length < 2
            ? 0
            : Math.max(
                0,
                tiers.findIndex((matches) => matches(cluster)),
              ),
        assigned: last.get(name) ?? 0,
        free: free(cluster),
      };
    })
    .sort(best);
}

/** Of a cluster that says nothing it is believed that it takes all. */
function roomFor(cluster: Cluster, { replicas = 0, replicaRequirements }: BindingSpec, available: Available | undefined): number {
  return Math.max(0, available?.(cluster, replicaRequirements) ?? availableReplicas(cluster, replicaRequirements) ?? replicas);
}

/** Tier, score, capacity, name. */
export function best(a: Candidate, b: Candidate): number {
  return a.tier - b.tier || b.score - a.score || capacity(b) - capacity(a) || (a.name < b.name ? -1 : 1);
}
