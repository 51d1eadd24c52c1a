/** What a buffer's status says of it. Pure. */
import { getCondition, setCondition, type Condition } from '../../kube/conditions.ts';
import type { PodTemplate } from '../../kube/types.ts';
import type { Allowed } from './quotas.ts';
import { ACTIVE_CAPACITY, LIMITED_BY_QUOTAS, PROVISIONING, READY_FOR_PROVISIONING, type CapacityBuffer, type CapacityBufferStatus } from './types.ts';

/** What the controller found out; `error` says why there is no size. */
export interface Resolved {
  template?: PodTemplate | undefined;
  size?: number;
  allowed?: Allowed;
  error?: string;
}

/** `now` is RFC 3339. */
export function resolvedStatus(
  { metadata: { generation = 0 }, spec, status = {} }: CapacityBuffer,
  { template, size, allowed, error }: Resolved,
  now: string,
): CapacityBufferStatus {
  const { podTemplateRef: _ref, podTemplateGeneration: _generation, replicas: _replicas, ...kept } = status;
  const ready: Condition =
    error === undefined
      ? { type: READY_FOR_PROVISIONING, status: 'True', reason: 'AttributesSetSuccessfully', message: 'ready' }
      : { type: READY_FOR_PROVISIONING, status: 'False', reason: 'error', message: `Buffer not ready for provisioning: ${error}` };
  let conditions = setCondition(status.conditions, ready, now);
  if (allowed !== undefined) {
    const limited = allowed.exceeded.length > 0;
    const message = limited ? `Buffer replicas limited from ${size} to ${allowed.replicas} due to quotas: ${allowed.exceeded.join(', ')}` : '';
    const condition = {
      type: LIMITED_BY_QUOTAS,
      status: limited ? 'True' : 'False',
      reason: 'ResourceQuotasAllocated',
      message,
      observedGeneration: generation,
    };
    conditions = setCondition(conditions, condition, now);
  }
  const replicas = allowed?.replicas ?? size;
  return {
    ...kept,
    ...(template && { podTemplateRef: { name: template.metadata.name ?? '' }, podTemplateGeneration: template.metadata.generation ?? 0 }),
    ...(replicas !== undefined && { replicas }),
    provisioningStrategy: spec.provisioningStrategy || ACTIVE_CAPACITY,
    conditions,
  };
}

/** What the autoscaler made of a buffer: how many of its chunks nodes have room for now; or why it makes none. */
export type Provisioned = { readyReplicas: number } | { reason: 'NotReadyForProvisioning' | 'BufferIsEmpty' | 'FailedToGetPodTemplate'; message: string };

export function provisionedStatus({ status = {} }: CapacityBuffer, provisioned: Provisioned, now: string): CapacityBufferStatus {
  const failed = 'reason' in provisioned;
  const condition = failed
    ? { type: PROVISIONING, status: 'False', reason: provisioned.reason, message: provisioned.message }
    : { type: PROVISIONING, status: 'True', reason: 'FakePodsInjected', message: '' };
  return { ...status, readyReplicas: failed ? 0 : provisioned.readyReplicas, conditions: setCondition(status.conditions, condition, now) };
}

export function isReadyForProvisioning({ status }: CapacityBuffer): boolean {
  return getCondition(status?.conditions, READY_FOR_PROVISIONING)?.status === 'True';
}
