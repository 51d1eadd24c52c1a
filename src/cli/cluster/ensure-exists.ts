import type { Resource } from '../../kube/resources.ts';
import { isAlreadyExists } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';

/** Makes the object where it is missing; what somebody changed of it stays. */
export async function ensureExists<T extends KubeObject>(client: Client, resource: Resource<T>, object: T): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
