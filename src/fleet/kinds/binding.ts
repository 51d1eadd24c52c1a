/** ResourceBinding of Karmada (work.karmada.io/v1alpha2): a template of the hub, and the clusters it goes to with how many replicas. */
import type { Condition } from '../../kube/conditions.ts';
import type { ResourceList } from '../../kube/quota/resource-list.ts';
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Failover, Placement, PurgeMode, Suspension } from './policy.ts';

export interface ObjectReference {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
  uid?: string;
  /** Changes of the template that matter to members have a new one. */
  resourceVersion?: string;
}

export interface TargetCluster {
  name: string;
  /** Absent for what has no replicas. */
  replicas?: number;
}

export interface GracefulEvictionTask {
  fromCluster: string;
  replicas?: number;
  reason: string;
  message?: string;
  producer: string;
  purgeMode?: PurgeMode;
  gracePeriodSeconds?: number;
  suppressDeletion?: boolean;
  creationTimestamp?: string;
  clustersBeforeFailover?: string[];
}

export interface ReplicaRequirements {
  resourceRequest?: ResourceList;
  nodeClaim?: { nodeSelector?: Record<string, string>; tolerations?: unknown[]; hardNodeAffinity?: unknown };
  namespace?: string;
  priorityClassName?: string;
}

export interface BindingSpec {
  resource: ObjectReference;
  propagateDeps?: boolean;
  replicas?: number;
  replicaRequirements?: ReplicaRequirements;
  clusters?: TargetCluster[];
  placement?: Placement;
  gracefulEvictionTasks?: GracefulEvictionTask[];
  /** Bindings that need this one's resource where they are. */
  requiredBy?: { namespace?: string; name: string; clusters?: TargetCluster[] }[];
  schedulerName?: string;
  failover?: Failover;
  conflictResolution?: 'Abort' | 'Overwrite';
  rescheduleTriggeredAt?: string;
  suspension?: Suspension & { scheduling?: boolean };
  preserveResourcesOnDeletion?: boolean;
}

export interface AggregatedStatusItem {
  clusterName: string;
  status?: unknown;
  applied?: boolean;
  appliedMessage?: string;
  health?: Health;
}

export type Health = 'Healthy' | 'Unhealthy' | 'Unknown';

export interface BindingStatus {
  schedulerObservedGeneration?: number;
  /** Upstream spells it so: the affinity term that was scheduled by. */
  schedulerObservingAffinityName?: string;
  lastScheduledTime?: string;
  conditions?: Condition[];
  aggregatedStatus?: AggregatedStatusItem[];
}

export interface ResourceBinding extends KubeObject {
  spec: BindingSpec;
  status?: BindingStatus;
}

const GROUP = { group: 'work.karmada.io', version: 'v1alpha2' };

export const resourceBindings: Resource<ResourceBinding> = Object.freeze({ ...GROUP, kind: 'ResourceBinding', plural: 'resourcebindings', namespaced: true });
export const clusterResourceBindings: Resource<ResourceBinding> = Object.freeze({
  ...GROUP,
  kind: 'ClusterResourceBinding',
  plural: 'clusterresourcebindings',
  namespaced: false,
});

export const SCHEDULED = 'Scheduled';
export const FULLY_APPLIED = 'FullyApplied';
