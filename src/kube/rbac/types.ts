/** rbac.authorization.k8s.io/v1. */
import type { KubeObject, LabelSelector } from '../types.ts';

export interface PolicyRule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

export interface Subject {
  kind: string;
  apiGroup?: string;
  name: string;
  namespace?: string;
}

export interface RoleRef {
  apiGroup?: string;
  kind: string;
  name: string;
}

export interface Role extends KubeObject {
  rules?: PolicyRule[] | null;
}

export interface ClusterRole extends Role {
  aggregationRule?: { clusterRoleSelectors?: LabelSelector[] };
}

/** A RoleBinding or, without a namespace, a ClusterRoleBinding. */
export interface Binding extends KubeObject {
  subjects?: Subject[];
  roleRef: RoleRef;
}
