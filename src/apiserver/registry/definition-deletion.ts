/** Definitions of custom resources go last: the first request to delete one marks it, and the objects go before it. */
import { setCondition, type Condition } from '../../kube/conditions.ts';
import { copyJson } from '../../kube/json.ts';
import type { CustomResourceDefinition } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { ResourceDefinition } from '../engine.ts';

export const CLEAN_UP = 'customresourcecleanup.apiextensions.k8s.io';

export function isOfDefinitions({ group, plural }: ResourceDefinition): boolean {
  return group === 'apiextensions.k8s.io' && plural === 'customresourcedefinitions';
}

/** A copy that waits for the clean-up; as upstream, whatever was asked about dependents. `nowMs`: of the epoch. */
export function markedForDeletion(old: CustomResourceDefinition, nowMs: number): CustomResourceDefinition {
  const now = timestamp(nowMs);
  const { metadata, status } = old;
  const finalizers = metadata.finalizers ?? [];
  const pending: Condition = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  return copyJson({
    ...old,
    metadata: { ...metadata, deletionTimestamp: now, finalizers: finalizers.includes(CLEAN_UP) ? finalizers : [...finalizers, CLEAN_UP] },
    status: { ...status, conditions: setCondition<Condition>(status?.conditions, pending, now) },
  } as CustomResourceDefinition);
}
