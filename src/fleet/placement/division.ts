/** How many replicas each of the selected clusters gets (Karmada: pkg/scheduler/core/{assignment,division_algorithm,common}.go). */
import type { BindingSpec, TargetCluster } from '../kinds/binding.ts';
import type { Placement } from '../kinds/policy.ts';
import { affinityTiers } from './affinity.ts';
import { divideByFree } from './dynamic.ts';
import { capacity, LOCALITY_SCORE, type Candidate } from './score.ts';
import { sharesOf } from './shares.ts';
import { minimums, weightsOf, type WeightedCluster } from './static-weights.ts';
import { divisionOf, isWorkload } from './strategy.ts';
import type { DivisionTrace, Failure } from './trace.ts';
import { allocate, type TieOrder } from './webster.ts';

export interface Division {
  /** By name, each with at least one replica, unless none are wanted. */
  clusters: TargetCluster[];
  tables: DivisionTrace[];
}

export interface DivisionOptions {
  order: TieOrder;
  /** The last placement does not count. */
  fresh: boolean;
  /** The affinity term that is tried. */
  affinityName?: string;
}

const NO_ROOM = 'Clusters available replicas are not enough to schedule.';

/** `candidates` in the order in which they were selected, at least one. */
export function divide(candidates: readonly Candidate[], binding: BindingSpec, placement: Placement, options: DivisionOptions): Division | Failure {
  if (!isWorkload(binding)) return { clusters: byName(candidates.map(({ name }) => ({ name }))), tables: [] };
  const replicas = binding.replicas ?? 0;
  const division = replicas === 0 ? keepPlace(candidates, placement, options) : divideReplicas(candidates, replicas, placement, options);
  if ('reason' in division) return { ...division, message: `failed to assign replicas: ${division.message}` };
  return { clusters: byName(division.clusters.filter((cluster) => replicas === 0 || cluster.replicas !== 0)), tables: division.tables };
}

function byName(clusters: TargetCluster[]): TargetCluster[] {
  return clusters.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function divideReplicas(candidates: readonly Candidate[], replicas: number, placement: Placement, options: DivisionOptions): Division | Failure {
  const strategy = divisionOf(placement);
  if (strategy === 'Duplicated') return { clusters: candidates.map(({ name }) => ({ name, replicas })), tables: [] };
  if (strategy === 'StaticWeight') return divideByWeight(candidates, replicas, placement, options);
  const dynamic = { ...options, aggregated: strategy === 'Aggregated' };
  if (affinityTiers(placement, options.affinityName, true).length < 2) return divideByFree(candidates, replicas, dynamic);
  const all: Division = { clusters: [], tables: [] };
  let left = replicas;
  for (const [tier, members] of tiersOf(candidates)) {
    const part = Math.min(
      left,
      members.reduce((sum, member) => sum + capacity(member), 0),
    );
    if (part === 0) continue;
    const division = divideByFree(members, part, dynamic);
    if ('reason' in division) return division;
    all.clusters.push(...division.clusters);
    all.tables.push(...division.tables.map((table) => ({ tier, ...table })));
    left -= part;
  }
  return left > 0 ? { reason: 'Unschedulable', message: NO_ROOM } : all;
}

function tiersOf(candidates: readonly Candidate[]): [tier: number, members: Candidate[]][] {
  const tiers = new Map<number, Candidate[]>();
  for (const candidate of candidates) tiers.set(candidate.tier, [...(tiers.get(candidate.tier) ?? []), candidate]);
  return [...tiers].sort(([a], [b]) => a - b);
}

/** Anew each time, without regard to what is where or what has room: the method itself moves as little as can be. */
function divideByWeight(candidates: readonly Candidate[], replicas: number, placement: Placement, { order }: DivisionOptions): Division | Failure {
  const weighted = weightedOf(candidates, placement);
  const bound = weighted.reduce((sum, { max }) => sum + (max ?? Infinity), 0);
  if (bound < replicas) return { reason: 'Unschedulable', message: tooLow(weighted, bound, replicas) };
  const begin = minimums(weighted, replicas);
  const parties = weighted.map(({ name, weight, max }) => ({ name, votes: weight, seats: begin.get(name) ?? 0, ...(max !== undefined && { max }) }));
  const started = parties.reduce((sum, { seats }) => sum + seats, 0);
  const allocation = allocate(replicas - started, parties, order);
  const bounds = new Map(weighted.map((cluster) => [cluster.name, cluster]));
  const shares = sharesOf(allocation.parties, replicas, new Map()).map((share) => {
    const { min = 0, max } = bounds.get(share.cluster) ?? {};
    return { ...share, ...(min > 0 && { min }), ...(max !== undefined && { max }) };
  });
  return {
    clusters: allocation.parties.map(({ name, seats }) => ({ name, replicas: seats })),
    tables: [{ replicas, votesAre: 'weight', order, shares, ...(allocation.tie && { tie: allocation.tie }) }],
  };
}

function weightedOf(candidates: readonly Candidate[], placement: Placement): WeightedCluster[] {
  return weightsOf(candidates, placement.replicaScheduling?.weightPreference?.staticWeightList ?? []);
}

function tooLow(weighted: readonly WeightedCluster[], bound: number, replicas: number): string {
  const bounds = weighted.map(({ name, max }) => `${name} ${max}`).sort();
  return `maxReplicas of staticWeightList allow ${bound} of ${replicas} replicas (${bounds.join(', ')}).`;
}

/** A workload that is scaled to nothing stays where it was, so that it can be started there; a new one may start anywhere. */
function keepPlace(candidates: readonly Candidate[], placement: Placement, { fresh }: DivisionOptions): Division {
  const strategy = divisionOf(placement);
  const weighted = strategy === 'StaticWeight' ? new Set(weightedOf(candidates, placement).map(({ name }) => name)) : undefined;
  const lowest = Math.min(...candidates.map(({ tier }) => tier));
  const eligible = candidates.filter(({ name }) => weighted === undefined || weighted.has(name));
  const stay = strategy === 'Duplicated' || fresh ? [] : eligible.filter(({ score }) => score === LOCALITY_SCORE);
  const chosen = stay.length > 0 ? stay : eligible.filter(({ tier }) => tier === lowest);
  return { clusters: chosen.map(({ name }) => ({ name, replicas: 0 })), tables: [] };
}
