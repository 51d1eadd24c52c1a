/** Claims and volumes: the words that the binder, the scheduler and the node share (component-helpers' storage/volume). */
import { byteCount } from './quantity.ts';
import { matcherOf } from './selectors.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from './types.ts';

export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
/** The scheduler's choice, by which a volume is made for its first consumer. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
export const CLAIM_PROTECTION = 'kubernetes.io/pvc-protection';
export const VOLUME_PROTECTION = 'kubernetes.io/pv-protection';
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const DEFAULT_CLASS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

export function className({ metadata, spec }: PersistentVolume | PersistentVolumeClaim): string {
  return metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';
}

export function isDefaultClass({ metadata }: StorageClass): boolean {
  return DEFAULT_CLASS.some((name) => metadata.annotations?.[name] === 'true');
}

export function waitsForConsumer(storageClass: StorageClass | undefined): boolean {
  return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
}

/** Bound both ways, as far as the claim says. */
export function isBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return !!spec?.volumeName && metadata.annotations?.[BIND_COMPLETED] !== undefined;
}

/** Whether the volume was made or reserved for this claim. */
export function isFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const ref = spec?.claimRef;
  return ref !== undefined && ref.name === metadata.name && ref.namespace === metadata.namespace && (!ref.uid || ref.uid === metadata.uid);
}

/** The volume a claim gets of those that are there: reserved ones first, then the smallest that is large enough. */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  fitsNode: (volume: PersistentVolume) => boolean = () => true,
): PersistentVolume | undefined {
  const reserved = volumes.find((volume) => isFor(volume, claim));
  if (reserved !== undefined) return reserved;
  const { accessModes = [], resources, selector, volumeMode = 'Filesystem', volumeName } = claim.spec ?? {};
  const wanted = byteCount(resources?.requests?.['storage'] ?? 0);
  const fits = (volume: PersistentVolume): boolean => {
    const { spec, metadata } = volume;
    return (
      spec?.claimRef === undefined &&
      metadata.deletionTimestamp === undefined &&
      (!volumeName || volumeName === metadata.name) &&
      className(volume) === className(claim) &&
      (spec?.volumeMode ?? 'Filesystem') === volumeMode &&
      accessModes.every((mode) => spec?.accessModes?.includes(mode)) &&
      byteCount(spec?.capacity?.['storage'] ?? 0) >= wanted &&
      (selector === undefined || matcherOf(selector)(metadata.labels ?? {})) &&
      fitsNode(volume)
    );
  };
  const size = ({ spec }: PersistentVolume): number => byteCount(spec?.capacity?.['storage'] ?? 0);
  return volumes.filter(fits).reduce<PersistentVolume | undefined>((least, v) => (least === undefined || size(v) < size(least) ? v : least), undefined);
}

/** Names of the claims a pod mounts: its own of ephemeral volumes too. */
export function claimNames(pod: Pod | undefined): string[] {
  return (pod?.spec?.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim?.claimName) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${pod?.metadata.name ?? ''}-${name}`];
  });
}
