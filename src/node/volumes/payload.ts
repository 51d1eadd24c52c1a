/** The files of configMap, secret, downwardAPI and projected volumes. Pure but for the lookups it is given. Source of rules: kubelet volume plugins. */
import type { ConfigMap, Pod, PodSpec, Secret } from '../../kube/types.ts';
import type { Lookups } from '../pod/environment.ts';
import { containerResource, podField, type FieldContext } from '../pod/fields.ts';

export interface VolumeFile {
  data: Buffer;
  mode: number;
}

/** Relative path to file. */
export type Payload = Map<string, VolumeFile>;

export type Volume = NonNullable<PodSpec['volumes']>[number];
type KeyToPath = { key: string; path: string; mode?: number };

export interface PayloadContext extends FieldContext {
  pod: Pod;
  allocatable: { cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number };
  lookups: Lookups;
  /** A token of the pod's service account; kept and refreshed by the caller. */
  token(audience: string | undefined, expirationSeconds: number): Promise<string>;
}

const DEFAULT_MODE = 0o644;

/** Whether the volume's files come from the API. */
export function hasPayload(volume: Volume): boolean {
  return Boolean(volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected);
}

/** Rejects with upstream's words when something that is not optional is missing. */
export async function volumePayload(volume: Volume, context: PayloadContext): Promise<Payload> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap)
    return configMapFiles({ name: configMap.name ?? '', items: configMap.items, optional: configMap.optional }, configMap.defaultMode ?? DEFAULT_MODE, context);
  if (secret)
    return secretFiles({ name: secret.secretName ?? '', items: secret.items, optional: secret.optional }, secret.defaultMode ?? DEFAULT_MODE, context);
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], downwardAPI.defaultMode ?? DEFAULT_MODE, context);
  const all: Payload = new Map();
  const mode = projected?.defaultMode ?? DEFAULT_MODE;
  for (const source of projected?.sources ?? []) {
    let files: Payload = new Map();
    if (source.configMap) files = await configMapFiles({ ...source.configMap, name: source.configMap.name ?? '' }, mode, context);
    else if (source.secret) files = await secretFiles({ ...source.secret, name: source.secret.name ?? '' }, mode, context);
    else if (source.downwardAPI) files = downwardFiles(source.downwardAPI.items ?? [], mode, context);
    else if (source.serviceAccountToken) {
      const { path, audience, expirationSeconds = 3600 } = source.serviceAccountToken;
      files.set(path, { data: Buffer.from(await context.token(audience, expirationSeconds)), mode });
    }
    for (const [path, file] of files) all.set(path, file);
  }
  return all;
}

interface Reference {
  name: string;
  items?: readonly KeyToPath[];
  optional?: boolean;
}

async function configMapFiles({ name, items, optional }: Reference, mode: number, { lookups }: PayloadContext): Promise<Payload> {
  const found: ConfigMap | undefined = await lookups.configMap(name);
  if (!found && optional !== true) throw new Error(`configmap "${name}" not found`);
  const data = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(found?.data ?? {})) data.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(found?.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
  return selectKeys(data, items, mode, optional, `configmap references non-existent config key: `);
}

async function secretFiles({ name, items, optional }: Reference, mode: number, { lookups }: PayloadContext): Promise<Payload> {
  const found: Secret | undefined = await lookups.secret(name);
  if (!found && optional !== true) throw new Error(`secret "${name}" not found`);
  const data = new Map(Object.entries(found?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const));
  return selectKeys(data, items, mode, optional, `references non-existent secret key: `);
}

function selectKeys(
  data: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean | undefined,
  missing: string,
): Payload {
  const files: Payload = new Map();
  if (items === undefined || items.length === 0) {
    for (const [key, value] of data) files.set(key, { data: value, mode });
    return files;
  }
  for (const item of items) {
    const value = data.get(item.key);
    if (value !== undefined) files.set(safePath(item.path), { data: value, mode: item.mode ?? mode });
    else if (optional !== true) throw new Error(missing + item.key);
  }
  return files;
}

type DownwardItem = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

function downwardFiles(items: readonly DownwardItem[], mode: number, context: PayloadContext): Payload {
  const { pod, allocatable } = context;
  const files: Payload = new Map();
  for (const item of items) {
    let text = '';
    if (item.fieldRef) text = podField(pod, item.fieldRef.fieldPath, context);
    else if (item.resourceFieldRef) {
      const name = item.resourceFieldRef.containerName;
      const container = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find((candidate) => candidate.name === name);
      if (!container) throw new Error(`container ${name} not found`);
      text = containerResource(container, item.resourceFieldRef.resource, item.resourceFieldRef.divisor, allocatable);
    }
    files.set(safePath(item.path), { data: Buffer.from(text), mode: item.mode ?? mode });
  }
  return files;
}

/** The API refuses such paths already; here they would write outside the volume. */
function safePath(path: string): string {
  if (path.startsWith('/') || path.split('/').includes('..')) throw new Error(`invalid path: ${path}`);
  return path;
}
