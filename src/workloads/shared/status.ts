import type { Resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { sameValue } from './equal.ts';

/** Writes `status` when it differs from what the object has; answers the object as it is then. A stale object is a Conflict. */
export async function writeStatus<S, T extends KubeObject & { status?: S }>(client: Client, resource: Resource<T>, object: T, status: S): Promise<T> {
  if (sameValue(object.status, status)) return object;
  return client.update(resource, { ...object, status }, { subresource: 'status' });
}
