/**
 * Makes the schema table of Kubernetes' built-in kinds: src/kube/schema/data/{types,descriptions}.json. Needs Go's client.
 * Run by hand: `node scripts/schema/generate.ts`. Sources, all in the Go modules of the version that test/upstream pins:
 *   generated.proto, Go's structs   every field, its type and number, what Go keeps by pointer (messages.ts)
 *   OpenAPI                         texts, what is required, defaults, merge keys, list types (openapi.ts)
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../upstream/tools.ts';
import { readMessages, type Message, type MessageField } from './messages.ts';
import { filesOfTypes, moduleFolders } from './modules.ts';
import { markersOf, readSchemas, type Schema } from './openapi.ts';
import type { FieldData, TypeData } from '../../src/kube/schema/table-data.ts';

const OUT = join(ROOT, 'src/kube/schema/data');

/** What is served by default: stable versions. */
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
  'storagemigration.v1',
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
const EXTENSIONS = 'k8s.io.apiextensions-apiserver.pkg.apis.apiextensions.v1.';
const PREFIXES = [...SERVED, 'io.k8s.apimachinery.pkg.apis.meta.v1.', openApiName(EXTENSIONS), 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.'];

/** Types that have a form of their own in JSON: no table entry. */
const SCALARS: Record<string, string> = {
  double: 'float64',
  bool: 'boolean',
  int32: 'int32',
  int64: 'int64',
  string: 'string',
  bytes: 'bytes',
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

/** Messages that are something else in JSON: a value, one of two, or an object without fields. */
const WIRES: Record<string, { t: string; w: NonNullable<FieldData['w']> }> = {
  [`${EXTENSIONS}CustomResourceSubresourceStatus`]: { t: 'any', w: 'empty' },
  [`${EXTENSIONS}JSON`]: { t: 'any', w: 'json' },
  [`${EXTENSIONS}JSONSchemaPropsOrArray`]: { t: openApiName(`${EXTENSIONS}JSONSchemaProps`), w: 'schemaOrList' },
  [`${EXTENSIONS}JSONSchemaPropsOrBool`]: { t: 'any', w: 'schemaOrBool' },
  [`${EXTENSIONS}JSONSchemaPropsOrStringArray`]: { t: 'any', w: 'schemaOrStrings' },
};

/** 'k8s.io.api.core.v1.Pod' → 'io.k8s.api.core.v1.Pod' */
function openApiName(protoName: string): string {
  return protoName.replace(/^k8s\.io\./, 'io.k8s.');
}

function unknown(name: string, owner: string): never {
  throw new Error(`${owner} refers to ${name}, which is unknown`);
}

interface Sources {
  messages: Map<string, Message>;
  schemas: Record<string, Schema>;
}

function typeFromMessage(message: Message, { messages, schemas }: Sources): TypeData {
  const schema = schemas[openApiName(message.name)];
  const type: TypeData = { fields: [] };
  if (schema?.['x-kubernetes-map-type'] === 'atomic') type.atomic = true;
  if (message.kind) {
    type.kind = true;
    type.fields.push({ n: 'apiVersion', t: 'string' }, { n: 'kind', t: 'string' });
  }
  for (const field of message.fields) {
    if (field.name !== '') {
      type.fields.push(fieldData(field, schema));
      continue;
    }
    const inner = messages.get(field.type) ?? unknown(field.type, message.name);
    (type.inline ??= []).push([field.number, openApiName(field.type)]);
    for (const { p: _number, ...innerField } of typeFromMessage(inner, { messages, schemas }).fields) {
      type.fields.push({ ...innerField, ...(schema?.required?.includes(innerField.n) ? { r: 1 } : {}), ...markersOf(schema?.properties?.[innerField.n]) });
    }
  }
  return type;
}

function fieldData(field: MessageField, schema: Schema | undefined): FieldData {
  const scalar = SCALARS[field.type];
  const data: FieldData = { n: field.name, ...(WIRES[field.type] ?? { t: scalar ?? openApiName(field.type) }), p: field.number };
  const required = schema?.required?.includes(field.name) === true;
  if (field.container !== undefined) data.c = field.container;
  else if (field.pointer) data.z = 1;
  if (required) data.r = 1;
  else if (!field.omitted && !field.pointer) data.k = 1;
  return Object.assign(data, markersOf(schema?.properties?.[field.name]));
}

/** Fields that one source has and the other has not: each is one to look at. */
function warnOfNames(types: Record<string, TypeData>, schemas: Record<string, Schema>): void {
  for (const [name, type] of Object.entries(types)) {
    const properties = schemas[name]?.properties;
    const names = new Set(type.fields.map((field) => field.n));
    const differing = properties === undefined ? [] : [...names].filter((field) => !(field in properties));
    differing.push(...Object.keys(properties ?? {}).filter((field) => !names.has(field)));
    if (differing.length > 0) console.error(`warning: only one source has of ${name}: ${differing.join(' ')}`);
  }
}

function main(): void {
  const folders = moduleFolders();
  const messages = readMessages(filesOfTypes(folders, 'generated.proto'), filesOfTypes(folders, '*.go'));
  const schemas = readSchemas(folders['k8s.io/kubernetes']);
  const types: Record<string, TypeData> = {};
  const descriptions: Record<string, [string, Record<string, string>]> = {};
  const add = (message: Message): void => {
    const name = openApiName(message.name);
    if (types[name] !== undefined || SCALARS[message.name] !== undefined || WIRES[message.name] !== undefined) return;
    const type = typeFromMessage(message, { messages, schemas });
    const texts = type.fields.flatMap(({ n }) => {
      const text = schemas[name]?.properties?.[n]?.description;
      return text ? [[n, text] as const] : [];
    });
    types[name] = type;
    descriptions[name] = [schemas[name]?.description ?? '', Object.fromEntries(texts)];
    // Some fields are of types of younger versions that are not served.
    for (const field of message.fields) if (SCALARS[field.type] === undefined) add(messages.get(field.type) ?? unknown(field.type, message.name));
  };
  for (const name of [...Object.keys(SCALARS), ...Object.keys(WIRES)].map(openApiName)) {
    const text = schemas[name]?.description;
    if (text !== undefined) descriptions[name] = [text, {}];
  }
  for (const message of messages.values()) if (PREFIXES.some((prefix) => openApiName(message.name).startsWith(prefix))) add(message);
  warnOfNames(types, schemas);
  mkdirSync(OUT, { recursive: true });
  writeFileSync(join(OUT, 'types.json'), JSON.stringify(types));
  writeFileSync(join(OUT, 'descriptions.json'), JSON.stringify(descriptions));
  console.error(`${Object.keys(types).length} types, ${Object.values(types).reduce((sum, t) => sum + t.fields.length, 0)} fields`);
}

main();
