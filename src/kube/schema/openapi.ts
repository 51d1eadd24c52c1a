/**
 * OpenAPI v3 documents, one a group and version, as kubectl uses them: to know fields for apply and --validate, and to explain.
 * Built when first asked for.
 */
import { customName, customTypes, metadataTypes } from './custom-openapi.ts';
import { descriptionOf, schemaOf, type FieldSchema, type Scalar, type TypeSchema } from './index.ts';

/** What a document needs of a resource. */
export interface OpenApiResource {
  plural: string;
  kind: string;
  listKind?: string;
  namespaced: boolean;
  verbs: readonly string[];
  subresources: readonly string[];
  /** Custom resources: the CRD's openAPIV3Schema. */
  schema?: object;
  /** Custom resources: 'spec.color'. */
  selectableFields?: readonly string[];
}

type Doc = Record<string, unknown>;

interface GroupVersion {
  group: string;
  version: string;
}

const REF = '#/components/schemas/';
const SCALAR_DOCS: Record<Scalar, Doc> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  quantity: { allOf: [{ $ref: `${REF}io.k8s.apimachinery.pkg.api.resource.Quantity` }] },
  intOrString: { allOf: [{ $ref: `${REF}io.k8s.apimachinery.pkg.util.intstr.IntOrString` }] },
  time: { allOf: [{ $ref: `${REF}io.k8s.apimachinery.pkg.apis.meta.v1.Time` }] },
  microTime: { allOf: [{ $ref: `${REF}io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime` }] },
  duration: { type: 'string' },
  fieldsV1: { allOf: [{ $ref: `${REF}io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1` }] },
  raw: { allOf: [{ $ref: `${REF}io.k8s.apimachinery.pkg.runtime.RawExtension` }] },
  strings: { type: 'array', items: { type: 'string' } },
  any: {},
};
const NAMED_SCALARS: Record<string, Doc> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    oneOf: [{ type: 'integer' }, { type: 'string' }],
    format: 'int-or-string',
  },
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': { type: 'string', format: 'date-time' },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object' },
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': { type: 'object' },
};

/** Members of JSON schemas that may be this or that, and so have no type. */
const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.';
const EITHER: Readonly<Record<string, string>> = {
  additionalItems: 'JSONSchemaPropsOrBool',
  additionalProperties: 'JSONSchemaPropsOrBool',
  default: 'JSON',
  dependencies: 'JSONSchemaPropsOrStringArray',
  enum: 'JSON',
  example: 'JSON',
  items: 'JSONSchemaPropsOrArray',
  status: 'CustomResourceSubresourceStatus',
};
const EITHER_DOCS: Record<string, Doc> = {
  JSON: {},
  JSONSchemaPropsOrArray: {},
  JSONSchemaPropsOrBool: {},
  JSONSchemaPropsOrStringArray: {},
  CustomResourceSubresourceStatus: { type: 'object' },
};

/** The document of one group and version. */
export function openApiV3(gv: GroupVersion, resources: readonly OpenApiResource[]): Doc {
  const schemas: Doc = {};
  for (const [name, doc] of Object.entries(NAMED_SCALARS)) schemas[name] = { ...doc, description: descriptionOf(name) };
  if (gv.group === 'apiextensions.k8s.io')
    for (const [name, doc] of Object.entries(EITHER_DOCS)) schemas[EXTENSIONS + name] = { ...doc, description: descriptionOf(EXTENSIONS + name) };
  const paths: Doc = {};
  for (const resource of resources) {
    const gvk = { group: gv.group, version: gv.version, kind: resource.kind };
    const listKind = resource.listKind ?? `${resource.kind}List`;
    const type = resource.schema === undefined ? schemaOf(gvk) : undefined;
    const name = type?.name ?? customName(gvk);
    if (type) {
      addType(schemas, type, gvk);
      const listType = schemaOf({ ...gvk, kind: listKind });
      if (listType) addType(schemas, listType, { ...gvk, kind: listType.name.split('.').at(-1) ?? '' });
    } else {
      for (const meta of metadataTypes()) addType(schemas, meta);
      const { schema = {}, selectableFields = [], plural } = resource;
      Object.assign(schemas, customTypes({ gvk, listKind, plural, schema: schema as Doc, selectableFields }, REF));
    }
    addPaths(paths, gv, resource, gvk, name);
  }
  const deleteOptions = schemaOf({ group: '', version: 'v1', kind: 'DeleteOptions' });
  if (deleteOptions) addType(schemas, deleteOptions);
  return { openapi: '3.0.0', info: { title: 'Kubernetes', version: 'v1.37.2' }, paths, components: { schemas } };
}

