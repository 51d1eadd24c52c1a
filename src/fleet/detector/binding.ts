/** The binding that a template and the policy that claims it ask for: pure. */
import { equalJson } from '../../kube/json.ts';
import { ownerReference } from '../../kube/owners.ts';
import type { Unstructured } from '../../kube/types.ts';
import type { Interpreter } from '../interpreters/interpreter.ts';
import { clusterResourceBindings, resourceBindings, type BindingSpec, type ResourceBinding } from '../kinds/binding.ts';
import * as marks from '../kinds/marks.ts';
import type { PropagationPolicy } from '../kinds/policy.ts';

/** 'hello-deployment' (Karmada's pkg/util/names). */
export function bindingName(kind: string, name: string): string {
  return `${name.replaceAll(':', '.')}-${kind.toLowerCase()}`;
}

/** The marks of a claim: what a policy writes on its templates and bindings. */
export function claimMarks(policy: PropagationPolicy): { labels: Record<string, string>; annotations: Record<string, string> } {
  const { namespace, name = '', uid = '' } = policy.metadata;
  return namespace === undefined
    ? { labels: { [marks.CLUSTER_POLICY_ID]: uid }, annotations: { [marks.CLUSTER_POLICY_NAME]: name } }
    : { labels: { [marks.POLICY_ID]: uid }, annotations: { [marks.POLICY_NAMESPACE]: namespace, [marks.POLICY_NAME]: name } };
}

/** The metadata with the marks of this claim and of no other; the same object when it has them already. `policy` absent: of none. */
export function withClaim(metadata: Unstructured['metadata'], policy: PropagationPolicy | undefined): Unstructured['metadata'] {
  const wanted = policy === undefined ? { labels: {}, annotations: {} } : claimMarks(policy);
  const labels = { ...without(metadata.labels, marks.CLAIM_MARKS.labels), ...wanted.labels };
  const annotations = { ...without(metadata.annotations, marks.CLAIM_MARKS.annotations), ...wanted.annotations };
  if (equalJson(labels, metadata.labels ?? {}) && equalJson(annotations, metadata.annotations ?? {})) return metadata;
  return { ...metadata, labels, annotations };
}

function without(map: Record<string, string> | undefined, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)));
}

/** What the detector says in a binding; the rest of its spec is the scheduler's and others'. */
export function wantedSpec(template: Unstructured, { spec }: PropagationPolicy, interpreter: Interpreter): BindingSpec {
  const { namespace, name = '', uid } = template.metadata;
  const divided = interpreter.replicas?.(template);
  return clean({
    resource: clean({ apiVersion: template.apiVersion, kind: template.kind, namespace, name, uid }),
    replicas: divided?.replicas,
    replicaRequirements: divided?.requirements,
    placement: spec.placement,
    propagateDeps: spec.propagateDeps,
    failover: spec.failover,
    conflictResolution: spec.conflictResolution,
    suspension: spec.suspension,
    preserveResourcesOnDeletion: spec.preserveResourcesOnDeletion,
    schedulerName: spec.schedulerName,
  });
}

/** The binding to be: made anew, or `known` with what has changed; `known` itself when nothing has. */
export function wantedBinding(
  template: Unstructured,
  policy: PropagationPolicy,
  interpreter: Interpreter,
  known: ResourceBinding | undefined,
): ResourceBinding {
  const { namespace, name = '' } = template.metadata;
  const resource = namespace === undefined ? clusterResourceBindings : resourceBindings;
  const wanted = wantedSpec(template, policy, interpreter);
  if (known === undefined) {
    return {
      apiVersion: `${resource.group}/${resource.version}`,
      kind: resource.kind,
      metadata: withClaim(
        {
          name: bindingName(template.kind, name),
          ...(namespace === undefined ? {} : { namespace }),
          ownerReferences: [ownerReference(template, { controller: true })],
          finalizers: [marks.BINDING_FINALIZER],
        },
        policy,
      ),
      spec: wanted,
    };
  }
  const { clusters, gracefulEvictionTasks, requiredBy, rescheduleTriggeredAt } = known.spec;
  const { resourceVersion: _, ...knownResource } = known.spec.resource;
  const scheduling = known.spec.suspension?.scheduling;
  const suspension = scheduling === undefined ? wanted.suspension : { ...wanted.suspension, scheduling };
  const spec = clean({ ...wanted, suspension, clusters, gracefulEvictionTasks, requiredBy, rescheduleTriggeredAt });
  const metadata = withClaim(known.metadata, policy);
  if (metadata === known.metadata && equalJson(spec, { ...known.spec, resource: knownResource })) return known;
  return { ...known, metadata, spec };
}

/** Without fields that are undefined, as JSON has it. */
function clean<T extends object>(object: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
