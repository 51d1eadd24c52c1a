/** Requests made by chance, the same for the same seed: Karmada's own scheduler has answered them (fixtures/karmada-answers.txt). */
import { pick, seededRandom, type Random } from '../../../runtime/random.ts';
import type { BindingSpec, BindingStatus, TargetCluster } from '../../kinds/binding.ts';
import type { Cluster } from '../../kinds/cluster.ts';
import type { ClusterAffinity, ClusterAffinityTerm, Placement, ReplicaScheduling, SpreadConstraint } from '../../kinds/policy.ts';
import { isFresh } from '../needs-placement.ts';
import { place } from '../place.ts';
import { cluster, weights } from './worlds.ts';

export interface GeneratedCase {
  spec: BindingSpec;
  status: BindingStatus;
  clusters: Cluster[];
}

/** How many seeds, from 0, were answered. */
export const CASES = 3000;

const REGIONS = ['R1', 'R2', 'R3', 'R4'];
const ZONES = ['Z1', 'Z2', 'Z3'];

/** Chance in the words of this file. */
class Dice {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  int(from: number, to: number): number {
    return from + Math.floor(this.#random.next() * (to - from + 1));
  }

  chance(part: number): boolean {
    return this.#random.next() < part;
  }

  pick<T>(items: readonly T[]): T {
    return pick(this.#random, items);
  }

  some<T>(items: readonly T[], part: number): T[] {
    return items.filter(() => this.chance(part));
  }

  many<T>(from: number, to: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.int(from, to) }, (_, i) => make(i));
  }

  uid(): string {
    return this.#random.uuid();
  }
}

/** Fields that upstream's webhooks would fill in are there; what they would refuse is not made. */
export function generatedCase(seed: number): GeneratedCase {
  const dice = new Dice(seed);
  const names = dice.many(1, 8, (i) => `m${i}`);
  const clusters = names.map((name) => someCluster(name, dice));
  const placement = somePlacement(names, dice);
  const isWorkload = dice.chance(0.93);
  const last: TargetCluster[] = dice.chance(0.65)
    ? dice.some([...names, 'gone'], 0.45).map((name) => ({ name, ...(isWorkload && { replicas: dice.int(1, 9) }) }))
    : [];
  const placed = last.reduce((total, { replicas = 0 }) => total + replicas, 0);
  const evicted = dice.chance(0.15) ? dice.some(names, 0.3).filter((name) => !last.some((target) => target.name === name)) : [];
  const spec: BindingSpec = {
    resource: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'hello', uid: dice.chance(0.8) ? dice.uid() : '' },
    placement,
    ...(isWorkload && { replicas: placed > 0 && dice.chance(0.2) ? placed : dice.int(1, 35) }),
    ...(isWorkload && dice.chance(0.6) && { replicaRequirements: { resourceRequest: someRequest(dice) } }),
    ...(last.length > 0 && { clusters: last }),
    ...(evicted.length > 0 && { gracefulEvictionTasks: evicted.map((fromCluster) => ({ fromCluster, reason: 'TaintUntolerated', producer: 'TaintManager' })) }),
    ...(dice.chance(0.15) && { rescheduleTriggeredAt: '2026-02-01T00:00:00Z' }),
  };
  const observed = placement.clusterAffinities && dice.chance(0.6) ? dice.pick(['t0', 't1', 't2']) : undefined;
  const status: BindingStatus = { lastScheduledTime: '2026-01-01T00:00:00Z', ...(observed !== undefined && { schedulerObservingAffinityName: observed }) };
  return { spec, status, clusters };
}

function someCluster(name: string, dice: Dice): Cluster {
  const zones = dice.chance(0.3) ? ['Z1', 'Z2'] : [dice.pick(ZONES)];
  const taints = [{ key: 'k', value: 'v', effect: dice.pick(['NoSchedule', 'NoExecute', 'PreferNoSchedule']) }];
  return cluster(
    name,
    {
      ...(dice.chance(0.9) && { region: dice.pick(REGIONS) }),
      ...(dice.chance(0.7) && { provider: dice.pick(['P1', 'P2']) }),
      ...(dice.chance(0.7) && { zones }),
      ...(dice.chance(0.15) && { taints }),
    },
    { tier: dice.pick(['a', 'b']) },
    {
      ...(dice.chance(0.07) && { apiEnablements: [] }),
      resourceSummary: {
        allocatable: { pods: String(dice.int(0, 30)), cpu: `${dice.int(0, 40) * 250}m`, memory: '64Gi' },
        allocated: { pods: String(dice.int(0, 5)), cpu: `${dice.int(0, 8) * 100}m` },
        ...(dice.chance(0.3) && { allocating: { pods: '1', memory: '1000Mi' } }),
      },
    },
  );
}

function someRequest(dice: Dice): Record<string, string> {
  return { ...(dice.chance(0.8) && { cpu: dice.pick(['100m', '250m', '0.5', '1']) }), ...(dice.chance(0.5) && { memory: dice.pick(['1Gi', '4Gi', '500M']) }) };
}

