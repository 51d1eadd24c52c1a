/** PropagationPolicy and OverridePolicy of Karmada (policy.karmada.io/v1alpha1), and their likes for the whole cluster. */
import type { Resource } from '../../kube/resources.ts';
import type { Toleration } from '../../kube/taints.ts';
import type { KubeObject, LabelSelector } from '../../kube/types.ts';

export interface ResourceSelector {
  apiVersion: string;
  kind: string;
  namespace?: string;
  /** Set: the label selector is not looked at. Neither set: all of the kind. */
  name?: string;
  labelSelector?: LabelSelector;
}

/** What is said of clusters: all that is said must hold. */
export interface ClusterAffinity {
  labelSelector?: LabelSelector;
  /** Keys are provider, region and zone. */
  fieldSelector?: { matchExpressions?: { key: string; operator: string; values?: string[] }[] };
  clusterNames?: string[];
  /** Named clusters that are never taken. */
  exclude?: string[];
}

export interface OverflowClusterAffinity extends ClusterAffinity {
  affinityName: string;
}

export interface ClusterAffinityTerm extends ClusterAffinity {
  affinityName: string;
  /** Clusters to fill, in this order, when those of the term are full. */
  overflowAffinities?: OverflowClusterAffinity[];
}

export interface SpreadConstraint {
  spreadByField?: 'cluster' | 'region' | 'zone' | 'provider';
  spreadByLabel?: string;
  minGroups?: number;
  maxGroups?: number;
}

export interface ClusterWeight {
  targetCluster: ClusterAffinity;
  weight: number;
  /** Ours: fewest and most replicas of a cluster that this rule matches. */
  minReplicas?: number;
  maxReplicas?: number;
}

export interface ReplicaScheduling {
  replicaSchedulingType?: 'Duplicated' | 'Divided';
  replicaDivisionPreference?: 'Weighted' | 'Aggregated';
  weightPreference?: { staticWeightList?: ClusterWeight[]; dynamicWeight?: 'AvailableReplicas' };
}

export interface Placement {
  /** Not together with `clusterAffinities`. */
  clusterAffinity?: ClusterAffinity;
  clusterAffinities?: ClusterAffinityTerm[];
  clusterTolerations?: Toleration[];
  spreadConstraints?: SpreadConstraint[];
  replicaScheduling?: ReplicaScheduling;
}

export type PurgeMode = 'Directly' | 'Gracefully' | 'Immediately' | 'Graciously' | 'Never';

export interface Failover {
  application?: { decisionConditions: { tolerationSeconds?: number }; purgeMode?: PurgeMode; gracePeriodSeconds?: number };
  cluster?: { purgeMode?: PurgeMode };
}

export interface Suspension {
  dispatching?: boolean;
  dispatchingOnClusters?: { clusterNames?: string[] };
}

export interface PropagationSpec {
  resourceSelectors: ResourceSelector[];
  propagateDeps?: boolean;
  placement?: Placement;
  priority?: number;
  preemption?: 'Never' | 'Always';
  dependentOverrides?: string[];
  schedulerName?: string;
  failover?: Failover;
  conflictResolution?: 'Abort' | 'Overwrite';
  activationPreference?: 'Lazy';
  suspension?: Suspension;
  preserveResourcesOnDeletion?: boolean;
}

export interface PropagationPolicy extends KubeObject {
  spec: PropagationSpec;
}

export type OverriderOperator = 'add' | 'remove' | 'replace';

export interface ImageOverrider {
  /** Where the image stands in the object (JSON pointer); without it the containers of pods and pod templates. */
  predicate?: { path: string };
  component: 'Registry' | 'Repository' | 'Tag';
  operator: OverriderOperator;
  value?: string;
}

export interface CommandArgsOverrider {
  containerName: string;
  operator: 'add' | 'remove';
  value?: string[];
}

export interface LabelAnnotationOverrider {
  operator: OverriderOperator;
  value?: Record<string, string>;
}

export interface FieldPatch {
  subPath: string;
  operator: OverriderOperator;
  value?: unknown;
}

/** Changes fields of a JSON or YAML text that is the value of a field, as in ConfigMaps. */
export interface FieldOverrider {
  fieldPath: string;
  json?: FieldPatch[];
  yaml?: FieldPatch[];
}

export interface PlaintextOverrider {
  /** A JSON pointer. */
  path: string;
  operator: OverriderOperator;
  value?: unknown;
}

export interface Overriders {
  imageOverrider?: ImageOverrider[];
  commandOverrider?: CommandArgsOverrider[];
  argsOverrider?: CommandArgsOverrider[];
  labelsOverrider?: LabelAnnotationOverrider[];
  annotationsOverrider?: LabelAnnotationOverrider[];
  fieldOverrider?: FieldOverrider[];
  plaintext?: PlaintextOverrider[];
}

export interface OverrideSpec {
  /** Absent: all resources. */
  resourceSelectors?: ResourceSelector[];
  overrideRules?: { targetCluster?: ClusterAffinity; overriders: Overriders }[];
  /** Deprecated forms of one rule; not together with `overrideRules`. */
  targetCluster?: ClusterAffinity;
  overriders?: Overriders;
}

export interface OverridePolicy extends KubeObject {
  spec: OverrideSpec;
}

const GROUP = { group: 'policy.karmada.io', version: 'v1alpha1' };

export const propagationPolicies: Resource<PropagationPolicy> = Object.freeze({
  ...GROUP,
  kind: 'PropagationPolicy',
  plural: 'propagationpolicies',
  namespaced: true,
});
export const clusterPropagationPolicies: Resource<PropagationPolicy> = Object.freeze({
  ...GROUP,
  kind: 'ClusterPropagationPolicy',
  plural: 'clusterpropagationpolicies',
  namespaced: false,
});
export const overridePolicies: Resource<OverridePolicy> = Object.freeze({
  ...GROUP,
  kind: 'OverridePolicy',
  plural: 'overridepolicies',
  namespaced: true,
});
export const clusterOverridePolicies: Resource<OverridePolicy> = Object.freeze({
  ...GROUP,
  kind: 'ClusterOverridePolicy',
  plural: 'clusteroverridepolicies',
  namespaced: false,
});
