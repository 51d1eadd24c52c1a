/** One pod, one snapshot, one answer. Pure but for the choice among equals, which Random makes. */
import type { Pod } from '../kube/types.ts';
import { pick, type Random } from '../runtime/random.ts';
import { filtersFor, type Refusal } from './filters/index.ts';
import type { Nominations } from './nominations.ts';
import { scoresOf, type ScoringStrategy } from './scores/index.ts';
import type { NodeInfo, Snapshot } from './snapshot.ts';

/** `checked`: how many nodes were looked at. */
export type Placement = { node: string; checked: number } | { refusals: ReadonlyMap<string, Refusal> };

export interface PlaceOptions {
  nominations?: Nominations;
  /** Rotates where the search begins, so that all nodes of a large cluster get their turn. */
  startAt?: number;
  strategy?: ScoringStrategy;
}

/** Fewer feasible nodes than this are all scored; of more, a share is enough (kube-scheduler's numFeasibleNodesToFind). */
const MIN_FEASIBLE = 100;
const MIN_PERCENT = 5;

export function feasibleNodesToFind(nodes: number): number {
  if (nodes < MIN_FEASIBLE) return nodes;
  const percent = Math.max(MIN_PERCENT, 50 - Math.floor(nodes / 125));
  return Math.max(MIN_FEASIBLE, Math.floor((nodes * percent) / 100));
}

/** 20 to 40 µs of one core at 50 nodes, 150 µs at 1000 (bench/scheduler.ts): mostly the filters and scores of every node. */
export function place(pod: Pod, snapshot: Snapshot, random: Random, { nominations, startAt = 0, strategy }: PlaceOptions = {}): Placement {
  const check = checkWithPromises(pod, snapshot, nominations);
  // The node whose victims left for this pod: no need to look further.
  const promised = snapshot.nodes.get(nominations?.nodeOf(pod.metadata.uid ?? '') ?? '');
  if (promised && !check(promised)) return { node: promised.name, checked: 0 };

  const nodes = snapshot.nodeList();
  const wanted = feasibleNodesToFind(nodes.length);
  const feasible: NodeInfo[] = [];
  const refusals = new Map<string, Refusal>();
  let checked = 0;
  while (checked < nodes.length && feasible.length < wanted) {
    const node = nodes[(startAt + checked++) % nodes.length]!;
    const refusal = check(node);
    if (refusal) refusals.set(node.name, refusal);
    else feasible.push(node);
  }
  const [first] = feasible;
  if (!first) return { refusals };
  if (feasible.length === 1) return { node: first.name, checked };
  const totals = scoresOf(pod, snapshot, feasible, strategy);
  const best = Math.max(...totals);
  return {
    node: pick(
      random,
      feasible.filter((_, i) => totals[i] === best),
    ).name,
    checked,
  };
}

/** A node must do both with and without the pods that were promised room there: they may come, or not. */
function checkWithPromises(pod: Pod, snapshot: Snapshot, nominations: Nominations | undefined): (node: NodeInfo) => Refusal | undefined {
  const check = filtersFor(pod, snapshot);
  if (!nominations) return check;
  return (node) => {
    const guests = nominations.before(pod, node.name);
    if (guests.length === 0) return check(node);
    const crowded = node.copy();
    for (const guest of guests) crowded.add(guest);
    return filtersFor(pod, snapshot.withNode(crowded))(crowded) ?? check(node);
  };
}

/** '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.' with reasons counted and sorted. */
export function explain(nodes: number, refusals: ReadonlyMap<string, Refusal>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  const [first] = refusals.values();
  if (first?.ofPod) return `0/${nodes} nodes are available: ${first.reasons.join(', ')}.`;
  for (const { reasons } of refusals.values()) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return `0/${nodes} nodes are available: ${summary(counts)}`;
}

/** '1 Insufficient cpu, 2 Too many pods.' */
export function summary(counts: ReadonlyMap<string, number>): string {
  return `${[...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ')}.`;
}