function someAffinity(names: readonly string[], dice: Dice): ClusterAffinity {
  const operator = dice.pick(['In', 'NotIn']);
  return dice.pick<ClusterAffinity>([
    {},
    {},
    {},
    { clusterNames: dice.some(names, 0.6) },
    { exclude: dice.some(names, 0.3) },
    { labelSelector: { matchLabels: { tier: dice.pick(['a', 'b']) } } },
    { fieldSelector: { matchExpressions: [{ key: 'region', operator, values: ['R1', 'R3'] }] } },
    { fieldSelector: { matchExpressions: [{ key: 'zone', operator, values: ['Z1'] }] } },
    { fieldSelector: { matchExpressions: [{ key: 'provider', operator, values: ['P1'] }] } },
  ]);
}

function somePlacement(names: readonly string[], dice: Dice): Placement {
  const replicaScheduling = someScheduling(names, dice);
  const isDynamic = replicaScheduling?.replicaDivisionPreference === 'Aggregated' || replicaScheduling?.weightPreference?.dynamicWeight !== undefined;
  const terms = (): ClusterAffinityTerm[] =>
    dice.many(1, 3, (i) => ({
      affinityName: `t${i}`,
      ...someAffinity(names, dice),
      ...(isDynamic && dice.chance(0.6) && { overflowAffinities: dice.many(1, 2, (j) => ({ affinityName: `o${j}`, ...someAffinity(names, dice) })) }),
    }));
  const affinity = dice.int(0, 2);
  return {
    ...(replicaScheduling && { replicaScheduling }),
    ...(affinity === 0 && { clusterAffinity: someAffinity(names, dice) }),
    ...(affinity === 1 && { clusterAffinities: terms() }),
    ...(dice.chance(0.3) && {
      clusterTolerations: [dice.pick([{ key: 'k', operator: 'Exists' } as const, { key: 'k', operator: 'Equal', value: 'v' } as const])],
    }),
    ...(dice.chance(0.5) && { spreadConstraints: someConstraints(dice) }),
  };
}

function someScheduling(names: readonly string[], dice: Dice): ReplicaScheduling | undefined {
  const divided = (more: ReplicaScheduling): ReplicaScheduling => ({ replicaSchedulingType: 'Divided', ...more });
  const rules = dice.many(1, 5, () => ({ targetCluster: someAffinity(names, dice), weight: dice.int(1, 9) }));
  const byName = weights(Object.fromEntries(names.map((name) => [name, dice.int(1, 9)])));
  if (dice.chance(0.1)) return undefined;
  return dice.pick<ReplicaScheduling>([
    { replicaSchedulingType: 'Duplicated' },
    divided({ replicaDivisionPreference: 'Weighted' }),
    divided({ replicaDivisionPreference: 'Weighted', weightPreference: { staticWeightList: rules } }),
    divided({ replicaDivisionPreference: 'Weighted', weightPreference: { staticWeightList: byName } }),
    divided({ replicaDivisionPreference: 'Weighted', weightPreference: { dynamicWeight: 'AvailableReplicas' } }),
    divided({ replicaDivisionPreference: 'Weighted', weightPreference: { dynamicWeight: 'AvailableReplicas', staticWeightList: byName } }),
    divided({ replicaDivisionPreference: 'Aggregated' }),
    divided({ replicaDivisionPreference: 'Aggregated' }),
  ]);
}

function someConstraints(dice: Dice): SpreadConstraint[] {
  const bounds = (most: number) => {
    const minGroups = dice.int(1, most);
    return { minGroups, maxGroups: minGroups + dice.int(0, 2) };
  };
  const clusters: SpreadConstraint = { spreadByField: 'cluster', ...bounds(4) };
  if (dice.chance(0.5)) return [clusters];
  const also: SpreadConstraint = { spreadByField: dice.pick(['zone', 'provider']), minGroups: 1, maxGroups: 2 };
  return [{ spreadByField: 'region', ...bounds(2) }, clusters, ...(dice.chance(0.2) ? [also] : [])];
}

/**
 * An answer as one line: 't0: m1=2 m2=3', or 'Unschedulable: …'. Of NoClusterFit only the counts: upstream asks its filters in
 * random order, and tells what the first says.
 */
export function answerLine(answer: { clusters?: readonly TargetCluster[]; affinityName?: string; reason?: string; message?: string }): string {
  const { clusters = [], affinityName, reason, message = '' } = answer;
  if (reason !== undefined) return `${reason}: ${reason === 'NoClusterFit' ? message.replace(/:.*/s, '') : message}`;
  const counts = clusters.map(({ name, replicas }) => `${name}=${replicas ?? 0}`).sort();
  return `${affinityName === undefined ? '' : `${affinityName}: `}${counts.join(' ')}`;
}

export function ourAnswer({ spec, status, clusters }: GeneratedCase): string {
  const uid = spec.resource.uid ?? '';
  return answerLine(place({ binding: spec, uid, status, clusters, fresh: isFresh(spec, status) }));
}
