/** Votes and bounds of clusters by the rules of a static weight list. */
import type { ClusterWeight } from '../kinds/policy.ts';
import { clusterMatcher } from './affinity.ts';
import type { Candidate } from './score.ts';

export interface WeightedCluster {
  name: string;
  weight: number;
  /** Ours: fewest replicas, 0 if there is no bound. */
  min: number;
  /** Ours: most replicas; absent: no bound. */
  max?: number;
}

/**
 * A cluster that several rules match has the highest of their weights, and all of their bounds; where they contradict, the
 * maximum holds. Who has no weight is left out; if nobody has one, all weigh the same.
 */
export function weightsOf(candidates: readonly Pick<Candidate, 'name' | 'cluster'>[], rules: readonly ClusterWeight[]): WeightedCluster[] {
  const matchers = rules.map((rule) => ({ rule, matches: clusterMatcher(rule.targetCluster) }));
  const all = candidates.map(({ name, cluster }): WeightedCluster => {
    const matching = matchers.filter(({ matches }) => matches(cluster)).map(({ rule }) => rule);
    const weight = Math.max(0, ...matching.map((rule) => rule.weight));
    const max = Math.min(...matching.map(({ maxReplicas }) => maxReplicas ?? Infinity));
    const min = Math.min(max, Math.max(0, ...matching.map(({ minReplicas }) => minReplicas ?? 0)));
    return { name, weight, min, ...(max < Infinity && { max }) };
  });
  const weighted = all.filter(({ weight }) => weight > 0);
  return weighted.length > 0 ? weighted : all.map((cluster) => ({ ...cluster, weight: 1 }));
}

/** What each begins with: its minimum, in order of weight as far as the replicas go. */
export function minimums(clusters: readonly WeightedCluster[], replicas: number): Map<string, number> {
  let left = replicas;
  const begin = new Map<string, number>();
  for (const { name, min } of [...clusters].sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1))) {
    const given = Math.min(min, left);
    begin.set(name, given);
    left -= given;
  }
  return begin;
}
