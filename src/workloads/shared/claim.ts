/** Which objects a controller owns: those with its reference that still match, and matching ones without an owner, which it adopts. */
import { controllerOf, ownerReference } from '../../kube/owners.ts';
import type { Resource } from '../../kube/resources.ts';
import type { Matcher } from '../../kube/selectors.ts';
import { isNotFound, StatusError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import type { Informer } from '../../runtime/informer.ts';
import { objectKey as keyOf } from '../../runtime/reconcile.ts';

export { keyOf };

const BY_CONTROLLER = 'workloads/controller-uid';
const ORPHANS = 'workloads/orphans-by-namespace';

/** Adds the indexes that `claim` and `ownedBy` read. */
export function indexByController<T extends KubeObject>(informer: Informer<T>): Informer<T> {
  informer.addIndex(BY_CONTROLLER, (object) => {
    const controller = controllerOf(object);
    return controller === undefined ? [] : [controller.uid];
  });
  informer.addIndex(ORPHANS, (object) => (controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : []));
  return informer;
}

/** The objects whose controller is `owner`, as the informer knows them. */
export function ownedBy<T extends KubeObject>(informer: Informer<T>, owner: KubeObject): T[] {
  return informer.byIndex(BY_CONTROLLER, owner.metadata.uid ?? '');
}

/** Objects of a namespace that have no controller. */
function orphansOf<T extends KubeObject>(informer: Informer<T>, namespace: string): T[] {
  return informer.byIndex(ORPHANS, namespace);
}

/**
 * The objects that belong to `owner`; adopts and releases on the way. An owner on its way out neither adopts nor releases.
 * `canAdopt` leaves out objects that must not be adopted (finished pods).
 */
export async function claim<T extends KubeObject, O extends KubeObject>(
  client: Client,
  ownerResource: Resource<O>,
  owner: O,
  resource: Resource<T>,
  informer: Informer<T>,
  matches: Matcher,
  canAdopt: (object: T) => boolean = () => true,
): Promise<T[]> {
  const leaving = owner.metadata.deletionTimestamp !== undefined;
  const claimed: T[] = [];
  for (const object of ownedBy(informer, owner)) {
    if (matches(object.metadata.labels) || leaving) claimed.push(object);
    else
      await setOwners(
        client,
        resource,
        object,
        (object.metadata.ownerReferences ?? []).filter((o) => o.uid !== owner.metadata.uid),
      );
  }
  if (leaving) return claimed;
  const orphans = orphansOf(informer, owner.metadata.namespace ?? '').filter(
    (o) => matches(o.metadata.labels) && o.metadata.deletionTimestamp === undefined && canAdopt(o),
  );
  if (orphans.length === 0) return claimed;
  // The view of the owner may be old; adopting for an owner that is gone would get the objects collected.
  const fresh = await client.get(ownerResource, keyOf(owner));
  if (fresh.metadata.uid !== owner.metadata.uid || fresh.metadata.deletionTimestamp !== undefined) return claimed;
  for (const orphan of orphans) {
    const adopted = await setOwners(client, resource, orphan, [...(orphan.metadata.ownerReferences ?? []), ownerReference(owner, { controller: true })]);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

/** With the resource version seen, so that an owner set by another meanwhile wins. */
async function setOwners<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  owners: KubeObject['metadata']['ownerReferences'],
): Promise<T | undefined> {
  const { uid, resourceVersion } = object.metadata;
  try {
    return await client.patch(resource, keyOf(object), { metadata: { uid, resourceVersion, ownerReferences: owners } }, { type: 'merge' });
  } catch (error) {
    // Gone, or replaced by another of the same name (Invalid: the uid differs).
    if (isNotFound(error) || (error instanceof StatusError && error.code === 422)) return undefined;
    throw error;
  }
}
