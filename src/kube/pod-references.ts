/** Which other objects of its namespace a pod names. */
import { containersOf } from './pods.ts';
import type { Pod } from './types.ts';

/** Marks a pod that a node runs on its own account and shows to the API. */
export const MIRROR = 'kubernetes.io/config.mirror';

type Volume = NonNullable<NonNullable<Pod['spec']>['volumes']>[number];

export interface PodReferences {
  secrets: Set<string>;
  configMaps: Set<string>;
  /** Claims, also those that are made for the pod. */
  claims: Set<string>;
  serviceAccount?: string;
}

export function referencesOf({ spec, metadata }: Pod): PodReferences {
  const found: PodReferences = { secrets: new Set(), configMaps: new Set(), claims: new Set() };
  if (spec === undefined) return found;
  if (spec.serviceAccountName) found.serviceAccount = spec.serviceAccountName;
  for (const { name } of spec.imagePullSecrets ?? []) add(found.secrets, name);
  for (const container of containersOf(spec)) {
    for (const { valueFrom } of container.env ?? []) {
      add(found.secrets, valueFrom?.secretKeyRef?.name);
      add(found.configMaps, valueFrom?.configMapKeyRef?.name);
    }
    for (const { secretRef, configMapRef } of container.envFrom ?? []) {
      add(found.secrets, secretRef?.name);
      add(found.configMaps, configMapRef?.name);
    }
  }
  for (const volume of spec.volumes ?? []) addVolume(found, volume, metadata.name ?? '');
  return found;
}

function addVolume(found: PodReferences, volume: Volume, podName: string): void {
  add(found.configMaps, volume.configMap?.name);
  add(found.claims, volume.persistentVolumeClaim?.claimName ?? (volume.ephemeral ? `${podName}-${volume.name}` : undefined));
  for (const source of volume.projected?.sources ?? []) {
    add(found.secrets, source.secret?.name);
    add(found.configMaps, source.configMap?.name);
  }
  // Kinds of volumes differ in how they call the secret they need.
  for (const source of Object.values(volume) as (string | { secretName?: string; secretRef?: { name?: string }; nodePublishSecretRef?: { name?: string } })[]) {
    if (typeof source !== 'object' || source === null) continue;
    add(found.secrets, source.secretName);
    add(found.secrets, source.secretRef?.name);
    add(found.secrets, source.nodePublishSecretRef?.name);
  }
}

function add(names: Set<string>, name: string | undefined): void {
  if (name) names.add(name);
}
