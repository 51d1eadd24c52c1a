/** Why a policy has a template and others do not: pure. */
import type { KubeObject } from '../../kube/types.ts';
import type { PropagationPolicy, ResourceSelector } from '../kinds/policy.ts';
import { closenessOf, type Policies } from './claim.ts';

export interface PolicyVerdict {
  /** 'PropagationPolicy default/hello'. */
  policy: string;
  claims: boolean;
  why: string;
}

const shown = ({ kind, metadata: { namespace, name = '' } }: PropagationPolicy): string => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** What is wrong with one selector, the first thing that keeps it from the template. */
function whyNotSelected(selector: ResourceSelector, template: KubeObject): string {
  const { kind, apiVersion, metadata } = template;
  if (selector.kind !== kind) return `selects ${selector.kind}, this is ${kind}`;
  if (selector.apiVersion !== apiVersion) return `selects ${selector.apiVersion}, this is ${apiVersion}`;
  if (selector.namespace && selector.namespace !== metadata.namespace)
    return `selects in namespace ${selector.namespace}, this is in ${metadata.namespace ?? 'none'}`;
  if (selector.name) return `selects the name ${selector.name}`;
  return `its labels do not match: ${JSON.stringify(selector.labelSelector ?? {})}`;
}

function whyNot(policy: PropagationPolicy, template: KubeObject): string {
  const { namespace, deletionTimestamp } = policy.metadata;
  if (deletionTimestamp !== undefined) return 'is being deleted';
  if (namespace !== undefined && template.metadata.namespace === undefined) return 'is of a namespace; what has none needs a ClusterPropagationPolicy';
  return policy.spec.resourceSelectors.map((selector, i) => `resourceSelectors[${i}] ${whyNotSelected(selector, template)}`).join('; ');
}

/** `policies` holds those that may claim the template: of its namespace, and of the cluster. `current` has it. */
export function explainClaim(template: KubeObject, policies: Policies, current: PropagationPolicy | undefined): PolicyVerdict[] {
  const all = [...policies.namespaced, ...policies.cluster];
  return all.map((policy) => {
    const claims = current !== undefined && policy.metadata.uid === current.metadata.uid;
    const closeness = closenessOf(policy, template);
    if (claims) return { policy: shown(policy), claims, why: `claims it, by ${['', 'its kind', 'its labels', 'its name'][closeness] ?? ''}` };
    if (closeness === 0) return { policy: shown(policy), claims, why: whyNot(policy, template) };
    return {
      policy: shown(policy),
      claims,
      why: current === undefined ? 'matches, and is about to claim it' : `matches too, but ${shown(current)} has it${comparison(policy, current)}`,
    };
  });
}

function comparison(policy: PropagationPolicy, current: PropagationPolicy): string {
  const [own = 0, its = 0] = [policy.spec.priority, current.spec.priority];
  if (own > its && policy.spec.preemption !== 'Always')
    return `: its priority ${own} is higher than ${its}, but only with preemption: Always does it take over`;
  return its > own ? `: priority ${its} is higher than ${own}` : '';
}