function addType(schemas: Doc, type: TypeSchema, gvk?: { group: string; version: string; kind: string }): void {
  const there = schemas[type.name] as Doc | undefined;
  if (there) {
    if (gvk) there['x-kubernetes-group-version-kind'] ??= [gvk];
    return;
  }
  const properties: Doc = {};
  const doc: Doc = { type: 'object', description: descriptionOf(type.name), properties };
  schemas[type.name] = doc;
  if (gvk) doc['x-kubernetes-group-version-kind'] = [gvk];
  const required = [...type.fields.values()].filter((field) => field.required).map((field) => field.name);
  if (required.length > 0) doc['required'] = required;
  if (type.atomic) doc['x-kubernetes-map-type'] = 'atomic';
  for (const field of type.fields.values()) {
    properties[field.name] = fieldDoc(type, field, descriptionOf(type.name, field.name));
    if (typeof field.type !== 'string') addType(schemas, field.type);
  }
}

/** The values that a field's description lists. */
function enumOf(description: string): string[] {
  const [, list = ''] = description.split('Possible enum values:');
  return Array.from(list.matchAll(/^ - `"(.*?)"`/gm), ([, value = '']) => value);
}

function fieldDoc(type: TypeSchema, field: FieldSchema, description: string): Doc {
  const either = field.type === 'any' || type.name === `${EXTENSIONS}JSONSchemaProps` ? EITHER[field.name] : undefined;
  const values = enumOf(description);
  const value: Doc =
    either !== undefined
      ? { allOf: [{ $ref: REF + EXTENSIONS + either }] }
      : typeof field.type === 'string'
        ? { ...SCALAR_DOCS[field.type], ...(values.length > 0 ? { enum: values } : {}) }
        : { allOf: [{ $ref: REF + field.type.name }] };
  // A reference stands alone among elements; beside texts and marks it stands in allOf.
  const element = (value['allOf'] as Doc[] | undefined)?.[0] ?? value;
  const doc: Doc =
    field.container === 'list'
      ? { type: 'array', items: element }
      : field.container === 'map'
        ? { type: 'object', additionalProperties: element }
        : { ...value };
  if (description !== '') doc['description'] = description;
  if (field.default !== undefined) doc['default'] = field.default;
  if (field.patchStrategy) doc['x-kubernetes-patch-strategy'] = field.patchStrategy;
  if (field.patchMergeKey) doc['x-kubernetes-patch-merge-key'] = field.patchMergeKey;
  if (field.listType) doc['x-kubernetes-list-type'] = field.listType;
  if (field.listMapKeys) doc['x-kubernetes-list-map-keys'] = field.listMapKeys;
  if (field.mapType) doc['x-kubernetes-map-type'] = field.mapType;
  return doc;
}

const query = (name: string, type = 'string'): Doc => ({ name, in: 'query', schema: { type, uniqueItems: true } });
const WRITE_QUERY = [query('dryRun'), query('fieldManager'), query('fieldValidation')];

function addPaths(paths: Doc, gv: GroupVersion, resource: OpenApiResource, gvk: Doc, schemaName: string): void {
  const root = `${gv.group === '' ? '/api' : `/apis/${gv.group}`}/${gv.version}`;
  const base = `${root}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}`;
  const schema = { $ref: REF + schemaName };
  const answer = { 200: { description: 'OK', content: { 'application/json': { schema } } }, 401: { description: 'Unauthorized' } };
  const operation = (action: string, more: Doc = {}): Doc => ({
    responses: answer,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    ...more,
  });
  const body = { requestBody: { content: { '*/*': { schema } }, required: true }, parameters: WRITE_QUERY };
  const isCustom = resource.schema !== undefined;
  const patchTypes = [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/apply-patch+yaml',
    ...(isCustom ? [] : ['application/strategic-merge-patch+json']),
  ];
  const patch = operation('patch', {
    parameters: [...WRITE_QUERY, query('force', 'boolean')],
    requestBody: { required: true, content: Object.fromEntries(patchTypes.map((type) => [type, { schema: { type: 'object' } }])) },
  });
  const has = (verb: string): boolean => resource.verbs.includes(verb);
  if (resource.namespaced && has('list')) paths[`${root}/${resource.plural}`] = { get: operation('list') };
  paths[base] = {
    ...(has('list') ? { get: operation('list') } : {}),
    ...(has('create') ? { post: operation('post', body) } : {}),
    ...(has('deletecollection') ? { delete: operation('deletecollection', { parameters: [query('dryRun')] }) } : {}),
  };
  const one = {
    ...(has('get') ? { get: operation('get') } : {}),
    ...(has('update') ? { put: operation('put', body) } : {}),
    ...(has('patch') ? { patch } : {}),
  };
  paths[`${base}/{name}`] = {
    ...one,
    ...(has('delete')
      ? { delete: operation('delete', { parameters: [query('dryRun'), query('gracePeriodSeconds', 'integer'), query('propagationPolicy')] }) }
      : {}),
  };
  for (const name of resource.subresources) paths[`${base}/{name}/${name}`] = name === 'status' || name === 'scale' ? one : {};
}
