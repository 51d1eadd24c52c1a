/** Claims, volumes and their classes, in upstream's words. */
import { isDns1123Subdomain, isQualifiedName } from '../names.ts';
import { compareQuantities, isQuantity } from '../quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../types.ts';
import { forbiddenField, invalidValue, named, notSupported, required, sorted, type Errors } from './field.ts';
import { validateNodeSelector } from './pod-affinity.ts';
import { validateHostPath } from './pod-volumes.ts';
import { validateLabelSelector } from './selector.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const VOLUME_MODES = ['Block', 'Filesystem'];
const NOT_POSITIVE = 'must be greater than zero';

type ClaimSpec = NonNullable<PersistentVolumeClaim['spec']>;

/** Also of the templates of stateful sets. */
export function validateClaimSpec(errors: Errors, path: string, spec: Partial<ClaimSpec>): void {
  const { accessModes = [], selector, resources, storageClassName, volumeMode } = spec;
  if (accessModes.length === 0) errors.push(required(`${path}.accessModes`, 'at least 1 access mode is required'));
  validateLabelSelector(errors, `${path}.selector`, selector);
  validateAccessModes(errors, `${path}.accessModes`, accessModes);
  const storage = resources?.requests?.['storage'];
  if (storage === undefined) errors.push(required(`${path}.resources[storage]`));
  else validatePositive(errors, `${path}.resources[storage]`, storage);
  if (storageClassName) named(errors, `${path}.storageClassName`, storageClassName, isDns1123Subdomain);
  if (volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode)) errors.push(notSupported(`${path}.volumeMode`, volumeMode, VOLUME_MODES));
}

function validateAccessModes(errors: Errors, path: string, modes: readonly string[]): void {
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) errors.push(notSupported(path, mode, ACCESS_MODES));
  const others = modes.filter((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode));
  if (modes.includes('ReadWriteOncePod') && others.length > 0) errors.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'));
}

function validatePositive(errors: Errors, path: string, value: string | number): void {
  if (isQuantity(value) && compareQuantities(value, '0') <= 0) errors.push(invalidValue(path, String(value), NOT_POSITIVE));
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));

export function validatePersistentVolumeClaim(errors: Errors, { spec }: PersistentVolumeClaim, old: PersistentVolumeClaim | undefined): void {
  validateClaimSpec(errors, 'spec', spec ?? {});
  if (old === undefined) return;
  const [now, before] = [spec ?? {}, old.spec ?? {}] as [Partial<ClaimSpec>, Partial<ClaimSpec>];
  const [size, sizeBefore] = [now.resources?.requests?.['storage'], before.resources?.requests?.['storage']];
  // The binder names the volume of a claim that has none; of a bound one the size and the attributes may change.
  const named = before.volumeName ? now : { ...now, volumeName: before.volumeName };
  const kept =
    old.status?.phase === 'Bound' && now.resources?.requests !== undefined
      ? {
          ...named,
          resources: { ...now.resources, requests: { ...now.resources.requests, storage: sizeBefore } },
          volumeAttributesClassName: before.volumeAttributesClassName,
        }
      : named;
  if (!same(kept, before)) {
    const why = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbiddenField('spec', why));
  }
  if (size === undefined || sizeBefore === undefined || compareQuantities(size, sizeBefore) >= 0) return;
  // A wish that could not be granted may be taken back, as far as what there is.
  if (compareQuantities(size, old.status?.capacity?.['storage'] ?? 0) <= 0)
    errors.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'));
}

/** Of a volume's spec, all that does not say what it is. */
const SETTINGS = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
]);
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

function sourcesOf(spec: PersistentVolume['spec']): object {
  return Object.fromEntries(Object.entries(spec ?? {}).filter(([name, value]) => !SETTINGS.has(name) && value !== undefined));
}

