/** Affinity terms between pods: which pods a term means, and in which domain (the value of a node label). */
import { matcherOf } from '../kube/selectors.ts';
import type { Pod, PodSpec } from '../kube/types.ts';
import type { NodeInfo, Snapshot } from './snapshot.ts';

type PodAntiAffinity = NonNullable<NonNullable<PodSpec['affinity']>['podAntiAffinity']>;
export type AffinityTerm = NonNullable<PodAntiAffinity['requiredDuringSchedulingIgnoredDuringExecution']>[number];

export interface CompiledTerm {
  topologyKey: string;
  selects(pod: Pod): boolean;
}

/** A term of `owner`: without namespaces it means the owner's own. */
export function compileTerm(term: AffinityTerm, owner: Pod, snapshot: Snapshot): CompiledTerm {
  const selector = matcherOf(withLabelKeys(term, owner));
  const named = new Set(term.namespaces ?? []);
  const byLabels = term.namespaceSelector === undefined ? undefined : matcherOf(term.namespaceSelector);
  const own = named.size === 0 && byLabels === undefined ? owner.metadata.namespace : undefined;
  return {
    topologyKey: term.topologyKey,
    selects(pod) {
      const namespace = pod.metadata.namespace ?? '';
      const inNamespace = own === namespace || named.has(namespace) || (byLabels?.(snapshot.namespaces.get(namespace) ?? {}) ?? false);
      return inNamespace && !pod.metadata.deletionTimestamp && selector(pod.metadata.labels);
    },
  };
}

/** matchLabelKeys and mismatchLabelKeys add requirements with the owner's own values. */
function withLabelKeys(term: AffinityTerm, owner: Pod): AffinityTerm['labelSelector'] {
  const add = (keys: readonly string[] | undefined, operator: string) =>
    (keys ?? []).flatMap((key) => {
      const value = owner.metadata.labels?.[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
  const extra = [...add(term.matchLabelKeys, 'In'), ...add(term.mismatchLabelKeys, 'NotIn')];
  if (extra.length === 0 || term.labelSelector === undefined) return term.labelSelector;
  return { ...term.labelSelector, matchExpressions: [...(term.labelSelector.matchExpressions ?? []), ...extra] };
}

/** Domains ('key=value') that hold a pod the term selects, with how many. */
export function domainsOf(term: CompiledTerm, nodes: Iterable<NodeInfo>): Map<string, number> {
  const domains = new Map<string, number>();
  for (const node of nodes) {
    const value = node.node.metadata.labels?.[term.topologyKey];
    if (value === undefined) continue;
    let count = 0;
    for (const { pod } of node.pods.values()) if (term.selects(pod)) count++;
    if (count > 0) domains.set(value, (domains.get(value) ?? 0) + count);
  }
  return domains;
}
