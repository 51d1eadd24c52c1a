/** How many pods of a budget may be disrupted now (upstream's pkg/controller/disruption). */
import { setCondition } from '../../kube/conditions.ts';
import { isPodReady, isPodTerminal } from '../../kube/pods.ts';
import type { Pod, PodDisruptionBudget } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import { scaledValue } from '../shared/int-or-percent.ts';

/** An eviction that was allowed but whose pod is still there after so long did not happen. */
const DISRUPTION_TIMEOUT_MS = 120_000;

export type BudgetStatus = NonNullable<PodDisruptionBudget['status']>;

/** How many pods there should be: `scale` is what the pods' controllers want together, or why that cannot be known. */
export function expectedPods(budget: PodDisruptionBudget, podCount: number, scale: () => number): { expected: number; desiredHealthy: number } {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  if (maxUnavailable !== undefined) {
    const expected = scale();
    return { expected, desiredHealthy: Math.max(0, expected - scaledValue(maxUnavailable, expected, 'up')) };
  }
  if (typeof minAvailable === 'string') {
    const expected = scale();
    return { expected, desiredHealthy: scaledValue(minAvailable, expected, 'up') };
  }
  return { expected: podCount, desiredHealthy: minAvailable ?? 0 };
}

/** Disruptions that were granted and whose pods have not gone yet; and when the first of them is to be looked at again. */
export function pendingDisruptions(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  nowMs: number,
): { disrupted: Record<string, string>; recheckMs: number | undefined } {
  const disrupted: Record<string, string> = {};
  let recheckMs: number | undefined;
  const granted = budget.status?.disruptedPods ?? {};
  for (const pod of pods) {
    const since = granted[pod.metadata.name ?? ''];
    if (since === undefined || since === null || pod.metadata.deletionTimestamp !== undefined) continue;
    const left = Date.parse(since) + DISRUPTION_TIMEOUT_MS - nowMs;
    if (left <= 0) continue;
    disrupted[pod.metadata.name ?? ''] = since;
    recheckMs = Math.min(recheckMs ?? left, left);
  }
  return { disrupted, recheckMs };
}

export function budgetStatus(
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  counts: { expected: number; desiredHealthy: number },
  disrupted: Record<string, string>,
  nowMs: number,
): BudgetStatus {
  const healthy = pods.filter(
    (pod) => !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined && disrupted[pod.metadata.name ?? ''] === undefined && isPodReady(pod),
  ).length;
  const allowed = counts.expected > 0 ? Math.max(0, healthy - counts.desiredHealthy) : 0;
  const generation = budget.metadata.generation;
  const condition = {
    type: 'DisruptionAllowed',
    status: allowed > 0 ? ('True' as const) : ('False' as const),
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    lastTransitionTime: '',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  return {
    conditions: setCondition(budget.status?.conditions, condition, timestamp(nowMs)),
    currentHealthy: healthy,
    desiredHealthy: counts.desiredHealthy,
    ...(Object.keys(disrupted).length > 0 ? { disruptedPods: disrupted } : {}),
    disruptionsAllowed: allowed,
    expectedPods: counts.expected,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

/** Nothing is known, so nothing may be disrupted. */
export function failedStatus(budget: PodDisruptionBudget, message: string, nowMs: number): BudgetStatus {
  const generation = budget.metadata.generation;
  const condition = {
    type: 'DisruptionAllowed',
    status: 'False' as const,
    reason: 'SyncFailed',
    message,
    lastTransitionTime: '',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  return {
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
    ...budget.status,
    disruptionsAllowed: 0,
    conditions: setCondition(budget.status?.conditions, condition, timestamp(nowMs)),
  };
}
