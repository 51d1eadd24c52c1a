import type { KubeObject, OwnerReference } from './types.ts';

/** The owner that manages the object, if any: the reference with `controller: true`. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** A reference to `owner`; as controller it also blocks the owner's foreground deletion, as upstream's NewControllerRef. */
export function ownerReference(owner: KubeObject, options: { controller: boolean }): OwnerReference {
  const { name, uid } = owner.metadata;
  if (name === undefined || uid === undefined) throw new Error('an owner must have been created before it can be referred to');
  const reference = { apiVersion: owner.apiVersion, kind: owner.kind, name, uid };
  return options.controller ? { ...reference, controller: true, blockOwnerDeletion: true } : reference;
}
