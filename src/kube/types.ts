/**
 * The object types of the room's vocabulary: upstream's shapes (kubernetes-models, types only),
 * with `metadata` present, as it always is on an object that has been through the API.
 */
import type { IIoK8sApimachineryPkgApisMetaV1ObjectMeta } from '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';
import type { IIoK8sApimachineryPkgApisMetaV1OwnerReference } from '@kubernetes-models/apimachinery/apis/meta/v1/OwnerReference';
import type { IIoK8sApimachineryPkgApisMetaV1LabelSelector } from '@kubernetes-models/apimachinery/apis/meta/v1/LabelSelector';
import type { ICustomResourceDefinition } from 'kubernetes-models/apiextensions.k8s.io/v1/CustomResourceDefinition';
import type { IControllerRevision } from 'kubernetes-models/apps/v1/ControllerRevision';
import type { IDaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IReplicaSet } from 'kubernetes-models/apps/v1/ReplicaSet';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { ILease } from 'kubernetes-models/coordination.k8s.io/v1/Lease';
import type { IEndpointSlice } from 'kubernetes-models/discovery.k8s.io/v1/EndpointSlice';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IRuntimeClass } from 'kubernetes-models/node.k8s.io/v1/RuntimeClass';
import type { IPriorityClass } from 'kubernetes-models/scheduling.k8s.io/v1/PriorityClass';
import type { IStorageClass } from 'kubernetes-models/storage.k8s.io/v1/StorageClass';
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IContainerStatus } from 'kubernetes-models/v1/ContainerStatus';
import type { IEndpoints } from 'kubernetes-models/v1/Endpoints';
import type { IEvent } from 'kubernetes-models/v1/Event';
import type { ILimitRange } from 'kubernetes-models/v1/LimitRange';
import type { INamespace } from 'kubernetes-models/v1/Namespace';
import type { INode } from 'kubernetes-models/v1/Node';
import type { IPersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import type { IPersistentVolume } from 'kubernetes-models/v1/PersistentVolume';
import type { IPod } from 'kubernetes-models/v1/Pod';
import type { IPodTemplate } from 'kubernetes-models/v1/PodTemplate';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import type { IReplicationController } from 'kubernetes-models/v1/ReplicationController';
import type { IResourceQuota } from 'kubernetes-models/v1/ResourceQuota';
import type { ISecret } from 'kubernetes-models/v1/Secret';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';

export type ObjectMeta = IIoK8sApimachineryPkgApisMetaV1ObjectMeta;
export type OwnerReference = IIoK8sApimachineryPkgApisMetaV1OwnerReference;
export type LabelSelector = IIoK8sApimachineryPkgApisMetaV1LabelSelector;

/** What every object has. `metadata.name` is missing only before a create with `generateName`. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** Upstream's interface with `metadata` required. */
export type WithMeta<T extends { metadata?: unknown }> = Omit<T, 'metadata'> & { metadata: ObjectMeta };

/** An object whose kind is known only at run time (custom resources, generic controllers). */
export type Unstructured = KubeObject & { [field: string]: unknown };

export type ConfigMap = WithMeta<IConfigMap>;
export type Container = IContainer;
export type ContainerStatus = IContainerStatus;
export type ControllerRevision = WithMeta<IControllerRevision>;
export type CronJob = WithMeta<ICronJob>;
export type CustomResourceDefinition = WithMeta<ICustomResourceDefinition>;
export type DaemonSet = WithMeta<IDaemonSet>;
export type Deployment = WithMeta<IDeployment>;
export type EndpointSlice = WithMeta<IEndpointSlice>;
export type Endpoints = WithMeta<IEndpoints>;
export type Event = WithMeta<IEvent>;
export type HorizontalPodAutoscaler = WithMeta<IHorizontalPodAutoscaler>;
export type Job = WithMeta<IJob>;
export type Lease = WithMeta<ILease>;
export type LimitRange = WithMeta<ILimitRange>;
export type Namespace = WithMeta<INamespace>;
export type NetworkPolicy = WithMeta<INetworkPolicy>;
export type Node = WithMeta<INode>;
export type PersistentVolumeClaim = WithMeta<IPersistentVolumeClaim>;
export type PersistentVolume = WithMeta<IPersistentVolume>;
export type Pod = WithMeta<IPod>;
export type PodDisruptionBudget = WithMeta<IPodDisruptionBudget>;
export type PodSpec = NonNullable<IPod['spec']>;
export type PodStatus = NonNullable<IPod['status']>;
export type PodTemplateSpec = IPodTemplateSpec;
export type PodTemplate = WithMeta<IPodTemplate>;
export type PriorityClass = WithMeta<IPriorityClass>;
export type RuntimeClass = WithMeta<IRuntimeClass>;
export type ReplicaSet = WithMeta<IReplicaSet>;
export type ReplicationController = WithMeta<IReplicationController>;
export type ResourceQuota = WithMeta<IResourceQuota>;
export type Secret = WithMeta<ISecret>;
export type Service = WithMeta<IService>;
export type ServiceAccount = WithMeta<IServiceAccount>;
export type StorageClass = WithMeta<IStorageClass>;
export type StatefulSet = WithMeta<IStatefulSet>;

/** Name and namespace of an object; `namespace` is absent for cluster-scoped kinds. */
export interface ObjectKey {
  name: string;
  namespace?: string;
}
