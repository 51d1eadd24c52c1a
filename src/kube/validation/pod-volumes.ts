/** Volumes of pods and where containers mount them, in upstream's words. */
import { isDns1123Label } from '../names.ts';
import { compareQuantities, isQuantity } from '../quantity.ts';
import type { Container, PodSpec } from '../types.ts';
import { duplicate, forbiddenField, invalidValue, named, notFoundValue, notSupported, required, type Errors } from './field.ts';

type Volume = NonNullable<PodSpec['volumes']>[number];
type KeyToPath = NonNullable<NonNullable<Volume['configMap']>['items']>[number];

const MODE_WHY = 'must be a number between 0 and 0777 (octal), both inclusive';
const MODE_MAX = 0o777;

/** The names of the volumes that are right: others cannot be mounted. */
export function validateVolumes(errors: Errors, path: string, volumes: readonly Volume[]): Set<string> {
  const names = new Set<string>();
  for (const [i, volume] of volumes.entries()) {
    const at = `${path}[${i}]`;
    const found: Errors = [];
    validateSource(found, at, volume);
    if (!volume.name) found.push(required(`${at}.name`));
    else named(found, `${at}.name`, volume.name, isDns1123Label);
    if (names.has(volume.name)) found.push(duplicate(`${at}.name`, volume.name));
    if (found.length === 0) names.add(volume.name);
    errors.push(...found);
  }
  return names;
}

function validateSource(errors: Errors, path: string, { name: _name, ...sources }: Volume): void {
  const given = Object.keys(sources).filter((source) => sources[source as keyof typeof sources] !== undefined);
  if (given.length === 0) errors.push(required(path, 'must specify a volume type'));
  for (const source of given.slice(1)) errors.push(forbiddenField(`${path}.${source}`, 'may not specify more than 1 volume type'));
  const { emptyDir, hostPath, configMap, secret, persistentVolumeClaim } = sources;
  const limit = emptyDir?.sizeLimit;
  if (limit !== undefined && isQuantity(limit) && compareQuantities(limit, '0') < 0)
    errors.push(forbiddenField(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'));
  if (hostPath !== undefined) validateHostPath(errors, `${path}.hostPath`, hostPath);
  if (configMap !== undefined) {
    if (!configMap.name) errors.push(required(`${path}.configMap.name`));
    validateFiles(errors, `${path}.configMap`, configMap.defaultMode, configMap.items ?? []);
  }
  if (secret !== undefined) {
    if (!secret.secretName) errors.push(required(`${path}.secret.secretName`));
    validateFiles(errors, `${path}.secret`, secret.defaultMode, secret.items ?? []);
  }
  if (persistentVolumeClaim !== undefined && !persistentVolumeClaim.claimName) errors.push(required(`${path}.persistentVolumeClaim.claimName`));
}

const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];

export function validateHostPath(errors: Errors, at: string, { path, type }: NonNullable<Volume['hostPath']>): void {
  if (!path) {
    errors.push(required(`${at}.path`));
    return;
  }
  if (path.split('/').includes('..')) errors.push(invalidValue(`${at}.path`, path, "must not contain '..'"));
  if (type !== undefined && !HOST_PATH_TYPES.includes(type)) errors.push(notSupported(`${at}.type`, type, HOST_PATH_TYPES));
}

function validateFiles(errors: Errors, path: string, defaultMode: number | undefined, items: readonly KeyToPath[]): void {
  validateMode(errors, `${path}.defaultMode`, defaultMode);
  for (const [i, item] of items.entries()) {
    const at = `${path}.items[${i}]`;
    if (!item.key) errors.push(required(`${at}.key`));
    if (!item.path) errors.push(required(`${at}.path`));
    else validateRelative(errors, `${at}.path`, item.path, true);
    validateMode(errors, `${at}.mode`, item.mode);
  }
}

function validateMode(errors: Errors, path: string, mode: number | undefined): void {
  if (mode !== undefined && (mode > MODE_MAX || mode < 0)) errors.push(invalidValue(path, mode, MODE_WHY));
}

/** `reserved`: names that start with '..' are the kubelet's own. */
function validateRelative(errors: Errors, path: string, value: string, reserved = false): void {
  if (value.startsWith('/')) errors.push(invalidValue(path, value, 'must be a relative path'));
  if (value.split('/').includes('..')) errors.push(invalidValue(path, value, "must not contain '..'"));
  else if (reserved && value.startsWith('..')) errors.push(invalidValue(path, value, "must not start with '..'"));
}

export function validateMounts(errors: Errors, path: string, mounts: NonNullable<Container['volumeMounts']>, volumes: ReadonlySet<string>): void {
  const paths = new Set<string>();
  for (const [i, { name, mountPath, subPath, subPathExpr }] of mounts.entries()) {
    const at = `${path}[${i}]`;
    if (!name) errors.push(required(`${at}.name`));
    if (!volumes.has(name)) errors.push(notFoundValue(`${at}.name`, name ?? ''));
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    if (paths.has(mountPath)) errors.push(invalidValue(`${at}.mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
    if (subPath) validateRelative(errors, `${path}.subPath`, subPath);
    if (subPathExpr && subPath) errors.push(invalidValue(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
    if (subPathExpr) validateRelative(errors, `${path}.subPathExpr`, subPathExpr);
  }
}
