import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../kube/types.ts';

/** The claims, volumes and classes there are, as the scheduler sees them. */
export interface VolumeView {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined;
  volume(name: string): PersistentVolume | undefined;
  volumes(): PersistentVolume[];
  storageClass(name: string): StorageClass | undefined;
}
