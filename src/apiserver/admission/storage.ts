/** Claims without a class get the default one; claims and volumes do not go while they are used. */
import { CLAIM_PROTECTION, isDefaultClass, VOLUME_PROTECTION } from '../../kube/claims.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts';

const PROTECTIONS: Record<string, string> = { persistentvolumeclaims: CLAIM_PROTECTION, persistentvolumes: VOLUME_PROTECTION };

function isNew({ operation, definition }: AdmissionRequest, plural: string): boolean {
  return operation === 'create' && definition.group === '' && definition.plural === plural;
}

/** Of several, the one made last; of those made at once, the first by name. */
function defaultClass({ world }: AdmissionRequest): StorageClass | undefined {
  const collection = world.store.collection('storage.k8s.io/storageclasses');
  // The collection holds storage classes only.
  const defaults = Array.from(collection.range(), ([, stored]) => stored.object as StorageClass).filter(isDefaultClass);
  return defaults.toSorted(
    (a, b) =>
      (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '') || (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''),
  )[0];
}

export const storageClassDefault: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  admit(request) {
    if (!isNew(request, 'persistentvolumeclaims')) return;
    const { spec } = request.object as PersistentVolumeClaim;
    // '' asks for no class.
    if (spec === undefined || spec.storageClassName !== undefined) return;
    const name = defaultClass(request)?.metadata.name;
    if (name !== undefined) spec.storageClassName = name;
  },
};

export const storageInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  admit(request) {
    const finalizer = PROTECTIONS[request.definition.plural];
    if (finalizer === undefined || !isNew(request, request.definition.plural)) return;
    const { metadata } = request.object;
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
