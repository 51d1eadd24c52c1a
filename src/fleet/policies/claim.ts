/** Which policy claims a template: one at a time, and the first one stays unless another may take over. */
import type { KubeObject } from '../../kube/types.ts';
import type { PropagationPolicy, PropagationSpec } from '../kinds/policy.ts';
import { selects } from './select.ts';

/** How closely a policy names what it selects; a closer one wins among those of a priority. */
const CLOSENESS = { name: 3, label: 2, all: 1 } as const;

export interface Match {
  policy: PropagationPolicy;
  closeness: number;
}

export interface Policies {
  /** Of the template's namespace. */
  namespaced: readonly PropagationPolicy[];
  cluster: readonly PropagationPolicy[];
}

/** How well the policy matches; 0: not at all. A policy of a namespace selects only what is in it. */
export function closenessOf(policy: PropagationPolicy, template: KubeObject): number {
  if (policy.metadata.deletionTimestamp !== undefined) return 0;
  const { namespace } = policy.metadata;
  if (namespace !== undefined && namespace !== template.metadata.namespace) return 0;
  let best = 0;
  for (const selector of policy.spec.resourceSelectors) {
    const how = selects(namespace === undefined ? selector : { ...selector, namespace }, template);
    if (how !== undefined) best = Math.max(best, CLOSENESS[how]);
  }
  return best;
}

/**
 * The policy that a template belongs to; `current` is the one that has it now.
 * Policies of the namespace come before those of the whole cluster; then the priority, how closely it names the template,
 * and the name decide (facts: Karmada's pkg/detector/compare.go). Who has it keeps it while it matches,
 * unless a policy with preemption Always and a higher priority matches; one of the namespace takes from a cluster's whatever their priorities.
 */
export function claimant(template: KubeObject, policies: Policies, current?: PropagationPolicy): PropagationPolicy | undefined {
  const namespaced = best(template, policies.namespaced);
  const cluster = best(template, policies.cluster);
  if (current === undefined || closenessOf(current, template) === 0) return namespaced ?? cluster;
  const isNamespaced = current.metadata.namespace !== undefined;
  const taker = best(template, (isNamespaced ? policies.namespaced : policies.cluster).filter(takes)) ?? undefined;
  if (!isNamespaced) {
    const fromNamespace = best(template, policies.namespaced.filter(takes));
    if (fromNamespace !== undefined) return fromNamespace;
  }
  return taker !== undefined && priorityOf(taker.spec) > priorityOf(current.spec) ? taker : current;
}

function best(template: KubeObject, policies: readonly PropagationPolicy[]): PropagationPolicy | undefined {
  let found: Match | undefined;
  for (const policy of policies) {
    const match = { policy, closeness: closenessOf(policy, template) };
    if (match.closeness > 0 && (found === undefined || isBetter(match, found))) found = match;
  }
  return found?.policy;
}

function isBetter(a: Match, b: Match): boolean {
  const byPriority = priorityOf(a.policy.spec) - priorityOf(b.policy.spec) || a.closeness - b.closeness;
  return byPriority > 0 || (byPriority === 0 && (a.policy.metadata.name ?? '') < (b.policy.metadata.name ?? ''));
}

const takes = ({ spec }: PropagationPolicy): boolean => spec.preemption === 'Always';

function priorityOf({ priority = 0 }: PropagationSpec): number {
  return priority;
}
