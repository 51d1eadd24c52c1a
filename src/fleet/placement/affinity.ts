/** Which clusters a cluster affinity means: of placements, of weights, and of overrides. */
import { matcherOf, matcherOfExpressions } from '../../kube/selectors.ts';
import type { Cluster } from '../kinds/cluster.ts';
import type { ClusterAffinity, ClusterAffinityTerm, OverflowClusterAffinity, Placement } from '../kinds/policy.ts';
import { divisionOf, isDynamic } from './strategy.ts';

export type ClusterMatcher = (cluster: Cluster) => boolean;

type FieldExpression = NonNullable<NonNullable<ClusterAffinity['fieldSelector']>['matchExpressions']>[number];

/** `zone` is the deprecated form of a list of one. */
export function zonesOf({ spec }: Cluster): string[] {
  if (spec.zones !== undefined && spec.zones.length > 0) return spec.zones;
  return spec.zone ? [spec.zone] : [];
}

/** For many clusters. An absent affinity means all; a selector that is none (an unknown operator) means nobody, as upstream. */
export function clusterMatcher(affinity: ClusterAffinity | undefined): ClusterMatcher {
  if (affinity === undefined) return () => true;
  const { clusterNames, exclude, labelSelector, fieldSelector } = affinity;
  const names = clusterNames && clusterNames.length > 0 ? new Set(clusterNames) : undefined;
  const excluded = new Set(exclude);
  const conditions: ClusterMatcher[] = [];
  try {
    if (labelSelector) {
      const matches = matcherOf(labelSelector);
      conditions.push(({ metadata }) => matches(metadata.labels));
    }
    for (const expression of fieldSelector?.matchExpressions ?? []) conditions.push(fieldMatcher(expression));
  } catch {
    return () => false;
  }
  return (cluster) => {
    const name = cluster.metadata.name ?? '';
    return !excluded.has(name) && (names === undefined || names.has(name)) && conditions.every((holds) => holds(cluster));
  };
}

/** For one cluster; see `clusterMatcher`. */
export function matchesCluster(cluster: Cluster, affinity: ClusterAffinity | undefined): boolean {
  return clusterMatcher(affinity)(cluster);
}

function fieldMatcher(expression: FieldExpression): ClusterMatcher {
  if (expression.key === 'zone') return zoneMatcher(expression);
  const matches = matcherOfExpressions([expression]);
  return ({ spec }) => matches({ ...(spec.provider && { provider: spec.provider }), ...(spec.region && { region: spec.region }) });
}

/** A cluster may be in many zones: one is enough to be in, none may be among those to keep out of. */
function zoneMatcher({ operator, values = [] }: FieldExpression): ClusterMatcher {
  const wanted = new Set(values);
  switch (operator) {
    case 'In':
      return (cluster) => zonesOf(cluster).some((zone) => wanted.has(zone));
    case 'NotIn':
      return (cluster) => !zonesOf(cluster).some((zone) => wanted.has(zone));
    case 'Exists':
      return (cluster) => zonesOf(cluster).length > 0;
    case 'DoesNotExist':
      return (cluster) => zonesOf(cluster).length === 0;
    default:
      return () => false;
  }
}

/** The term of `clusterAffinities` that is tried; none where the placement has the single form. */
function affinityTerm(placement: Placement, affinityName: string | undefined): ClusterAffinityTerm | undefined {
  if (placement.clusterAffinity !== undefined) return undefined;
  return placement.clusterAffinities?.find((term) => term.affinityName === affinityName);
}

/** Overflow is for what can be divided by what clusters can take; all else keeps to the affinity itself. */
export function overflowOf(placement: Placement, affinityName: string | undefined, isWorkload: boolean): OverflowClusterAffinity[] {
  return isWorkload && isDynamic(divisionOf(placement)) ? (affinityTerm(placement, affinityName)?.overflowAffinities ?? []) : [];
}

/** The tiers of clusters, in the order in which they are filled: the affinity, then its overflow affinities. None: all clusters are meant. */
export function affinityTiers(placement: Placement, affinityName: string | undefined, isWorkload: boolean): ClusterAffinity[] {
  const first = placement.clusterAffinity ?? affinityTerm(placement, affinityName);
  return first === undefined ? [] : [first, ...overflowOf(placement, affinityName, isWorkload)];
}
