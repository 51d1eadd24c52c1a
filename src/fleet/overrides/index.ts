/** What a cluster gets differently: OverridePolicy and ClusterOverridePolicy, applied in Karmada's order. Pure. */
import type { Unstructured } from '../../kube/types.ts';
import type { Cluster } from '../kinds/cluster.ts';
import type { OverridePolicy, Overriders, OverrideSpec, ResourceSelector } from '../kinds/policy.ts';
import { matchesCluster } from '../placement/affinity.ts';
import { selects } from '../policies/select.ts';
import { applyOverriders } from './overriders.ts';

export interface AppliedOverride {
  /** Absent for those of the whole cluster. */
  namespace?: string;
  name: string;
  overriders: Overriders;
}

export interface OverridePolicies {
  cluster: readonly OverridePolicy[];
  /** Of the object's namespace. */
  namespaced: readonly OverridePolicy[];
}

const CLOSENESS = { all: 0, label: 1, name: 2 } as const;

/** How closely the policy names the object; undefined: not at all. Without selectors it names everything. */
function closenessOf(selectors: readonly ResourceSelector[] | undefined, object: Unstructured): number | undefined {
  if (selectors === undefined) return CLOSENESS.all;
  const found = selectors.flatMap((selector) => selects(selector, object) ?? []).map((how) => CLOSENESS[how]);
  return found.length === 0 ? undefined : Math.max(...found);
}

function rulesOf(spec: OverrideSpec): NonNullable<OverrideSpec['overrideRules']> {
  return (
    spec.overrideRules ??
    (spec.overriders === undefined ? [] : [{ ...(spec.targetCluster && { targetCluster: spec.targetCluster }), overriders: spec.overriders }])
  );
}

/** What names everything comes first, what names the object last; of equals in order of their names: the last word counts. */
function inOrder(policies: readonly OverridePolicy[], object: Unstructured): OverridePolicy[] {
  return policies
    .flatMap((policy) => {
      const closeness = policy.metadata.deletionTimestamp === undefined ? closenessOf(policy.spec.resourceSelectors, object) : undefined;
      return closeness === undefined ? [] : [{ policy, closeness, name: policy.metadata.name ?? '' }];
    })
    .sort((a, b) => a.closeness - b.closeness || (a.name < b.name ? -1 : 1))
    .map(({ policy }) => policy);
}

/** Throws an error that names the policy when one cannot be applied. */
export function applyOverrides(object: Unstructured, cluster: Cluster, policies: OverridePolicies): { object: Unstructured; applied: AppliedOverride[] } {
  const applied: AppliedOverride[] = [];
  let changed = object;
  for (const policy of [...inOrder(policies.cluster, object), ...inOrder(policies.namespaced, object)]) {
    const { namespace, name = '' } = policy.metadata;
    for (const { targetCluster, overriders } of rulesOf(policy.spec)) {
      if (targetCluster !== undefined && !matchesCluster(cluster, targetCluster)) continue;
      try {
        changed = applyOverriders(changed, overriders);
      } catch (error) {
        throw new Error(`${policy.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
      applied.push({ ...(namespace === undefined ? {} : { namespace }), name, overriders });
    }
  }
  return { object: changed, applied };
}
