/**
 * Which clusters cannot have a workload, and why (Karmada: pkg/scheduler/framework/plugins; the reasons are its texts).
 * Upstream asks its filters in random order; here what the policy says comes first, since it makes the rest unimportant.
 */
import { untolerated, type Taint } from '../../kube/taints.ts';
import type { BindingSpec } from '../kinds/binding.ts';
import type { ApiEnablement, Cluster } from '../kinds/cluster.ts';
import type { Placement, SpreadConstraint } from '../kinds/policy.ts';
import { affinityTiers, clusterMatcher, zonesOf } from './affinity.ts';
import { isWorkload } from './strategy.ts';
import type { Refusal } from './trace.ts';

/** The reason against a cluster; undefined if there is none. */
export type Filter = (cluster: Cluster) => string | undefined;

const EFFECTS = ['NoSchedule', 'NoExecute'];

/** The filters for one binding, by name. */
export function filtersOf(binding: BindingSpec, placement: Placement, affinityName: string | undefined): [name: string, filter: Filter][] {
  const placed = new Set(binding.clusters?.map(({ name }) => name));
  /** What runs is not taken away because of a taint or a lost API: that is for evictions to decide. */
  const unlessPlaced =
    (filter: Filter): Filter =>
    (cluster) =>
      placed.has(cluster.metadata.name ?? '') ? undefined : filter(cluster);
  return [
    ['ClusterAffinity', matchesAffinity(placement, affinityName, isWorkload(binding))],
    ['ClusterEviction', isNotEvicted(binding)],
    ['TaintToleration', unlessPlaced(toleratesTaints(placement))],
    ['APIEnablement', unlessPlaced(hasApi(binding))],
    ['SpreadConstraint', hasProperties(placement.spreadConstraints ?? [])],
  ];
}

/** All that speaks against the cluster. */
export function refusals(filters: readonly [name: string, filter: Filter][], cluster: Cluster): Refusal[] {
  const found: Refusal[] = [];
  for (const [name, filter] of filters) {
    const reason = filter(cluster);
    if (reason !== undefined) found.push({ filter: name, reason });
  }
  return found;
}

/** '0/3 clusters are available: 2 cluster(s) had …, 1 cluster(s) is ….': each cluster counts for its first reason. */
export function noClusterFits(total: number, reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const texts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${total} clusters are available: ${texts.length === 0 ? 'no cluster exists' : texts.join(', ')}.`;
}

function matchesAffinity(placement: Placement, affinityName: string | undefined, workload: boolean): Filter {
  const tiers = affinityTiers(placement, affinityName, workload).map(clusterMatcher);
  return (cluster) =>
    tiers.length === 0 || tiers.some((matches) => matches(cluster)) ? undefined : 'cluster(s) did not match the placement cluster affinity constraint';
}

function isNotEvicted({ gracefulEvictionTasks = [] }: BindingSpec): Filter {
  const evicted = new Set(gracefulEvictionTasks.map(({ fromCluster }) => fromCluster));
  return ({ metadata }) => (evicted.has(metadata.name ?? '') ? 'cluster(s) is in the process of eviction' : undefined);
}

function toleratesTaints({ clusterTolerations }: Placement): Filter {
  return ({ spec }) => {
    const taint = untolerated(clusterTolerations, spec.taints, EFFECTS);
    return taint && `cluster(s) had untolerated taint {${formatTaint(taint)}}`;
  };
}

function formatTaint({ key, value, effect }: Taint): string {
  return value ? `${key}=${value}:${effect}` : `${key}:${effect}`;
}

/** Lists of hundreds of kinds are searched once each. */
const served = new WeakMap<readonly ApiEnablement[], Set<string>>();

function hasApi({ resource }: BindingSpec): Filter {
  const wanted = kindKey(resource.apiVersion, resource.kind);
  return ({ status }) => {
    const enablements = status?.apiEnablements;
    return enablements && kindsOf(enablements).has(wanted) ? undefined : 'cluster(s) did not have the API resource';
  };
}

function kindsOf(enablements: readonly ApiEnablement[]): Set<string> {
  let kinds = served.get(enablements);
  if (kinds === undefined) {
    kinds = new Set(enablements.flatMap(({ groupVersion, resources = [] }) => resources.map(({ kind }) => kindKey(groupVersion, kind))));
    served.set(enablements, kinds);
  }
  return kinds;
}

function kindKey(groupVersion: string, kind: string): string {
  return `${groupVersion} ${kind}`;
}

/** What clusters are spread by, they must have. */
function hasProperties(constraints: readonly SpreadConstraint[]): Filter {
  return (cluster) => {
    for (const { spreadByField, spreadByLabel } of constraints) {
      if (spreadByField === 'provider' && !cluster.spec.provider) return 'cluster(s) did not have provider property';
      if (spreadByField === 'region' && !cluster.spec.region) return 'cluster(s) did not have region property';
      if (spreadByField === 'zone' && zonesOf(cluster).length === 0) return 'cluster(s) did not have zones property';
      if (spreadByLabel && cluster.metadata.labels?.[spreadByLabel] === undefined) return `cluster(s) did not have label ${spreadByLabel}`;
    }
    return undefined;
  };
}
