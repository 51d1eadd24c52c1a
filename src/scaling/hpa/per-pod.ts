/**
 * Replicas from numbers that each pod has (Resource, ContainerResource, Pods metrics).
 * The rule is upstream's: ceil(ratio × pods), where pods without a number, or whose number says nothing yet, may only ever damp the change.
 */
import type { Pod } from '../../kube/types.ts';
import type { PodMetrics } from './metrics-client.ts';
import { groupPods, requestsOf, type Delays } from './pods.ts';
import { isWithin, type Tolerances } from './tolerance.ts';
import { replicaCount } from './types.ts';

export interface PerPodInput {
  /** Changed: what does not count is taken out. */
  metrics: PodMetrics;
  /** All that the target's selector matches. */
  pods: readonly Pod[];
  currentReplicas: number;
  /** 'cpu' has rules of its own. */
  resource?: string;
  tolerances: Tolerances;
  delays: Delays;
  nowMs: number;
}

export interface PerPodResult {
  replicas: number;
  /** The average, in thousandths. */
  usage: number;
  /** The average in percent of the requests. */
  utilization?: number;
}

interface Use {
  ratio: number;
  usage: number;
  utilization?: number;
}

interface Measure {
  use(metrics: PodMetrics): Use;
  /** What a pod without a number is taken to use when replicas would go. */
  most(pod: string): number;
}

/** `target`: percent of the requests. Throws an Error where the numbers or requests do not suffice. */
export function replicasByUtilization(input: PerPodInput & { resource: string; container?: string | undefined }, target: number): PerPodResult {
  return propose(input, () => {
    const requests = requestsOf(input.pods, input.resource, input.container);
    return {
      use: (metrics) => utilizationOf(metrics, requests, target),
      most: (pod) => Math.trunc(((requests.get(pod) ?? 0) * Math.max(100, target)) / 100),
    };
  });
}

/** `target`: the average, in thousandths. */
export function replicasByUsage(input: PerPodInput, target: number): PerPodResult {
  return propose(input, () => ({ use: (metrics) => usageOf(metrics, target), most: () => target }));
}

function propose(input: PerPodInput, measureOf: () => Measure): PerPodResult {
  const { metrics, pods, currentReplicas, tolerances } = input;
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count');
  const { ready, unready, missing, ignored } = groupPods(pods, metrics, input.resource, input.delays, input.nowMs);
  for (const name of [...ignored, ...unready]) metrics.delete(name);
  if (metrics.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  const measure = measureOf();
  const { ratio, ...seen } = measure.use(metrics);
  const keep = { replicas: currentReplicas, ...seen };
  const mayHelp = ratio > 1 ? unready : new Set<string>();
  if (mayHelp.size === 0 && missing.size === 0) return isWithin(tolerances, ratio) ? keep : { ...keep, replicas: replicaCount(ratio * ready) };

  if (ratio !== 1) for (const name of missing) metrics.set(name, assumed(ratio < 1 ? measure.most(name) : 0));
  for (const name of mayHelp) metrics.set(name, assumed(0));
  const { ratio: damped } = measure.use(metrics);
  if (isWithin(tolerances, damped) || (ratio - 1) * (damped - 1) < 0) return keep;
  const replicas = replicaCount(damped * metrics.size);
  // More pods were counted than there are replicas, or fewer: that is no reason to go the other way.
  if ((damped < 1 && replicas > currentReplicas) || (damped > 1 && replicas < currentReplicas)) return keep;
  return { ...keep, replicas };
}

function assumed(millis: number) {
  return { time: 0, windowMs: 0, millis };
}

/** In whole percent and whole thousandths, cut off, as upstream's integers. */
function utilizationOf(metrics: PodMetrics, requests: ReadonlyMap<string, number>, target: number): Use {
  let used = 0;
  let requested = 0;
  let count = 0;
  for (const [pod, { millis }] of metrics) {
    const request = requests.get(pod);
    if (request === undefined) continue;
    used += millis;
    requested += request;
    count++;
  }
  if (requested === 0) throw new Error('no metrics returned matched known pods');
  // Thousandths of bytes times a hundred are more than a double holds.
  const utilization = Number((BigInt(used) * 100n) / BigInt(requested));
  return { ratio: utilization / target, usage: Math.trunc(used / count), utilization };
}

function usageOf(metrics: PodMetrics, target: number): Use {
  let used = 0;
  for (const { millis } of metrics.values()) used += millis;
  const usage = Math.trunc(used / metrics.size);
  return { ratio: usage / target, usage };
}
