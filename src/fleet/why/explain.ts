/** Why a template runs where it runs, found out from the hub's objects; nothing is changed. */
import { getCondition } from '../../kube/conditions.ts';
import type { Resource } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { KubeObject, ObjectKey, Unstructured } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { bindingName } from '../detector/binding.ts';
import { clusterResourceBindings, resourceBindings, type AggregatedStatusItem, type ResourceBinding } from '../kinds/binding.ts';
import { clusters, type Cluster } from '../kinds/cluster.ts';
import * as marks from '../kinds/marks.ts';
import { clusterPropagationPolicies, propagationPolicies, type PropagationPolicy } from '../kinds/policy.ts';
import { withChanges, type Change } from '../placement/counterfactual.ts';
import { explain, explainDifference } from '../placement/explain.ts';
import { place } from '../placement/place.ts';
import type { PlacementOutcome } from '../placement/request.ts';
import { explainClaim, type PolicyVerdict } from '../policies/explain.ts';
import { requestOf } from '../scheduler/request.ts';

export interface Explanation {
  template: string;
  policies: PolicyVerdict[];
  /** Absent without a policy that claims it. */
  placement?: { now: PlacementOutcome; lines: string[] };
  /** With changes: what they would make of it. */
  changed?: { outcome: PlacementOutcome; lines: string[] };
  /** What the clusters last said. */
  clusters?: AggregatedStatusItem[];
  /** What keeps it from running as it should; empty: nothing. */
  problems: string[];
}

/** Throws the API's error when there is no such template, ChangeError when a change makes no sense of it. */
export async function explainTemplate(hub: Client, resource: Resource<Unstructured>, key: ObjectKey, changes: readonly Change[]): Promise<Explanation> {
  const template = await hub.get(resource, key);
  const { namespace, name = '' } = template.metadata;
  const bindingKey = { ...(namespace === undefined ? {} : { namespace }), name: bindingName(template.kind, name) };
  const bindingResource = namespace === undefined ? clusterResourceBindings : resourceBindings;
  const [namespaced, cluster, binding, { items: members }] = await Promise.all([
    namespace === undefined ? [] : hub.list(propagationPolicies, { namespace }).then(({ items }) => items),
    hub.list(clusterPropagationPolicies).then(({ items }) => items),
    find(hub, bindingResource, bindingKey),
    hub.list(clusters),
  ]);
  const current = [...namespaced, ...cluster].find((policy) => isMarked(template, policy));
  const explanation: Explanation = {
    template: `${template.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
    policies: explainClaim(template, { namespaced, cluster }, current),
    problems: problemsOf(current, binding, members),
  };
  if (binding === undefined) return explanation;
  const request = requestOf(binding, members);
  const now = place(request);
  explanation.placement = { now, lines: explain(now.trace) };
  if (changes.length > 0) {
    const outcome = place(withChanges(request, changes));
    explanation.changed = { outcome, lines: [...explain(outcome.trace), '', ...explainDifference(placedOf(binding, now), outcome)] };
  }
  if (binding.status?.aggregatedStatus !== undefined) explanation.clusters = binding.status.aggregatedStatus;
  return explanation;
}

/** What is compared with is where it is, not where a new placement would put it. */
function placedOf({ spec }: ResourceBinding, now: PlacementOutcome): PlacementOutcome {
  return spec.clusters === undefined ? now : { clusters: spec.clusters, trace: now.trace };
}

function problemsOf(current: PropagationPolicy | undefined, binding: ResourceBinding | undefined, members: readonly Cluster[]): string[] {
  if (members.length === 0) return ['there are no members: argosy join makes some'];
  if (current === undefined) return ['no policy selects it: it stays where it is, and on the hub; write a PropagationPolicy with a resourceSelector for it'];
  if (binding === undefined) return ['a policy claims it, but it has no binding yet'];
  const problems: string[] = [];
  const scheduled = getCondition(binding.status?.conditions, 'Scheduled');
  if (scheduled?.status === 'False') problems.push(`it is not scheduled: ${scheduled.reason ?? ''}: ${scheduled.message ?? ''}`);
  if (binding.spec.suspension?.dispatching) problems.push('dispatching is suspended: changes do not reach members');
  for (const { clusterName, applied, appliedMessage } of binding.status?.aggregatedStatus ?? []) {
    if (applied === false) problems.push(`${clusterName} has not taken it: ${appliedMessage ?? ''}`);
  }
  for (const { name } of binding.spec.clusters ?? []) {
    const ready = getCondition(members.find(({ metadata }) => metadata.name === name)?.status?.conditions, 'Ready');
    if (ready?.status !== 'True') problems.push(`${name} is away: ${ready?.message ?? 'nothing has been heard of it'}; it keeps what it has, and catches up`);
  }
  return problems;
}

function isMarked({ metadata: { annotations = {} } }: KubeObject, { metadata: { namespace, name } }: PropagationPolicy): boolean {
  if (namespace === undefined) return annotations[marks.CLUSTER_POLICY_NAME] === name;
  return annotations[marks.POLICY_NAMESPACE] === namespace && annotations[marks.POLICY_NAME] === name;
}

async function find(hub: Client, resource: Resource<ResourceBinding>, key: ObjectKey): Promise<ResourceBinding | undefined> {
  try {
    return await hub.get(resource, key);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
