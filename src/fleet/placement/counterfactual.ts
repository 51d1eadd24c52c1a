/** What if: changes of a request that are made in a copy, to be placed and compared. Nothing in the world changes. */
import type { Cluster } from '../kinds/cluster.ts';
import type { ClusterWeight } from '../kinds/policy.ts';
import { matchesCluster } from './affinity.ts';
import type { PlacementRequest } from './request.ts';
import { weightsOf } from './static-weights.ts';
import { divisionOf, isWorkload } from './strategy.ts';

type Bound = 'weight' | 'min' | 'max';

export type Change =
  | { change: Bound; cluster: string; value: number }
  | { change: 'free'; cluster: string; value: number }
  | { change: 'replicas'; value: number }
  | { change: 'without'; cluster: string }
  | { change: 'fresh' };

/** A change that cannot be understood, or makes no sense of this workload; the message says which and why. */
export class ChangeError extends Error {}

const FORMS = "'weight CLUSTER=N', 'min CLUSTER=N', 'max CLUSTER=N', 'free CLUSTER=N', 'replicas=N', 'without CLUSTER', 'fresh'";

/** Reads what is given to `--if`. Throws ChangeError. */
export function parseChange(given: string): Change {
  const words = given.trim();
  const ofCluster = /^(weight|min|max|free)\s+([^\s=]+)\s*=\s*(\S+)$/.exec(words);
  if (ofCluster) return { change: ofCluster[1] as Bound | 'free', cluster: ofCluster[2]!, value: count(given, ofCluster[3]!) };
  const replicas = /^replicas\s*=\s*(\S+)$/.exec(words);
  if (replicas) return { change: 'replicas', value: count(given, replicas[1]!) };
  const without = /^without\s+(\S+)$/.exec(words);
  if (without) return { change: 'without', cluster: without[1]! };
  if (words === 'fresh') return { change: 'fresh' };
  throw new ChangeError(`${JSON.stringify(given)} is no change that is known: ${FORMS}`);
}

function count(given: string, digits: string): number {
  const value = Number(digits);
  if (!/^\d+$/.test(digits) || value > 2 ** 31 - 1) throw new ChangeError(`${JSON.stringify(given)}: ${digits} is not a whole number from 0 to 2147483647`);
  return value;
}

/** The request as it would be with the changes, one after the other. Throws ChangeError. */
export function withChanges(request: PlacementRequest, changes: readonly Change[]): PlacementRequest {
  return changes.reduce(withChange, request);
}

function withChange(request: PlacementRequest, change: Change): PlacementRequest {
  switch (change.change) {
    case 'replicas':
      if (!isWorkload(request.binding)) throw new ChangeError(`replicas=${change.value}: ${request.binding.resource.kind} has no replicas`);
      return { ...request, binding: { ...request.binding, replicas: change.value } };
    case 'without':
      known(request, change.cluster, `without ${change.cluster}`);
      return { ...request, clusters: request.clusters.filter(({ metadata }) => metadata.name !== change.cluster) };
    case 'free': {
      known(request, change.cluster, `free ${change.cluster}`);
      const { available } = request;
      return {
        ...request,
        available: (cluster, requirements) => (cluster.metadata.name === change.cluster ? change.value : available?.(cluster, requirements)),
      };
    }
    case 'fresh':
      return { ...request, fresh: true };
    default:
      return withRule(request, change);
  }
}

function known({ clusters }: PlacementRequest, name: string, what: string): Cluster {
  const cluster = clusters.find(({ metadata }) => metadata.name === name);
  if (cluster) return cluster;
  const names = clusters.map(({ metadata }) => metadata.name ?? '').sort();
  throw new ChangeError(`${what}: there is no cluster ${name}; there are ${names.join(', ')}`);
}

/** Gives one cluster a rule of its own, which stands for all that matched it. */
function withRule(request: PlacementRequest, { change, cluster: name, value }: { change: Bound; cluster: string; value: number }): PlacementRequest {
  const what = `${change} ${name}=${value}`;
  const cluster = known(request, name, what);
  const placement = request.binding.placement ?? {};
  const strategy = divisionOf(placement);
  if (strategy !== 'StaticWeight') throw new ChangeError(`${what}: the placement is ${strategy}, where weights and their bounds do not count`);
  if (change === 'weight' && value === 0) throw new ChangeError(`${what}: weights begin at 1; 'without ${name}' leaves the cluster out`);
  const given = placement.replicaScheduling?.weightPreference?.staticWeightList ?? [];
  // Without rules all weigh the same.
  const rules: ClusterWeight[] = given.length > 0 ? given : [{ targetCluster: {}, weight: 1 }];
  const matching = rules.filter(({ targetCluster }) => matchesCluster(cluster, targetCluster));
  if (matching.length === 0 && change !== 'weight') throw new ChangeError(`${what}: the policy has no weight for ${name}`);
  const [has] = weightsOf([{ name, cluster }], matching);
  const min = change === 'min' ? value : (has?.min ?? 0);
  const max = change === 'max' ? value : has?.max;
  if (max !== undefined && min > max) throw new ChangeError(`${what}: then its minimum, ${min}, would be above its maximum, ${max}`);
  const weight = change === 'weight' ? value : (has?.weight ?? 1);
  const rule: ClusterWeight = { targetCluster: { clusterNames: [name] }, weight, minReplicas: min, ...(max !== undefined && { maxReplicas: max }) };
  const others = rules.map((other) => ({ ...other, targetCluster: { ...other.targetCluster, exclude: [...(other.targetCluster.exclude ?? []), name] } }));
  const replicaScheduling = { ...placement.replicaScheduling, weightPreference: { staticWeightList: [...others, rule] } };
  return { ...request, binding: { ...request.binding, placement: { ...placement, replicaScheduling } } };
}
