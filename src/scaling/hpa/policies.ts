/** How far the policies of a behavior let replicas go now. Source: KEP-853. */
import type { History, ScaleEvent } from './history.ts';
import { REPLICAS_MAX, type ScalingRules } from './types.ts';

type Done = Pick<History, 'ups' | 'downs'>;

/** Never below the current replicas. */
export function upLimit(current: number, done: Done, rules: ScalingRules, nowMs: number): number {
  const proposals = proposalsOf(current, done, rules, nowMs, (start, { type, value }) =>
    // Rounded up: a percentage of few replicas would let none come.
    type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100)),
  );
  if (proposals === undefined) return current;
  const limit = rules.selectPolicy === 'Min' ? Math.min(REPLICAS_MAX, ...proposals) : Math.max(...proposals);
  return Math.max(current, limit);
}

/** Never above the current replicas. */
export function downLimit(current: number, done: Done, rules: ScalingRules, nowMs: number): number {
  const proposals = proposalsOf(current, done, rules, nowMs, (start, { type, value }) =>
    type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100)),
  );
  if (proposals === undefined) return current;
  const limit = rules.selectPolicy === 'Min' ? Math.max(...proposals) : Math.min(REPLICAS_MAX, ...proposals);
  return Math.min(current, limit);
}

type Policy = NonNullable<ScalingRules['policies']>[number];

/** From what was there when each policy's period began. Undefined where scaling this way is disabled. */
function proposalsOf(current: number, done: Done, rules: ScalingRules, nowMs: number, of: (start: number, policy: Policy) => number): number[] | undefined {
  if (rules.selectPolicy === 'Disabled') return undefined;
  return (rules.policies ?? []).map((policy) => {
    const sinceMs = nowMs - policy.periodSeconds * 1000;
    return of(current - changeSince(done.ups, sinceMs) + changeSince(done.downs, sinceMs), policy);
  });
}

function changeSince(events: readonly ScaleEvent[], sinceMs: number): number {
  return events.reduce((sum, { change, atMs }) => (atMs > sinceMs ? sum + change : sum), 0);
}
