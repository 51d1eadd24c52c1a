/** LeastAllocated and BalancedAllocation over cpu and memory. Formulas: kube-scheduler's noderesources plugins. */
import { podInfo } from '../snapshot.ts';
import { MAX_SCORE, type Score } from './score.ts';

function share(requested: number, allocatable: number): number {
  return allocatable === 0 ? 1 : Math.min(1, requested / allocatable);
}

/** `Σ weight·(allocatable − requested)/allocatable·100 ÷ Σ weight`, weights 1. */
export const leastAllocated: Score = {
  weight: 1,
  rate(pod, _snapshot, candidates) {
    const { scoredCpuMillis, scoredMemoryBytes } = podInfo(pod);
    return candidates.map((node) => {
      const cpu = 1 - share(node.scoredCpuMillis + scoredCpuMillis, node.allocatable.cpuMillis);
      const memory = 1 - share(node.scoredMemoryBytes + scoredMemoryBytes, node.allocatable.memoryBytes);
      return Math.floor((Math.floor(cpu * MAX_SCORE) + Math.floor(memory * MAX_SCORE)) / 2);
    });
  },
};

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
