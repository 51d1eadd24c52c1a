/**
 * The schema table: every built-in type of Kubernetes 1.37 with its fields, as data (data/types.json, made by scripts/schema/generate.ts).
 * It drives strict decoding, pruning, protobuf, strategic merge and OpenAPI. Words: a *type* has fields; a *field* has a value type
 * and may be a list or a map of it. Types are made when first asked for.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataDir } from './data-dir.ts';
import type { FieldData, TypeData } from './table-data.ts';

const SCALARS = [
  'string',
  'boolean',
  'int32',
  'int64',
  'float64',
  'bytes',
  'quantity',
  'intOrString',
  'time',
  'microTime',
  'duration',
  'fieldsV1',
  'raw',
  'strings',
  'any',
] as const;
export type Scalar = (typeof SCALARS)[number];

export interface FieldSchema {
  /** In JSON. */
  readonly name: string;
  /** Of the value, or of the elements of a list or map. */
  readonly type: Scalar | TypeSchema;
  readonly container: 'none' | 'list' | 'map';
  readonly required: boolean;
  readonly default?: unknown;
  /** 'merge', 'replace', 'retainKeys', 'merge,retainKeys' */
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  readonly listType?: string;
  readonly listMapKeys?: readonly string[];
  readonly mapType?: string;
  /** Go keeps it by pointer: its zero value ('', 0, false, {}) counts, where for others it means absent. */
  readonly pointer: boolean;
  /** Go writes it whatever it holds. */
  readonly written: boolean;
  /** In protobuf; absent for fields of an inlined struct and of kinds without protobuf. */
  readonly number?: number;
  /** Its message in protobuf is something else in JSON: any value, or a schema or what may stand for one. */
  readonly wire?: NonNullable<FieldData['w']>;
}

export interface TypeSchema {
  /** 'io.k8s.api.core.v1.Pod' */
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** Has apiVersion and kind. */
  readonly isKind: boolean;
  /** Its values are replaced and owned as one. */
  readonly atomic: boolean;
  /** Protobuf numbers of embedded structs, whose fields are the type's own in JSON. */
  readonly inline: readonly { number: number; type: TypeSchema }[];
}

const GROUPS: Record<string, string> = {
  '': 'core',
  apps: 'apps',
  batch: 'batch',
  autoscaling: 'autoscaling',
  policy: 'policy',
  'networking.k8s.io': 'networking',
  'rbac.authorization.k8s.io': 'rbac',
  'scheduling.k8s.io': 'scheduling',
  'storage.k8s.io': 'storage',
  'storagemigration.k8s.io': 'storagemigration',
  'coordination.k8s.io': 'coordination',
  'discovery.k8s.io': 'discovery',
  'events.k8s.io': 'events',
  'node.k8s.io': 'node',
  'admissionregistration.k8s.io': 'admissionregistration',
  'authentication.k8s.io': 'authentication',
  'authorization.k8s.io': 'authorization',
  'certificates.k8s.io': 'certificates',
  'flowcontrol.apiserver.k8s.io': 'flowcontrol',
  'resource.k8s.io': 'resource',
};
const META_PREFIX = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
/** Kinds of meta/v1 that are sent in any group and version. */
const META_KINDS = new Set([
  'Status',
  'DeleteOptions',
  'CreateOptions',
  'PatchOptions',
  'UpdateOptions',
  'ListOptions',
  'GetOptions',
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'APIVersions',
]);

const data = JSON.parse(readFileSync(join(dataDir, 'types.json'), 'utf8')) as Record<string, TypeData>;
const types = new Map<string, TypeSchema>();
const scalars: ReadonlySet<string> = new Set(SCALARS);

/** By OpenAPI name. */
function typeNamed(name: string): TypeSchema | undefined {
  const known = types.get(name);
  if (known) return known;
  const entry = Object.hasOwn(data, name) ? data[name] : undefined;
  if (!entry) return undefined;
  let fields: Map<string, FieldSchema> | undefined;
  let inline: { number: number; type: TypeSchema }[] | undefined;
  const type: TypeSchema = {
    name,
    isKind: entry.kind === true,
    atomic: entry.atomic === true,
    // Lazily: types refer to each other, some to themselves.
    get fields() {
      return (fields ??= new Map(entry.fields.map((field) => [field.n, makeField(field)])));
    },
    get inline() {
      return (inline ??= (entry.inline ?? []).map(([number, inner]) => ({ number, type: mustBeNamed(inner) })));
    },
  };
  types.set(name, type);
  return type;
}

function mustBeNamed(name: string): TypeSchema {
  const type = typeNamed(name);
  if (!type) throw new Error(`the schema table refers to ${name} and does not have it`);
  return type;
}

function makeField(field: FieldData): FieldSchema {
  return {
    name: field.n,
    type: scalars.has(field.t) ? (field.t as Scalar) : mustBeNamed(field.t),
    container: field.c === 'l' ? 'list' : field.c === 'm' ? 'map' : 'none',
    required: field.r === 1,
    pointer: field.z === 1,
    written: field.r === 1 || field.k === 1,
    ...(field.d === undefined ? {} : { default: field.d }),
    ...(field.ps === undefined ? {} : { patchStrategy: field.ps }),
    ...(field.mk === undefined ? {} : { patchMergeKey: field.mk }),
    ...(field.lt === undefined ? {} : { listType: field.lt }),
    ...(field.lk === undefined ? {} : { listMapKeys: field.lk }),
    ...(field.mt === undefined ? {} : { mapType: field.mt }),
    ...(field.p === undefined ? {} : { number: field.p }),
    ...(field.w === undefined ? {} : { wire: field.w }),
  };
}

/** 'io.k8s.api.apps.v1.' for ('apps', 'v1'); undefined for groups that are not built in. */
function typePrefix(group: string, version: string): string | undefined {
  if (group === 'apiextensions.k8s.io') return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.`;
  if (group === 'apiregistration.k8s.io') return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version}.`;
  const dir = Object.hasOwn(GROUPS, group) ? GROUPS[group] : undefined;
  return dir === undefined ? undefined : `io.k8s.api.${dir}.${version}.`;
}

/** The type of a kind; undefined when it is not built in. */
export function schemaOf(gvk: { group: string; version: string; kind: string }): TypeSchema | undefined {
  if (META_KINDS.has(gvk.kind)) return typeNamed(META_PREFIX + gvk.kind);
  const prefix = typePrefix(gvk.group, gvk.version);
  return prefix === undefined ? undefined : typeNamed(prefix + gvk.kind);
}

/** The type of `metadata` of every object, custom ones too. */
export function objectMetaSchema(): TypeSchema {
  return mustBeNamed(`${META_PREFIX}ObjectMeta`);
}

let descriptions: Record<string, [string, Record<string, string>]> | undefined;

/** The text `kubectl explain` shows of a type (by OpenAPI name), or of its field; '' when there is none. Loaded at first use. */
export function descriptionOf(type: string, field?: string): string {
  descriptions ??= JSON.parse(readFileSync(join(dataDir, 'descriptions.json'), 'utf8')) as Record<string, [string, Record<string, string>]>;
  const entry = descriptions[type];
  if (!entry) return '';
  return field === undefined ? entry[0] : (entry[1][field] ?? '');
}
