/** The kind Cluster of Karmada (cluster.karmada.io/v1alpha1): a member of the fleet, as the hub knows it. */
import type { Condition } from '../../kube/conditions.ts';
import type { ResourceList } from '../../kube/quota/resource-list.ts';
import type { Resource } from '../../kube/resources.ts';
import type { Taint } from '../../kube/taints.ts';
import type { KubeObject } from '../../kube/types.ts';

/** Push: the hub writes into the member. Pull: an agent of the member asks the hub. */
export type SyncMode = 'Push' | 'Pull';

export interface ClusterSpec {
  /** UID of the member's namespace kube-system: one cluster joins once, under whatever name. */
  id?: string;
  syncMode: SyncMode;
  apiEndpoint?: string;
  /** Push: a Secret of the hub with `token` and `caBundle`. */
  secretRef?: { namespace: string; name: string };
  impersonatorSecretRef?: { namespace: string; name: string };
  insecureSkipTLSVerification?: boolean;
  proxyURL?: string;
  provider?: string;
  region?: string;
  /** Deprecated by `zones`. */
  zone?: string;
  zones?: string[];
  taints?: Taint[];
}

export interface ApiEnablement {
  groupVersion: string;
  resources?: { name: string; kind: string }[];
}

export interface ResourceSummary {
  allocatable?: ResourceList;
  /** Asked for by pods that wait for a node. */
  allocating?: ResourceList;
  /** Asked for by pods on nodes. */
  allocated?: ResourceList;
}

export interface ClusterStatus {
  kubernetesVersion?: string;
  apiEnablements?: ApiEnablement[];
  conditions?: Condition[];
  nodeSummary?: { totalNum?: number; readyNum?: number };
  resourceSummary?: ResourceSummary;
}

export interface Cluster extends KubeObject {
  spec: ClusterSpec;
  status?: ClusterStatus;
}

export const clusters: Resource<Cluster> = Object.freeze({
  group: 'cluster.karmada.io',
  version: 'v1alpha1',
  kind: 'Cluster',
  plural: 'clusters',
  namespaced: false,
});

export const READY = 'Ready';
export const COMPLETE_API_ENABLEMENTS = 'CompleteAPIEnablements';
export const NOT_READY_TAINT = 'cluster.karmada.io/not-ready';
export const UNREACHABLE_TAINT = 'cluster.karmada.io/unreachable';
