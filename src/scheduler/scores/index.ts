/** How well a node would take a pod: kube-scheduler's default scores and weights. */
import type { Pod } from '../../kube/types.ts';
import type { NodeInfo, Snapshot } from '../snapshot.ts';
import { interPodAffinity, podTopologySpread } from './placement.ts';
import { imageLocality, nodeAffinity, taintToleration } from './preferences.ts';
import { balancedAllocation, leastAllocated } from './resources.ts';
import type { Score } from './score.ts';

const SCORES: readonly Score[] = [taintToleration, nodeAffinity, podTopologySpread, interPodAffinity, leastAllocated, balancedAllocation, imageLocality];

/** Weighted sums, one a candidate. */
export function scoresOf(pod: Pod, snapshot: Snapshot, candidates: readonly NodeInfo[]): number[] {
  const totals = candidates.map(() => 0);
  for (const score of SCORES) {
    const points = score.rate(pod, snapshot, candidates);
    if (!points) continue;
    for (const [i, value] of points.entries()) totals[i] = (totals[i] ?? 0) + score.weight * value;
  }
  return totals;
}
