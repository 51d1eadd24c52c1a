/** Which volume a claim is bound to, and what becomes of a volume whose claim is gone. Pure; source: pv_controller. */
import {
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  className,
  findVolume,
  isBound,
  isFor,
  PROVISIONED_BY,
  SELECTED_NODE,
  waitsForConsumer,
} from '../../kube/claims.ts';
import { byteCount } from '../../kube/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../kube/types.ts';

/** The provisioner that makes directories on nodes, by the name that the class of rancher's local-path-provisioner gives it. */
export const LOCAL_PATH = 'rancher.io/local-path';

export type ClaimDecision =
  | { kind: 'bind'; volume: PersistentVolume }
  /** Bound: only its status may lag. */
  | { kind: 'settle'; volume: PersistentVolume }
  /** Bound, and to be of the size that the claim asks for now. */
  | { kind: 'expand'; volume: PersistentVolume; size: string | number }
  | { kind: 'lost' }
  | { kind: 'provision'; storageClass: StorageClass; node: string | undefined }
  | { kind: 'wait'; reason?: string; message?: string; provisioner?: string };

export interface Storage {
  volumes: readonly PersistentVolume[];
  storageClass: StorageClass | undefined;
}

export function decideClaim(claim: PersistentVolumeClaim, { volumes, storageClass }: Storage): ClaimDecision {
  if (isBound(claim)) {
    const volume = volumes.find(({ metadata }) => metadata.name === claim.spec?.volumeName);
    if (volume === undefined || !isFor(volume, claim)) return { kind: 'lost' };
    const size = expandedSize(claim, volume);
    return size === undefined ? { kind: 'settle', volume } : { kind: 'expand', volume, size };
  }
  const node = claim.metadata.annotations?.[SELECTED_NODE];
  const delayed = waitsForConsumer(storageClass) && node === undefined;
  // A volume that waits for its consumer is taken only when it was reserved for the claim, or the claim names it.
  const volume = delayed && !claim.spec?.volumeName ? volumes.find((one) => isFor(one, claim)) : findVolume(claim, volumes);
  if (volume !== undefined) return { kind: 'bind', volume };
  if (claim.spec?.volumeName) return { kind: 'wait' };
  if (delayed) return { kind: 'wait', reason: 'WaitForFirstConsumer', message: 'waiting for first consumer to be created before binding' };
  if (className(claim) === '')
    return { kind: 'wait', reason: 'FailedBinding', message: 'no persistent volumes available for this claim and no storage class is set' };
  if (storageClass === undefined)
    return { kind: 'wait', reason: 'ProvisioningFailed', message: `storageclass.storage.k8s.io ${JSON.stringify(className(claim))} not found` };
  if (storageClass.provisioner === LOCAL_PATH) return { kind: 'provision', storageClass, node };
  if (storageClass.provisioner === 'kubernetes.io/no-provisioner')
    return { kind: 'wait', reason: 'ProvisioningFailed', message: 'storageclass does not support dynamic provisioning' };
  return {
    kind: 'wait',
    reason: 'ExternalProvisioning',
    message: `Waiting for a volume to be created either by the external provisioner '${storageClass.provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`,
    provisioner: storageClass.provisioner,
  };
}

/** Whether a claim may grow was asked when it was changed: here it is only done, for volumes of our own. */
function expandedSize({ spec, status }: PersistentVolumeClaim, { metadata }: PersistentVolume): string | number | undefined {
  const wanted = spec?.resources?.requests?.['storage'];
  const has = status?.capacity?.['storage'];
  if (wanted === undefined || has === undefined || status?.phase !== 'Bound' || metadata.annotations?.[PROVISIONED_BY] !== LOCAL_PATH) return undefined;
  return byteCount(wanted) > byteCount(has) ? wanted : undefined;
}

/** The claim as the binding leaves it. */
export function boundClaim(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaim {
  const byController: Record<string, string> = claim.spec?.volumeName === volume.metadata.name ? {} : { [BOUND_BY_CONTROLLER]: 'yes' };
  return {
    ...claim,
    metadata: { ...claim.metadata, annotations: { ...claim.metadata.annotations, [BIND_COMPLETED]: 'yes', ...byController } },
    spec: { ...claim.spec, volumeName: volume.metadata.name ?? '' },
  };
}

/** Undefined when the volume refers to the claim already. */
export function reservedVolume(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume | undefined {
  if (volume.spec?.claimRef?.uid === claim.metadata.uid) return undefined;
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata;
  const byController: Record<string, string> = volume.spec?.claimRef === undefined ? { [BOUND_BY_CONTROLLER]: 'yes' } : {};
  return {
    ...volume,
    metadata: { ...volume.metadata, annotations: { ...volume.metadata.annotations, ...byController } },
    spec: { ...volume.spec, claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion } },
  };
}

export type VolumeDecision = { phase: 'Available' | 'Bound' | 'Released'; remove?: boolean };

/** `claim`: the one the volume refers to; undefined when it is gone, or another of its name. */
export function decideVolume({ metadata, spec }: PersistentVolume, claim: PersistentVolumeClaim | undefined): VolumeDecision {
  const ref = spec?.claimRef;
  if (ref === undefined) return { phase: 'Available' };
  // Reserved for a claim that is yet to be made.
  if (!ref.uid) return { phase: claim?.spec?.volumeName === metadata.name ? 'Bound' : 'Available' };
  if (claim !== undefined && claim.metadata.uid === ref.uid) return { phase: 'Bound' };
  const remove = spec?.persistentVolumeReclaimPolicy === 'Delete' && metadata.annotations?.[PROVISIONED_BY] === LOCAL_PATH;
  return { phase: 'Released', ...(remove ? { remove } : {}) };
}
