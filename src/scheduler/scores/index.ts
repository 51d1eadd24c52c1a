/** How well a node would take a pod: kube-scheduler's default scores and weights. */
import type { Pod } from '../../kube/types.ts';
import type { NodeInfo, Snapshot } from '../snapshot.ts';
import { interPodAffinity, podTopologySpread } from './placement.ts';
import { imageLocality, nodeAffinity, taintToleration } from './preferences.ts';
import { balancedAllocation, leastAllocated, mostAllocated } from './resources.ts';
import type { Score } from './score.ts';

/** LeastAllocated spreads pods (the default), MostAllocated packs them so that nodes can be given back. */
export type ScoringStrategy = 'LeastAllocated' | 'MostAllocated';

const COMMON: readonly Score[] = [taintToleration, nodeAffinity, podTopologySpread, interPodAffinity, balancedAllocation, imageLocality];
const SCORES: Record<ScoringStrategy, readonly Score[]> = {
  LeastAllocated: [...COMMON, leastAllocated],
  MostAllocated: [...COMMON, mostAllocated],
};

/** Weighted sums, one a candidate. */
export function scoresOf(pod: Pod, snapshot: Snapshot, candidates: readonly NodeInfo[], strategy: ScoringStrategy = 'LeastAllocated'): number[] {
  const totals = candidates.map(() => 0);
  for (const score of SCORES[strategy]) {
    const points = score.rate(pod, snapshot, candidates);
    if (!points) continue;
    for (let i = 0; i < points.length; i++) totals[i]! += score.weight * points[i]!;
  }
  return totals;
}
