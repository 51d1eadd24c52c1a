/**
 * Which pods of lower priority could give way so that a pod fits, and on which node that costs least.
 * Source: kube-scheduler's preemption (pkg/scheduler/framework/preemption): dry run, then the order of choice.
 */
import { getCondition } from '../kube/conditions.ts';
import { isPodTerminal, podPriority } from '../kube/pods.ts';
import { matcherOf } from '../kube/selectors.ts';
import type { Pod, PodDisruptionBudget } from '../kube/types.ts';
import { pick, type Random } from '../runtime/random.ts';
import { trialFiltersFor, type Refusal } from './filters/index.ts';
import type { Nominations } from './nominations.ts';
import { summary } from './schedule.ts';
import type { NodeInfo, Snapshot } from './snapshot.ts';

export interface Victims {
  node: string;
  /** By importance, most important first. */
  pods: Pod[];
  /** How many of them a disruption budget protects. */
  violations: number;
}

export type Preemption = { victims: Victims } | { message: string };

/** Of many candidates a sample is enough: a tenth, at least a hundred. */
const MIN_CANDIDATES = 100;
const CANDIDATE_PERCENT = 10;

export interface PreemptionInput {
  snapshot: Snapshot;
  /** The filters' answers for every node. */
  refusals: ReadonlyMap<string, Refusal>;
  budgets: readonly PodDisruptionBudget[];
  nominations: Nominations;
  random: Random;
}

export function preempt(pod: Pod, { snapshot, refusals, budgets, nominations, random }: PreemptionInput): Preemption {
  if (pod.spec?.preemptionPolicy === 'Never') return { message: 'not eligible due to preemptionPolicy=Never.' };
  const promised = snapshot.nodes.get(nominations.nodeOf(pod.metadata.uid ?? '') ?? '');
  if (promised && !refusals.get(promised.name)?.unresolvable && [...promised.pods.values()].some((info) => isLeavingFor(pod, info.pod))) {
    return { message: 'not eligible due to a terminating pod on the nominated node.' };
  }
  const counts = new Map<string, number>();
  const say = (reason: string): void => void counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const potential: NodeInfo[] = [];
  for (const [name, refusal] of refusals) {
    const node = snapshot.nodes.get(name);
    if (!node || refusal.unresolvable) say('Preemption is not helpful for scheduling');
    else potential.push(node);
  }
  const check = trialFiltersFor(pod, snapshot);
  const enough = Math.max(MIN_CANDIDATES, Math.ceil((potential.length * CANDIDATE_PERCENT) / 100));
  const candidates: Victims[] = [];
  const offset = potential.length === 0 ? 0 : Math.floor(random.next() * potential.length);
  for (let i = 0; i < potential.length && candidates.length < enough; i++) {
    const node = potential[(offset + i) % potential.length]!;
    const victims = victimsOn(node, pod, (trial, view) => check(trial, view) === undefined, { snapshot, budgets, nominations });
    if (victims) candidates.push(victims);
    else say('No preemption victims found for incoming pod');
  }
  if (candidates.length > 0) return { victims: cheapest(candidates, random) };
  return { message: `0/${snapshot.nodes.size} nodes are available: ${summary(counts)}` };
}

/** A victim of an earlier preemption that takes its grace period. */
function isLeavingFor(pod: Pod, other: Pod): boolean {
  return isLeavingByPreemption(other) && podPriority(other) < podPriority(pod);
}

export function isLeavingByPreemption(pod: Pod): boolean {
  const target = getCondition(pod.status?.conditions, 'DisruptionTarget');
  return pod.metadata.deletionTimestamp !== undefined && target?.status === 'True' && target.reason === 'PreemptionByScheduler';
}

/** All lower pods away, then as many back as fit: those a budget protects first, the more important before the less. */
function victimsOn(
  node: NodeInfo,
  pod: Pod,
  mayGo: (node: NodeInfo, snapshot: Snapshot) => boolean,
  { snapshot, budgets, nominations }: Pick<PreemptionInput, 'snapshot' | 'budgets' | 'nominations'>,
): Victims | undefined {
  const priority = podPriority(pod);
  const lower = [...node.pods.values()].map((info) => info.pod).filter((other) => podPriority(other) < priority);
  if (lower.length === 0) return undefined;
  const trial = node.copy();
  for (const guest of nominations.before(pod, node.name)) trial.add(guest);
  const trialSnapshot = snapshot.withNode(trial);
  for (const other of lower) trial.remove(other.metadata.uid ?? '');
  const fits = (): boolean => mayGo(trial, trialSnapshot);
  if (!fits()) return undefined;
  const { violating, others } = splitByBudgets(lower.sort(byImportance), budgets);
  const victims: Pod[] = [];
  let violations = 0;
  const reprieve = (other: Pod): boolean => {
    trial.add(other);
    if (fits()) return true;
    trial.remove(other.metadata.uid ?? '');
    victims.push(other);
    return false;
  };
  for (const other of violating) if (!reprieve(other)) violations++;
  for (const other of others) reprieve(other);
  return { node: node.name, pods: victims.sort(byImportance), violations };
}

/** Higher priority first; of equals the one that has run longer. */
function byImportance(a: Pod, b: Pod): number {
  return podPriority(b) - podPriority(a) || startTime(a) - startTime(b);
}

function startTime(pod: Pod): number {
  return pod.status?.startTime ? Date.parse(pod.status.startTime) : Number.MAX_SAFE_INTEGER;
}

function splitByBudgets(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): { violating: Pod[]; others: Pod[] } {
  const left = budgets.map((budget) => ({ budget, allowed: budget.status?.disruptionsAllowed ?? 0, matches: matcherOf(budget.spec?.selector) }));
  const violating: Pod[] = [];
  const others: Pod[] = [];
  for (const pod of pods) {
    const { name = '', namespace, labels = {} } = pod.metadata;
    const mine = left.filter(
      ({ budget, matches }) =>
        budget.metadata.namespace === namespace && Object.keys(labels).length > 0 && matches(labels) && !budget.status?.disruptedPods?.[name],
    );
    let violated = false;
    for (const entry of mine) if (--entry.allowed < 0) violated = true;
    (violated && !isPodTerminal(pod) ? violating : others).push(pod);
  }
  return { violating, others };
}

/** Fewest violations, lowest highest priority, lowest sum of priorities, fewest victims, latest start of the most important. */
function cheapest(candidates: readonly Victims[], random: Random): Victims {
  const OFFSET = 2 ** 31;
  const costs: ((v: Victims) => number)[] = [
    (v) => v.violations,
    (v) => (v.pods[0] ? podPriority(v.pods[0]) : -OFFSET),
    (v) => v.pods.reduce((sum, pod) => sum + podPriority(pod) + OFFSET, 0),
    (v) => v.pods.length,
    (v) => -Math.min(...v.pods.filter((pod) => podPriority(pod) === podPriority(v.pods[0] ?? pod)).map(startTime)),
  ];
  let left = candidates;
  for (const cost of costs) {
    const values = left.map(cost);
    const best = Math.min(...values);
    left = left.filter((_, i) => values[i] === best);
    if (left.length === 1) break;
  }
  return left.length === 1 && left[0] ? left[0] : pick(random, left);
}
