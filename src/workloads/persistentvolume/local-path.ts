/** Volumes that are directories on a node, as rancher's local-path-provisioner makes them. */
import { join } from 'node:path';
import { PROVISIONED_BY, VOLUME_PROTECTION } from '../../kube/claims.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';
import { LOCAL_PATH } from './decide.ts';

/** Where the directories are; `remove` takes one away with all that is in it. */
export interface LocalPath {
  root: string;
  remove(path: string): Promise<void>;
}

/** `node`: where the volume's first consumer runs; the directory is made when a pod mounts it. */
export function localVolume(claim: PersistentVolumeClaim, storageClass: StorageClass, node: string | undefined, root: string): PersistentVolume {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata;
  const volumeName = `pvc-${uid}`;
  const { accessModes = [], resources, volumeMode = 'Filesystem' } = claim.spec ?? {};
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: [node ?? ''] }];
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName, annotations: { [PROVISIONED_BY]: LOCAL_PATH }, finalizers: [VOLUME_PROTECTION] },
    spec: {
      accessModes,
      capacity: { storage: resources?.requests?.['storage'] ?? '0' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion },
      hostPath: { path: join(root, `${volumeName}_${namespace}_${name}`), type: 'DirectoryOrCreate' },
      ...(node === undefined ? {} : { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } } }),
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name ?? '',
      volumeMode,
    },
  };
}