export function validatePersistentVolume(errors: Errors, { spec }: PersistentVolume, old: PersistentVolume | undefined): void {
  const { accessModes = [], capacity = {}, persistentVolumeReclaimPolicy: policy, nodeAffinity, storageClassName, volumeMode } = spec ?? {};
  if (accessModes.length === 0) errors.push(required('spec.accessModes'));
  validateAccessModes(errors, 'spec.accessModes', accessModes);
  if (Object.keys(capacity).length === 0) errors.push(required('spec.capacity'));
  if (capacity['storage'] === undefined || Object.keys(capacity).length > 1)
    errors.push(notSupported('spec.capacity', Object.keys(capacity).length === 0 ? undefined : capacity, ['storage']));
  for (const [name, value] of Object.entries(capacity)) {
    if (compareQuantities(value, 0) < 0) errors.push(invalidValue(`spec.capacity[${name}]`, Number(value), 'must be a valid resource quantity'));
    validatePositive(errors, `spec.capacity[${name}]`, value);
  }
  if (policy && !RECLAIM_POLICIES.includes(policy)) errors.push(notSupported('spec.persistentVolumeReclaimPolicy', policy, RECLAIM_POLICIES));
  if (nodeAffinity !== undefined) {
    if (nodeAffinity.required === undefined) errors.push(required('spec.nodeAffinity.required', 'must specify required node constraints'));
    else validateNodeSelector(errors, 'spec.nodeAffinity.required', nodeAffinity.required);
  }
  const sources = Object.keys(sourcesOf(spec));
  for (const source of sources.slice(1)) errors.push(forbiddenField(`spec.${source}`, 'may not specify more than 1 volume type'));
  if (spec?.hostPath !== undefined) validateHostPath(errors, 'spec.hostPath', spec.hostPath);
  if (spec?.local !== undefined) {
    if (!spec.local.path) errors.push(required('spec.local.path'));
    if (nodeAffinity === undefined) errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  }
  if (sources.length === 0) errors.push(required('spec', 'must specify a volume type'));
  if (spec?.hostPath?.path === '/' && policy === 'Recycle')
    errors.push(forbiddenField('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"));
  if (storageClassName) named(errors, 'spec.storageClassName', storageClassName, isDns1123Subdomain);
  if (volumeMode !== undefined && !VOLUME_MODES.includes(volumeMode)) errors.push(notSupported('spec.volumeMode', volumeMode, VOLUME_MODES));
  if (old !== undefined && !same(sourcesOf(spec), sourcesOf(old.spec)))
    errors.push(forbiddenField('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'));
}

const CLASS_POLICIES = ['Delete', 'Retain'];
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer'];

export function validateStorageClass(errors: Errors, storageClass: StorageClass, old: StorageClass | undefined): void {
  const { provisioner, reclaimPolicy, volumeBindingMode } = storageClass;
  if (!provisioner) errors.push(required('provisioner'));
  else for (const why of isQualifiedName(provisioner.toLowerCase())) errors.push(invalidValue('provisioner', provisioner.toLowerCase(), why));
  if (reclaimPolicy && !CLASS_POLICIES.includes(reclaimPolicy)) errors.push(notSupported('reclaimPolicy', reclaimPolicy, CLASS_POLICIES));
  if (volumeBindingMode === undefined) errors.push(required('volumeBindingMode'));
  else if (!BINDING_MODES.includes(volumeBindingMode)) errors.push(notSupported('volumeBindingMode', volumeBindingMode, BINDING_MODES));
  if (old === undefined) return;
  if (!same(storageClass.parameters, old.parameters)) errors.push(forbiddenField('parameters', 'updates to parameters are forbidden.'));
  if (provisioner !== old.provisioner) errors.push(forbiddenField('provisioner', 'updates to provisioner are forbidden.'));
  if (reclaimPolicy !== old.reclaimPolicy) errors.push(forbiddenField('reclaimPolicy', 'updates to reclaimPolicy are forbidden.'));
  if (volumeBindingMode !== old.volumeBindingMode) errors.push(invalidValue('volumeBindingMode', volumeBindingMode, 'field is immutable'));
}
