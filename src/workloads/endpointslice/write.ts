import { endpointSlices } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { Client } from '../../runtime/client.ts';
import { keyOf } from '../shared/claim.ts';
import type { Expectations } from '../shared/expectations.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';
import type { SlicePlan } from './decide.ts';

/** Carries a plan out; the slices made are expected of `owner`. Rejects at the first that the API refuses. */
export async function writeSlices(client: Client, expectations: Expectations, owner: string, { create, update, remove }: SlicePlan): Promise<void> {
  if (create.length > 0) expectations.expectCreates(owner, create.length);
  for (const slice of create) {
    try {
      await client.create(endpointSlices, slice);
    } catch (error) {
      expectations.forget(owner);
      if (!isNamespaceTerminating(error)) throw error;
    }
  }
  for (const slice of update) await client.update(endpointSlices, slice);
  for (const slice of remove) await client.delete(endpointSlices, keyOf(slice)).catch(unlessNotFound);
}

export function unlessNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
