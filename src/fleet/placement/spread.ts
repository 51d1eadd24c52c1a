/** Spread constraints: how many clusters, regions, zones… a workload is spread over (Karmada: pkg/scheduler/core/spreadconstraint). */
import type { Placement, SpreadConstraint } from '../kinds/policy.ts';
import { zonesOf } from './affinity.ts';
import { selectGroups } from './groups.ts';
import { best, capacity, type Candidate } from './score.ts';
import { divisionOf, ignoresSpread } from './strategy.ts';
import type { Failure, SelectionTrace } from './trace.ts';

export interface Selection {
  selected: Candidate[];
  trace?: SelectionTrace;
}

/** By what clusters are grouped; upstream knows regions only. */
interface Topology {
  name: string;
  constraint: SpreadConstraint;
  groupsOf: (candidate: Candidate) => string[];
}

interface ScoredGroup {
  name: string;
  /** In the order of `best`. */
  members: Candidate[];
  score: number;
}

/** `candidates` in the order of `best`; `replicas` is 0 for what has none. */
export function selectClusters(candidates: readonly Candidate[], placement: Placement, replicas: number): Selection | Failure {
  const constraints = placement.spreadConstraints ?? [];
  if (constraints.length === 0 || ignoresSpread(placement)) return { selected: [...candidates] };
  const clusterConstraint = constraints.find(isByCluster);
  const topology = topologyOf(constraints);
  if (topology !== undefined) return selectByTopology(candidates, topology, clusterConstraint, placement, replicas);
  return selectByCluster(candidates, clusterConstraint ?? {}, divisionOf(placement) === 'Duplicated' ? 0 : replicas);
}

function isByCluster({ spreadByField, spreadByLabel }: SpreadConstraint): boolean {
  return spreadByField === 'cluster' || (!spreadByField && !spreadByLabel);
}

/** One kind of groups is looked at: regions where they are asked for, as upstream. */
function topologyOf(constraints: readonly SpreadConstraint[]): Topology | undefined {
  const by = (field: SpreadConstraint['spreadByField'], groupsOf: Topology['groupsOf']): Topology | undefined => {
    const constraint = constraints.find(({ spreadByField }) => spreadByField === field);
    return constraint && { name: field ?? '', constraint, groupsOf };
  };
  return (
    by('region', ({ cluster }) => present(cluster.spec.region)) ??
    by('zone', ({ cluster }) => zonesOf(cluster)) ??
    by('provider', ({ cluster }) => present(cluster.spec.provider)) ??
    byLabel(constraints.find(({ spreadByLabel }) => spreadByLabel))
  );
}

function byLabel(constraint: SpreadConstraint | undefined): Topology | undefined {
  if (constraint === undefined) return undefined;
  const label = constraint.spreadByLabel ?? '';
  return { name: `label ${label}`, constraint, groupsOf: ({ cluster }) => present(cluster.metadata.labels?.[label]) };
}

function present(value: string | undefined): string[] {
  return value ? [value] : [];
}

/** The best so many; those at the end give way to larger ones while all together have too little room. */
function selectByCluster(candidates: readonly Candidate[], constraint: SpreadConstraint, replicas: number): Selection | Failure {
  const trace: SelectionTrace = { by: 'cluster' };
  if (candidates.length < minOf(constraint)) return failure('the number of feasible clusters is less than spreadConstraint.MinGroups');
  const count = Math.min(candidates.length, maxOf(constraint));
  const selected = candidates.slice(0, count);
  const rest = candidates.slice(count);
  const room = () => selected.reduce((sum, candidate) => sum + capacity(candidate), 0);
  for (let at = count - 1; at >= 0 && room() < replicas; at--) {
    const largest = largestOf(rest);
    if (largest < 0 || capacity(rest[largest]!) <= capacity(selected[at]!)) continue;
    [selected[at], rest[largest]] = [rest[largest]!, selected[at]!];
  }
  return room() < replicas ? failure(`no enough resource when selecting ${count} clusters`) : { selected, trace };
}

