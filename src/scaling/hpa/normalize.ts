/** From what the metrics ask for to what may be done: stabilized over the window, then within rate, minimum and maximum. */
import type { History } from './history.ts';
import { downLimit, upLimit } from './policies.ts';
import type { Behavior, HpaCondition } from './types.ts';

export interface NormalizeInput {
  current: number;
  /** By the metrics alone. */
  wanted: number;
  min: number;
  max: number;
  behavior: Behavior | undefined;
  /** Gets the new recommendation. */
  history: History;
  /** The window for taking away, where the behavior does not say. */
  downscaleStabilizationMs: number;
  nowMs: number;
}

export type Change = Pick<HpaCondition, 'type' | 'status' | 'reason' | 'message'>;

export interface Normalized {
  replicas: number;
  /** AbleToScale and ScalingLimited. */
  conditions: readonly Change[];
}

interface Bounded {
  replicas: number;
  reason: string;
  message: string;
}

export function normalize(input: NormalizeInput): Normalized {
  const stabilized = input.behavior === undefined ? stabilize(input) : stabilizeByBehavior(input, input.behavior);
  const bounded = input.behavior === undefined ? bound(input, stabilized) : boundByBehavior(input, input.behavior, stabilized);
  const up = input.behavior !== undefined && input.wanted >= input.current;
  const able: Change =
    stabilized === input.wanted
      ? { type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
      : { type: 'AbleToScale', status: 'True', ...(up ? STABILIZED.up : STABILIZED.down) };
  const { replicas, reason, message } = bounded;
  return { replicas, conditions: [able, { type: 'ScalingLimited', status: replicas === stabilized ? 'False' : 'True', reason, message }] };
}

const STABILIZED = {
  up: { reason: 'ScaleUpStabilized', message: 'recent recommendations were lower than current one, applying the lowest recent recommendation' },
  down: { reason: 'ScaleDownStabilized', message: 'recent recommendations were higher than current one, applying the highest recent recommendation' },
};

/** The highest of the window. */
function stabilize({ wanted, history, downscaleStabilizationMs: windowMs, nowMs }: NormalizeInput): number {
  const recent = history.recommendations.filter(({ atMs }) => atMs >= nowMs - windowMs);
  history.recommend(wanted, nowMs, windowMs);
  return Math.max(wanted, ...recent.map(({ replicas }) => replicas));
}

/** The current replicas, moved as little as the lowest of the one window and the highest of the other ask for. */
function stabilizeByBehavior(input: NormalizeInput, { scaleUp, scaleDown }: Behavior): number {
  const { current, wanted, history, nowMs } = input;
  const upMs = (scaleUp?.stabilizationWindowSeconds ?? 0) * 1000;
  const downMs = (scaleDown?.stabilizationWindowSeconds ?? input.downscaleStabilizationMs / 1000) * 1000;
  const within = (windowMs: number): number[] => history.recommendations.filter(({ atMs }) => atMs > nowMs - windowMs).map(({ replicas }) => replicas);
  const lowest = Math.min(wanted, ...within(upMs));
  const highest = Math.max(wanted, ...within(downMs));
  history.recommend(wanted, nowMs, Math.max(upMs, downMs));
  return Math.min(Math.max(current, lowest), highest);
}

const IN_RANGE = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
const TOO_FEW = { reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' };
const TOO_MANY = { reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' };
const UP_LIMIT = { reason: 'ScaleUpLimit', message: 'the desired replica count is increasing faster than the maximum scale rate' };
const DOWN_LIMIT = { reason: 'ScaleDownLimit', message: 'the desired replica count is decreasing faster than the maximum scale rate' };

/** Without behavior: at most twice as many at a time, or four. */
function bound({ current, min, max }: NormalizeInput, wanted: number): Bounded {
  const rate = Math.max(2 * current, 4);
  if (wanted < min) return { replicas: min, ...TOO_FEW };
  if (wanted > Math.min(max, rate)) return { replicas: Math.min(max, rate), ...(max > rate ? UP_LIMIT : TOO_MANY) };
  return { replicas: wanted, ...IN_RANGE };
}

function boundByBehavior({ current, min, max, history, nowMs }: NormalizeInput, { scaleUp = {}, scaleDown = {} }: Behavior, wanted: number): Bounded {
  if (wanted > current) {
    const rate = upLimit(current, history, scaleUp, nowMs);
    if (wanted > Math.min(max, rate)) return { replicas: Math.min(max, rate), ...(max > rate ? UP_LIMIT : TOO_MANY) };
  } else if (wanted < current) {
    const rate = downLimit(current, history, scaleDown, nowMs);
    if (wanted < Math.max(min, rate)) return { replicas: Math.max(min, rate), ...(min < rate ? DOWN_LIMIT : TOO_FEW) };
  }
  return { replicas: wanted, ...IN_RANGE };
}
