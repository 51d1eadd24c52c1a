/** Types of custom resources in OpenAPI v3: a definition's own schema, with what every object has, and the type of its lists. */
import { descriptionOf, schemaOf, type TypeSchema } from './index.ts';

type Doc = Record<string, unknown>;

export interface CustomType {
  gvk: { group: string; version: string; kind: string };
  listKind: string;
  plural: string;
  /** The openAPIV3Schema; without members where there is none. */
  schema: Doc;
  /** 'spec.color' */
  selectableFields: readonly string[];
}

/** 'com.example.v1.Widget': the group's labels in reverse, as upstream names custom types. */
export function customName({ group, version, kind }: CustomType['gvk']): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

/** The types of `metadata` that the documents of custom types refer to. */
export function metadataTypes(): TypeSchema[] {
  return [POD, POD_LIST].flatMap((gvk) => {
    const type = schemaOf(gvk)?.fields.get('metadata')?.type;
    return type === undefined || typeof type === 'string' ? [] : [type];
  });
}

/** Types by name; `ref` is what references begin with. */
export function customTypes({ gvk, listKind, plural, schema, selectableFields }: CustomType, ref: string): Doc {
  const selectable = selectableFields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': selectableFields.map((fieldPath) => ({ fieldPath })) };
  const marks = (kind: string): Doc => ({ 'x-kubernetes-group-version-kind': [{ ...gvk, kind }], ...selectable });
  const object = Object.keys(schema).length === 0 ? { type: 'object' } : withKubernetes(schema, ref);
  const list = {
    type: 'object',
    description: `${listKind} is a list of ${gvk.kind}`,
    required: ['items'],
    properties: {
      ...common(POD_LIST, ref),
      items: { type: 'array', description: `List of ${plural}.`, items: { $ref: ref + customName(gvk) } },
    },
  };
  return {
    [customName(gvk)]: { ...object, ...marks(gvk.kind) },
    [customName({ ...gvk, kind: listKind })]: { ...list, ...marks(listKind) },
  };
}

/** Kinds whose types have the fields of all objects and all lists. */
const POD = { group: '', version: 'v1', kind: 'Pod' };
const POD_LIST = { ...POD, kind: 'PodList' };

/** apiVersion, kind and metadata, as a built-in type describes them. */
function common(gvk: typeof POD, ref: string): Doc {
  const type = schemaOf(gvk);
  if (type === undefined) throw new Error(`there is no type ${gvk.kind}`);
  const meta = type.fields.get('metadata')?.type as TypeSchema;
  return {
    apiVersion: { type: 'string', description: descriptionOf(type.name, 'apiVersion') },
    kind: { type: 'string', description: descriptionOf(type.name, 'kind') },
    metadata: { allOf: [{ $ref: ref + meta.name }], description: descriptionOf(type.name, 'metadata') },
  };
}

function withKubernetes(schema: Doc, ref: string): Doc {
  const own = expand(schema, ref);
  return { ...own, type: 'object', properties: { ...(own['properties'] as Doc | undefined), ...common(POD, ref) } };
}

/** What upstream's marks stand for, written out, all the way down. */
function expand(schema: Doc, ref: string): Doc {
  const doc: Doc = { ...schema };
  const { properties, items, additionalProperties } = schema as { properties?: Record<string, Doc>; items?: Doc; additionalProperties?: unknown };
  if (properties !== undefined) doc['properties'] = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, expand(value, ref)]));
  if (items !== undefined) doc['items'] = expand(items, ref);
  if (typeof additionalProperties === 'object' && additionalProperties !== null) doc['additionalProperties'] = expand(additionalProperties as Doc, ref);
  if (schema['x-kubernetes-embedded-resource'] === true) {
    const required = (schema['required'] ?? []) as string[];
    doc['properties'] = { ...(doc['properties'] as Doc | undefined), ...common(POD, ref) };
    doc['required'] = [...required, ...['kind', 'apiVersion'].filter((name) => !required.includes(name))];
  }
  if (schema['x-kubernetes-int-or-string'] === true) Object.assign(doc, integerOrString(schema));
  return doc;
}

const EITHER = [{ type: 'integer' }, { type: 'string' }];

function integerOrString({ anyOf, allOf }: { anyOf?: unknown; allOf?: unknown[] }): Doc {
  const says = (alternatives: unknown): boolean => JSON.stringify(alternatives) === JSON.stringify(EITHER);
  if (says(anyOf) || says((allOf?.[0] as Doc | undefined)?.['anyOf'])) return {};
  return anyOf === undefined ? { anyOf: EITHER } : { allOf: [{ anyOf: EITHER }, ...(allOf ?? [])] };
}
