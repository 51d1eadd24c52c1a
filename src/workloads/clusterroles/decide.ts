/** Which rules an aggregated ClusterRole should have. */
import { equalJson } from '../../kube/json.ts';
import type { ClusterRole, PolicyRule } from '../../kube/rbac/types.ts';
import { matcherOf } from '../../kube/selectors.ts';

/** Undefined: it has them, or does not gather any. `all` in any order; rules come in the order of the roles' names, each once. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] | undefined {
  if (role.aggregationRule === undefined) return undefined;
  const ordered = all.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    const selects = matcherOf(selector);
    for (const other of ordered) {
      if (nameOf(other) === nameOf(role) || !selects(other.metadata.labels)) continue;
      for (const rule of other.rules ?? []) if (!rules.some((known) => equalJson(known, rule))) rules.push(rule);
    }
  }
  return equalJson(rules, role.rules ?? []) ? undefined : rules;
}

function nameOf({ metadata }: ClusterRole): string {
  return metadata.name ?? '';
}
