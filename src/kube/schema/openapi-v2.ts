/**
 * OpenAPI v2, made of the documents of v3: kubectl checks manifests of kind List with it, and older tools know nothing else. Types alone:
 * paths are in v3. What v2 cannot say (one of several, nullable) is left out, as upstream does for custom resources, and defaults too.
 */
type Doc = Record<string, unknown>;

const FROM = '#/components/schemas/';
const TO = '#/definitions/';
const NOT_IN_V2 = new Set(['oneOf', 'anyOf', 'allOf', 'not', 'nullable', 'default', '$ref']);

/** A Swagger document of all types of the v3 documents. */
export function openApiV2(documents: readonly Doc[]): Doc {
  const definitions: Doc = {};
  for (const { components } of documents) {
    const { schemas = {} } = components as { schemas?: Doc };
    for (const [name, schema] of Object.entries(schemas)) {
      const known = definitions[name] as Doc | undefined;
      const converted = convert(schema as Doc);
      if (known === undefined) definitions[name] = converted;
      else joinKinds(known, converted);
    }
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.37.2' }, paths: {}, definitions };
}

const KINDS = 'x-kubernetes-group-version-kind';
const KEPT_OF_ANY_FORM = new Set(['type', KINDS, 'x-kubernetes-selectable-fields']);

/** A type of several groups (DeleteOptions, Scale) says all the kinds it stands for. */
function joinKinds(known: Doc, other: Doc): void {
  const [before, more] = [(known[KINDS] ?? []) as object[], (other[KINDS] ?? []) as object[]];
  const added = more.filter((kind) => !before.some((there) => JSON.stringify(there) === JSON.stringify(kind)));
  if (added.length > 0) known[KINDS] = [...before, ...added];
}

function convert(schema: Doc): Doc {
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  // A whole object of any form: with any more said, kubectl would take the fields for all there are.
  if (preserves && KINDS in schema) return Object.fromEntries(Object.entries(schema).filter(([key]) => KEPT_OF_ANY_FORM.has(key)));
  const converted: Doc = {};
  for (const [key, value] of Object.entries(schema)) if (!NOT_IN_V2.has(key) && value !== undefined) converted[key] = value;
  const reference = schema['$ref'] ?? (schema['allOf'] as Doc[] | undefined)?.[0]?.['$ref'];
  if (typeof reference === 'string') {
    converted['$ref'] = reference.replace(FROM, TO);
    return converted;
  }
  keepRequired(converted, schema);
  // Both are of any type to kubectl, which has no other way to let them be.
  if (schema['nullable'] === true || preserves) {
    for (const key of ['type', 'items', 'properties', 'additionalProperties']) delete converted[key];
    return converted;
  }
  if (schema['x-kubernetes-int-or-string'] === true) delete converted['type'];
  else if (schema['oneOf'] !== undefined && converted['type'] === undefined) converted['type'] = 'string';
  const { properties, items, additionalProperties } = schema as { properties?: Doc; items?: Doc; additionalProperties?: unknown };
  if (properties !== undefined) converted['properties'] = Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, convert(value as Doc)]));
  if (items !== undefined) converted['items'] = convert(items);
  if (typeof additionalProperties === 'object' && additionalProperties !== null) converted['additionalProperties'] = convert(additionalProperties as Doc);
  return converted;
}

/** Kubectl would refuse a null for a field that is required; of an embedded object of any form it requires nothing either. */
function keepRequired(converted: Doc, { required, properties, additionalProperties, ...schema }: Doc): void {
  if (required === undefined) return;
  const anyForm = schema['x-kubernetes-embedded-resource'] === true && schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isNullable = (value: unknown): boolean => (value as Doc | undefined)?.['nullable'] === true;
  const left = (required as string[]).filter((name) => !isNullable((properties as Doc | undefined)?.[name]) && !(anyForm && EMBEDDED_REQUIRES.has(name)));
  if (left.length === 0 || isNullable(additionalProperties)) delete converted['required'];
  else converted['required'] = left;
}

const EMBEDDED_REQUIRES = new Set(['kind', 'apiVersion']);