/** The first of the largest; -1 if there are none. */
function largestOf(candidates: readonly Candidate[]): number {
  let largest = -1;
  for (const [i, candidate] of candidates.entries()) if (largest < 0 || capacity(candidate) > capacity(candidates[largest]!)) largest = i;
  return largest;
}

/** The best cluster of each group that is chosen, then the best of what is left in them. */
function selectByTopology(
  candidates: readonly Candidate[],
  { name, constraint, groupsOf }: Topology,
  clusterConstraint: SpreadConstraint | undefined,
  placement: Placement,
  replicas: number,
): Selection | Failure {
  const groups = groupBy(candidates, groupsOf).map(([group, members]): ScoredGroup => {
    return { name: group, members, score: groupScore(members, placement, replicas, minOf(constraint), clusterConstraint?.minGroups ?? 0) };
  });
  if (groups.length < minOf(constraint)) return failure(`the number of feasible ${name} is less than spreadConstraint.MinGroups`);
  const sizes = groups.map(({ name, members, score }) => ({ name, size: members.length, score }));
  const chosen = selectGroups(sizes, { min: minOf(constraint), max: maxOf(constraint), clusters: clusterConstraint?.minGroups ?? 0 });
  if (chosen.length === 0) return failure('the number of clusters is less than the cluster spreadConstraint.MinGroups');
  const members = chosen.map(({ name }) => groups.find((group) => group.name === name)!.members);
  const selected = new Set<Candidate>();
  // A cluster of several zones stands for one of them.
  for (const group of members) {
    const first = group.find((candidate) => !selected.has(candidate));
    if (first) selected.add(first);
  }
  const rest = [...new Set(members.flat())].filter((candidate) => !selected.has(candidate)).sort(best);
  for (const candidate of rest) {
    if (selected.size >= maxOf(clusterConstraint ?? {})) break;
    selected.add(candidate);
  }
  const names = new Set(chosen.map(({ name }) => name));
  return {
    selected: [...selected],
    trace: { by: name, groups: groups.map(({ name, members, score }) => ({ name, score, clusters: members.map((m) => m.name), selected: names.has(name) })) },
  };
}

function groupBy(candidates: readonly Candidate[], groupsOf: Topology['groupsOf']): [name: string, members: Candidate[]][] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    for (const name of groupsOf(candidate)) {
      const members = groups.get(name);
      if (members) members.push(candidate);
      else groups.set(name, [candidate]);
    }
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What replicas count for beside the clusters' scores of 0 to 100, which decide between equals. */
const UNIT = 1000;

/**
 * Duplicated: how many of the group's clusters can take all replicas. Divided: how many of the group's part it can take.
 * (Karmada: group_clusters.go, calcGroupScore.)
 */
function groupScore(members: readonly Candidate[], placement: Placement, replicas: number, minGroups: number, minClusters: number): number {
  if (divisionOf(placement) === 'Duplicated') {
    const able = members.filter((member) => capacity(member) >= replicas);
    return able.length === 0 ? 0 : able.length * UNIT + average(able, able.length);
  }
  const part = Math.ceil(replicas / minGroups);
  const needed: Candidate[] = [];
  let room = 0;
  for (const member of members) {
    needed.push(member);
    room += capacity(member);
    if (needed.length >= Math.max(minClusters, minGroups) && room >= part) break;
  }
  return room < part ? room * UNIT + average(needed, members.length) : part * UNIT + average(needed, needed.length);
}

function average(members: readonly Candidate[], count: number): number {
  return Math.floor(members.reduce((sum, { score }) => sum + score, 0) / count);
}

function minOf({ minGroups }: SpreadConstraint): number {
  return minGroups || 1;
}

/** Absent and 0: no bound. */
function maxOf({ maxGroups }: SpreadConstraint): number {
  return maxGroups || Infinity;
}

function failure(why: string): Failure {
  return { reason: 'SchedulerError', message: `failed to select clusters: ${why}` };
}
