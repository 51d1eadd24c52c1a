/** Labels, annotations and finalizers that Karmada's controllers write, by which one thing finds another. */
import type { KubeObject } from '../../kube/types.ts';

export const POLICY_NAMESPACE = 'propagationpolicy.karmada.io/namespace';
export const POLICY_NAME = 'propagationpolicy.karmada.io/name';
export const POLICY_ID = 'propagationpolicy.karmada.io/permanent-id';
export const CLUSTER_POLICY_NAME = 'clusterpropagationpolicy.karmada.io/name';
export const CLUSTER_POLICY_ID = 'clusterpropagationpolicy.karmada.io/permanent-id';

/** All marks that any claim writes. */
export const CLAIM_MARKS = {
  labels: [CLUSTER_POLICY_ID, POLICY_ID],
  annotations: [CLUSTER_POLICY_NAME, POLICY_NAMESPACE, POLICY_NAME],
} as const satisfies Record<string, readonly string[]>;

/** What the binding's clusters were chosen by: JSON of the placement. */
export const APPLIED_PLACEMENT = 'policy.karmada.io/applied-placement';
export const APPLIED_OVERRIDES = 'policy.karmada.io/applied-overrides';
export const APPLIED_CLUSTER_OVERRIDES = 'policy.karmada.io/applied-cluster-overrides';

/** On works. */
export const BINDING_NAMESPACE = 'resourcebinding.karmada.io/namespace';
export const BINDING_NAME = 'resourcebinding.karmada.io/name';
export const CLUSTER_BINDING_NAME = 'clusterresourcebinding.karmada.io/name';

/** On objects in members. */
export const WORK_NAMESPACE = 'work.karmada.io/namespace';
export const WORK_NAME = 'work.karmada.io/name';
export const CONFLICT_RESOLUTION = 'work.karmada.io/conflict-resolution';
export const TEMPLATE_UID = 'resourcetemplate.karmada.io/uid';
export const TEMPLATE_GENERATION = 'resourcetemplate.karmada.io/generation';
export const MANAGED = 'karmada.io/managed';

export const SKIP_PROPAGATION = 'namespace.karmada.io/skip-auto-propagation';

export const BINDING_FINALIZER = 'karmada.io/binding-controller';
export const EXECUTION_FINALIZER = 'karmada.io/execution-controller';
export const CLUSTER_FINALIZER = 'karmada.io/cluster-controller';

/** On a Cluster that leaves: what runs there stays. */
export const KEEP_ON_LEAVE = 'argosy.dev/keep-on-leave';

export function keepsOnLeave({ metadata: { annotations = {} } }: KubeObject): boolean {
  return annotations[KEEP_ON_LEAVE] === 'true';
}

/** Namespaces of the hub's own and of the members' Kubernetes: nothing in them goes anywhere. */
export function isReserved(namespace: string): boolean {
  return namespace.startsWith('kube-') || namespace.startsWith('karmada-') || namespace === 'argosy-system';
}
