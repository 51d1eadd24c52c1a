/** Replicas from one number for all pods (Object and External metrics), in thousandths. */
import { isPodReady } from '../../kube/pods.ts';
import type { Pod } from '../../kube/types.ts';
import { isWithin, type Tolerances } from './tolerance.ts';
import { replicaCount } from './types.ts';

/**
 * Target of type Value: the ready pods share it. Without replicas neither they nor the tolerance count, so that the first one comes.
 * Throws an Error when there are replicas but no pods.
 */
export function replicasByValue(input: { value: number; target: number; currentReplicas: number; pods: readonly Pod[]; tolerances: Tolerances }): number {
  const { value, target, currentReplicas, pods, tolerances } = input;
  const ratio = value / target;
  if (currentReplicas === 0) return replicaCount(ratio);
  if (isWithin(tolerances, ratio)) return currentReplicas;
  if (pods.length === 0) throw new Error('unable to calculate ready pods: no pods returned by selector while calculating replica count');
  return replicaCount(ratio * pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length);
}

/** Target of type AverageValue: so many for each replica there is, ready or not. `average` is what each has now. */
export function replicasByAverage(input: { value: number; target: number; statusReplicas: number; tolerances: Tolerances }): {
  replicas: number;
  average: number;
} {
  const { value, target, statusReplicas, tolerances } = input;
  const within = isWithin(tolerances, value / (target * statusReplicas));
  // Upstream divides by zero here and shows -9223372036854775808m: of no replicas the value itself is the better answer.
  return { replicas: within ? statusReplicas : replicaCount(value / target), average: Math.ceil(value / Math.max(1, statusReplicas)) };
}
