/** LeastAllocated, MostAllocated and BalancedAllocation over cpu and memory. Formulas: kube-scheduler's noderesources plugins. */
import { podInfo } from '../snapshot.ts';
import { MAX_SCORE, type Score } from './score.ts';

function share(requested: number, allocatable: number): number {
  return allocatable === 0 ? 1 : Math.min(1, requested / allocatable);
}

/** Points of what is free (or used) of cpu and memory once the pod is there, averaged: both weigh 1. */
function allocationScore(points: (requested: number, allocatable: number) => number): Score {
  return {
    weight: 1,
    rate(pod, _snapshot, candidates) {
      const { scoredCpuMillis, scoredMemoryBytes } = podInfo(pod);
      return candidates.map((node) => {
        const cpu = points(node.scoredCpuMillis + scoredCpuMillis, node.allocatable.cpuMillis);
        const memory = points(node.scoredMemoryBytes + scoredMemoryBytes, node.allocatable.memoryBytes);
        return Math.floor((cpu + memory) / 2);
      });
    },
  };
}

/** `Σ weight·(allocatable − requested)/allocatable·100 ÷ Σ weight`, in whole points as upstream's integers. */
export const leastAllocated = allocationScore((requested, allocatable) => Math.floor((1 - share(requested, allocatable)) * MAX_SCORE));
/** `Σ weight·requested/allocatable·100 ÷ Σ weight`. */
export const mostAllocated = allocationScore((requested, allocatable) => Math.floor(share(requested, allocatable) * MAX_SCORE));

/** `(1 − |cpu − memory|/2)·100` of the shares requested. */
export const balancedAllocation: Score = {
  weight: 1,
  rate(pod, _snapshot, candidates) {
    const { requests } = podInfo(pod);
    if (requests.cpuMillis === 0 && requests.memoryBytes === 0) return undefined;
    return candidates.map((node) => {
      const cpu = share(node.requested.cpuMillis + requests.cpuMillis, node.allocatable.cpuMillis);
      const memory = share(node.requested.memoryBytes + requests.memoryBytes, node.allocatable.memoryBytes);
      return Math.floor((1 - Math.abs(cpu - memory) / 2) * MAX_SCORE);
    });
  },
};
