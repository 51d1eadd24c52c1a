/** The kind CapacityBuffer of Cluster Autoscaler (autoscaling.x-k8s.io/v1beta1). */
import type { Condition } from '../../kube/conditions.ts';
import type { ResourceList } from '../../kube/quota/resource-list.ts';
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';

export interface ScalableRef {
  /** '' or 'core' for the core group. */
  apiGroup?: string;
  kind: string;
  name: string;
}

export interface CapacityBufferStatus {
  /** The template that the controller made for the buffer, whole as a pod would be. */
  podTemplateRef?: { name: string };
  podTemplateGeneration?: number;
  /** Chunks to have room for. */
  replicas?: number;
  /** Chunks that have room on nodes that are there. */
  readyReplicas?: number;
  provisioningStrategy?: string;
  conditions?: Condition[];
}

export interface CapacityBuffer extends KubeObject {
  spec: {
    provisioningStrategy?: string;
    podTemplateRef?: { name: string };
    scalableRef?: ScalableRef;
    replicas?: number;
    /** Of the scalable's replicas. */
    percentage?: number;
    limits?: ResourceList;
  };
  status?: CapacityBufferStatus;
}

export const capacityBuffers: Resource<CapacityBuffer> = Object.freeze({
  group: 'autoscaling.x-k8s.io',
  version: 'v1beta1',
  kind: 'CapacityBuffer',
  plural: 'capacitybuffers',
  namespaced: true,
});

export const ACTIVE_CAPACITY = 'buffer.x-k8s.io/active-capacity';

export const READY_FOR_PROVISIONING = 'ReadyForProvisioning';
export const PROVISIONING = 'Provisioning';
export const LIMITED_BY_QUOTAS = 'LimitedByQuotas';

/** Only these are ours; other strategies belong to whoever knows them. */
export function isActive({ spec: { provisioningStrategy } }: CapacityBuffer): boolean {
  return (provisioningStrategy ?? '') === '' || provisioningStrategy === ACTIVE_CAPACITY;
}
