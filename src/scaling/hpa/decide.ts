/** How many replicas a target is to have: first what its bounds alone say, then what its metrics say. */
import type { HorizontalPodAutoscaler } from '../../kube/types.ts';
import type { Combined } from './combine.ts';
import type { History } from './history.ts';
import { normalize, type Normalized } from './normalize.ts';
import type { HpaStatus } from './types.ts';

export interface Subject {
  current: number;
  min: number;
  max: number;
  /** This controller took the last replica away: it may bring it back. */
  scaledToZero: boolean;
  /** There is something to measure where there are no pods. */
  hasObjectOrExternal: boolean;
}

export type FirstLook =
  /** Someone else took all replicas away: hands off. */
  { next: 'nothing' } | { next: 'scale'; replicas: number; reason: string } | { next: 'measure' };

export function subjectOf(spec: NonNullable<HorizontalPodAutoscaler['spec']>, status: HpaStatus, current: number): Subject {
  return {
    current,
    min: spec.minReplicas ?? 1,
    max: spec.maxReplicas,
    scaledToZero: status.conditions?.some(({ type, status: is }) => type === 'ScaledToZero' && is === 'True') ?? false,
    hasObjectOrExternal: spec.metrics?.some(({ type }) => type === 'Object' || type === 'External') ?? false,
  };
}

export function firstLook({ current, min, max, scaledToZero, hasObjectOrExternal }: Subject): FirstLook {
  if (current === 0) return scaledToZero && (min !== 0 || hasObjectOrExternal) ? { next: 'measure' } : { next: 'nothing' };
  if (current > max) return { next: 'scale', replicas: max, reason: 'Current number of replicas above Spec.MaxReplicas' };
  if (current < min) return { next: 'scale', replicas: min, reason: BELOW_MIN };
  return { next: 'measure' };
}

const BELOW_MIN = 'Current number of replicas below Spec.MinReplicas';

export interface Decision {
  replicas: number;
  /** Of the event; '' when nothing changes. */
  reason: string;
  conditions: Normalized['conditions'];
}

export interface Circumstances {
  behavior: NonNullable<HorizontalPodAutoscaler['spec']>['behavior'];
  history: History;
  downscaleStabilizationMs: number;
  nowMs: number;
}

export function decide({ current, min, max, scaledToZero }: Subject, wanted: NonNullable<Combined['wanted']>, more: Circumstances): Decision {
  const { replicas, conditions } = normalize({ current, min, max, wanted: wanted.replicas, ...more });
  const asked = wanted.replicas > current ? `${wanted.metric} above target` : wanted.replicas < current ? 'All metrics below target' : '';
  // From zero the minimum is not yet reached; it may have been raised since.
  if (current === 0 && scaledToZero && replicas < min) return { replicas: min, reason: asked || BELOW_MIN, conditions };
  return { replicas, reason: asked, conditions };
}

/** Whether the last replica goes by this controller's own doing. */
export function goesToZero({ current, min, hasObjectOrExternal }: Subject, replicas: number): boolean {
  return current > 0 && replicas === 0 && min === 0 && hasObjectOrExternal;
}
