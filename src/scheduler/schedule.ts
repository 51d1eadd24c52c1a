/** One pod, one snapshot, one answer. Pure but for the choice among equals, which Random makes. */
import type { Pod } from '../kube/types.ts';
import { pick, type Random } from '../runtime/random.ts';
import { filtersFor, type Refusal } from './filters/index.ts';
import { scoresOf } from './scores/index.ts';
import type { NodeInfo, Snapshot } from './snapshot.ts';

export type Placement = { node: string } | { refusals: ReadonlyMap<string, Refusal> };

/** Fewer feasible nodes than this are all scored; of more, a share is enough (kube-scheduler's numFeasibleNodesToFind). */
const MIN_FEASIBLE = 100;
const MIN_PERCENT = 5;

export function feasibleNodesToFind(nodes: number): number {
  if (nodes < MIN_FEASIBLE) return nodes;
  const percent = Math.max(MIN_PERCENT, 50 - Math.floor(nodes / 125));
  return Math.max(MIN_FEASIBLE, Math.floor((nodes * percent) / 100));
}

/** `startAt` rotates where the search begins, so that all nodes of a large cluster get their turn. */
export function place(pod: Pod, snapshot: Snapshot, random: Random, startAt = 0): Placement {
  const check = filtersFor(pod, snapshot);
  const nodes = [...snapshot.nodes.values()];
  const wanted = feasibleNodesToFind(nodes.length);
  const feasible: NodeInfo[] = [];
  const refusals = new Map<string, Refusal>();
  for (let i = 0; i < nodes.length && feasible.length < wanted; i++) {
    const node = nodes[(startAt + i) % nodes.length];
    if (!node) continue;
    const refusal = check(node);
    if (refusal) refusals.set(node.name, refusal);
    else feasible.push(node);
  }
  if (feasible.length === 0) return { refusals };
  const [only] = feasible;
  if (feasible.length === 1 && only) return { node: only.name };
  const totals = scoresOf(pod, snapshot, feasible);
  const best = Math.max(...totals);
  return { node: pick(random, feasible.filter((_, i) => totals[i] === best)).name };
}

/** '0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.' with reasons counted and sorted. */
export function explain(nodes: number, refusals: ReadonlyMap<string, Refusal>): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  for (const { reasons } of refusals.values()) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available${parts.length > 0 ? `: ${parts.join(', ')}` : ''}.`;
}
