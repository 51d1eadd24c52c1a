/** Topology spread: how many pods of a kind each domain has. */
import { matcherOf } from '../kube/selectors.ts';
import type { Pod, PodSpec } from '../kube/types.ts';
import { requiredNodes } from './node-affinity.ts';
import type { Snapshot } from './snapshot.ts';
import { untolerated } from '../kube/taints.ts';

type Constraint = NonNullable<PodSpec['topologySpreadConstraints']>[number];

export interface CompiledConstraint {
  topologyKey: string;
  maxSkew: number;
  selfMatches: boolean;
  /** Matching pods by value of the key; every eligible domain is there, empty ones with 0. */
  counts: ReadonlyMap<string, number>;
  /** Of the emptiest domain; 0 while there are fewer than minDomains. */
  minimum: number;
}

export function compileConstraint(constraint: Constraint, pod: Pod, snapshot: Snapshot): CompiledConstraint {
  const keys = (constraint.matchLabelKeys ?? []).flatMap((key) => {
    const value = pod.metadata.labels?.[key];
    return value === undefined ? [] : [{ key, operator: 'In', values: [value] }];
  });
  const selector = matcherOf(
    constraint.labelSelector && { ...constraint.labelSelector, matchExpressions: [...(constraint.labelSelector.matchExpressions ?? []), ...keys] },
  );
  const eligible = requiredNodes(pod);
  const counts = new Map<string, number>();
  for (const info of snapshot.nodes.values()) {
    const value = info.node.metadata.labels?.[constraint.topologyKey];
    if (value === undefined) continue;
    if (constraint.nodeAffinityPolicy !== 'Ignore' && eligible && !eligible(info.node)) continue;
    if (constraint.nodeTaintsPolicy === 'Honor' && untolerated(pod.spec?.tolerations, info.node.spec?.taints, ['NoSchedule', 'NoExecute'])) continue;
    let count = 0;
    for (const { pod: other } of info.pods.values()) {
      if (other.metadata.namespace === pod.metadata.namespace && !other.metadata.deletionTimestamp && selector(other.metadata.labels)) count++;
    }
    counts.set(value, (counts.get(value) ?? 0) + count);
  }
  const enough = counts.size >= (constraint.minDomains ?? 1);
  return {
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    selfMatches: selector(pod.metadata.labels),
    counts,
    minimum: enough && counts.size > 0 ? Math.min(...counts.values()) : 0,
  };
}
