/** What is reported while scalers fail. Pure. */
import type { MetricSpec } from '../hpa/types.ts';
import { approximate } from '../../kube/quantity.ts';
import { modifiersOf, type Fallback, type Health, type ScaledObject } from './types.ts';

/** Undefined where there is none, or one that cannot be: a formula's target must be a whole number for it, as upstream. */
export function fallbackOf(scaledObject: ScaledObject): Fallback | undefined {
  const { fallback } = scaledObject.spec;
  const modifiers = modifiersOf(scaledObject);
  if (fallback === undefined || (modifiers !== undefined && !/^[1-9]\d*$/.test(modifiers.target ?? ''))) return undefined;
  return fallback;
}

export function healthAfter(before: Health | undefined, failed: boolean): Health {
  return failed ? { numberOfFailures: (before?.numberOfFailures ?? 0) + 1, status: 'Failing' } : { numberOfFailures: 0, status: 'Happy' };
}

export function isBeyond(health: Health | undefined, { failureThreshold }: Fallback): boolean {
  return health?.status === 'Failing' && (health.numberOfFailures ?? 0) > failureThreshold;
}

export interface ReplicasNow {
  /** What the target is to have. */
  current: number;
  /** Of those, ready; asked only for targets of type Value. */
  ready: number;
}

/** How many replicas a fallback means. */
function fallbackReplicas({ behavior, replicas }: Fallback, current: number): number {
  if (behavior === 'currentReplicas') return current;
  if (behavior === 'currentReplicasIfHigher') return Math.max(current, replicas);
  if (behavior === 'currentReplicasIfLower') return Math.min(current, replicas);
  return replicas;
}

/** The value that makes the autoscaler want as many. Undefined: it cannot be said now. */
export function fallbackValue(scaledObject: ScaledObject, fallback: Fallback, metric: MetricSpec, now: ReplicasNow): number | undefined {
  const modifiers = modifiersOf(scaledObject);
  const { averageValue, value, type } = metric.external?.target ?? { type: '' };
  const isValue = (modifiers === undefined ? type : modifiers.metricType) === 'Value';
  if (isValue && now.ready === 0) return undefined;
  const replicas = fallbackReplicas(fallback, now.current) / (isValue ? now.ready : 1);
  const target = modifiers === undefined ? approximate((isValue ? value : averageValue) ?? '0') : Number(modifiers.target);
  return target * replicas;
}
