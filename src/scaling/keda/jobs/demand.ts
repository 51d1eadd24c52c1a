/** How many Jobs the triggers ask for, and how many of them are to be made now. Pure. */
import type { Bounds, ScalingStrategy } from './types.ts';

/** What one trigger says. */
export interface QueueReading {
  queueLength: number;
  /** What one Job is to serve. */
  target: number;
  active: boolean;
}

export interface Demand {
  active: boolean;
  queueLength: number;
  /** Jobs for that queue, within the maximum. */
  wanted: number;
}

export function demandOf(readings: readonly QueueReading[], calculation: ScalingStrategy['multipleScalersCalculation'], { min, max }: Bounds): Demand {
  const busy = readings
    .filter(({ active }) => active)
    .map(({ queueLength, target }) => ({ queueLength, wanted: target === 0 ? 0 : Math.min(queueLength / target, max) }));
  const { queueLength, wanted } = combined(busy, calculation);
  return { active: busy.length > 0 || min > 0, queueLength: Math.ceil(queueLength), wanted: Math.ceil(Math.min(wanted, max)) };
}

type Queue = Pick<Demand, 'queueLength' | 'wanted'>;

function combined(busy: readonly Queue[], calculation: ScalingStrategy['multipleScalersCalculation']): Queue {
  const none: Queue = { queueLength: 0, wanted: 0 };
  const sum = busy.reduce((total, one) => ({ queueLength: total.queueLength + one.queueLength, wanted: total.wanted + one.wanted }), none);
  if (calculation === 'sum' || busy.length === 0) return sum;
  if (calculation === 'avg') return { queueLength: sum.queueLength / busy.length, wanted: sum.wanted / busy.length };
  const sorted = busy.toSorted((a, b) => a.queueLength - b.queueLength);
  return (calculation === 'min' ? sorted[0] : sorted.at(-1)) ?? none;
}

export interface JobCounts {
  /** Not finished. */
  running: number;
  /** Of those, without a pod that runs or ran. */
  pending: number;
}

/** Jobs to make now. */
export function jobsToMake({ queueLength, wanted, active }: Demand, { running, pending }: JobCounts, strategy: ScalingStrategy, { min, max }: Bounds): number {
  if (!active) return 0;
  if (running < min) return min - running;
  const above = running - min;
  switch (strategy.strategy) {
    case 'custom': {
      const share = Number(strategy.customScalingRunningJobPercentage ?? '');
      if (strategy.customScalingRunningJobPercentage === undefined || Number.isNaN(share)) return bounded(wanted - above, queueLength);
      return bounded(Math.min(wanted - (strategy.customScalingQueueLengthDeduction ?? 0) - Math.trunc(above * share), max), queueLength);
    }
    case 'accurate':
      return bounded(wanted + above - pending > max ? max - above : wanted - pending, queueLength);
    case 'eager':
      return bounded(Math.min(max - above - pending, wanted), max);
    default:
      return bounded(wanted - above, queueLength);
  }
}

const bounded = (room: number, asked: number): number => Math.max(0, Math.min(room, asked));
