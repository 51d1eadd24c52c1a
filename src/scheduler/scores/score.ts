import type { Pod } from '../../kube/types.ts';
import type { NodeInfo, Snapshot } from '../snapshot.ts';

/** Raw points of each candidate, in their order; the sum uses them after `normalize`. */
export interface Score {
  weight: number;
  /** Undefined: says nothing about this pod. */
  rate(pod: Pod, snapshot: Snapshot, candidates: readonly NodeInfo[]): number[] | undefined;
}

export const MAX_SCORE = 100;

/** Scales so that the best has 100; `reverse` for raw points that count against a node. */
export function normalize(points: number[], reverse = false): number[] {
  const max = Math.max(0, ...points);
  if (max === 0) return points.map(() => (reverse ? MAX_SCORE : 0));
  return points.map((p) => (reverse ? MAX_SCORE - Math.floor((MAX_SCORE * p) / max) : Math.floor((MAX_SCORE * p) / max)));
}
