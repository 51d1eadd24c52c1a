/** Claims without a class get the default one, and grow where their class allows it; claims and volumes do not go while they are used. */
import { CLAIM_PROTECTION, className, isDefaultClass, VOLUME_PROTECTION } from '../../kube/claims.ts';
import { compareQuantities } from '../../kube/quantity.ts';
import { forbidden } from '../../kube/status.ts';
import type { PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { lookUp, targetOf } from '../registry/world.ts';
import { newestDefault } from './newest-default.ts';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts';

const PROTECTIONS: Record<string, string> = { persistentvolumeclaims: CLAIM_PROTECTION, persistentvolumes: VOLUME_PROTECTION };

function isNew({ operation, definition }: AdmissionRequest, plural: string): boolean {
  return operation === 'create' && definition.group === '' && definition.plural === plural;
}

export const storageClassDefault: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  admit(request) {
    if (!isNew(request, 'persistentvolumeclaims')) return;
    const { spec } = request.object as PersistentVolumeClaim;
    // '' asks for no class.
    if (spec === undefined || spec.storageClassName !== undefined) return;
    const name = newestDefault<StorageClass>(request, 'storage.k8s.io/storageclasses', isDefaultClass);
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

export const claimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  conclude({ operation, definition, subresource, key, object, old, world }) {
    if (operation !== 'update' || definition.group !== '' || definition.plural !== 'persistentvolumeclaims' || subresource) return undefined;
    const [now, before] = [object, old] as [PersistentVolumeClaim, PersistentVolumeClaim];
    const sizeOf = ({ spec }: PersistentVolumeClaim): string | number => spec?.resources?.requests?.['storage'] ?? 0;
    if (compareQuantities(sizeOf(now), sizeOf(before)) <= 0) return undefined;
    const target = targetOf(definition, key.name);
    if (before.status?.phase !== 'Bound') throw forbidden(target, 'Only bound persistent volume claims can be expanded');
    const name = className(before);
    const storageClass = name !== '' && className(now) === name ? lookUp<StorageClass>(world, 'storage.k8s.io', 'storageclasses', name) : undefined;
    if (storageClass?.allowVolumeExpansion !== true)
      throw forbidden(target, 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize');
    return undefined;
  },
};
