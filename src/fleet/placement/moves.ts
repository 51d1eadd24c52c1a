/** How far a placement is from another, and how to come nearer without moving too much at once. */
import type { TargetCluster } from '../kinds/binding.ts';
import { allocate } from './webster.ts';

/** Replicas that leave a cluster for another; what is only started or only stopped is no move. */
export function movesBetween(from: readonly TargetCluster[], to: readonly TargetCluster[]): number {
  const { gains, losses } = differences(from, to);
  return Math.min(total(gains), total(losses));
}

/**
 * As near to `to` as `moves` replicas can bring `from`, by name; with as many replicas as `to` in any case. Clusters gain and
 * lose in proportion to what they have before them, so that one step after the other, all arrive together.
 */
export function towards(from: readonly TargetCluster[], to: readonly TargetCluster[], moves: number): TargetCluster[] {
  const { gains, losses } = differences(from, to);
  const held = movesBetween(from, to) - moves;
  if (held <= 0) return [...to].sort(byName);
  const counts = countsOf(from);
  for (const [name, gain] of part(gains, total(gains) - held)) counts.set(name, (counts.get(name) ?? 0) + gain);
  for (const [name, loss] of part(losses, total(losses) - held)) counts.set(name, (counts.get(name) ?? 0) - loss);
  const targets = [...counts].map(([name, replicas]) => ({ name, replicas }));
  return targets.filter(({ replicas }) => replicas > 0).sort(byName);
}

function byName(a: TargetCluster, b: TargetCluster): number {
  return a.name < b.name ? -1 : 1;
}

type Counts = Map<string, number>;

function countsOf(clusters: readonly TargetCluster[]): Counts {
  return new Map(clusters.map(({ name, replicas = 0 }) => [name, replicas]));
}

function differences(from: readonly TargetCluster[], to: readonly TargetCluster[]): { gains: Counts; losses: Counts } {
  const [before, after] = [countsOf(from), countsOf(to)];
  const gains: Counts = new Map();
  const losses: Counts = new Map();
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const change = (after.get(name) ?? 0) - (before.get(name) ?? 0);
    if (change > 0) gains.set(name, change);
    if (change < 0) losses.set(name, -change);
  }
  return { gains, losses };
}

function total(counts: Counts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** So many of them, each in proportion and none above what it is. */
function part(counts: Counts, replicas: number): [name: string, count: number][] {
  const parties = [...counts].map(([name, count]) => ({ name, votes: count, seats: 0, max: count }));
  return allocate(replicas, parties, 'ascending').parties.map(({ name, seats }) => [name, seats]);
}
