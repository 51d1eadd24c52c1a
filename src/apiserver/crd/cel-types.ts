/** The CEL type of what a schema describes: what rules may say about it. */
import { types } from '../cel/index.ts';
import type { JsonSchema } from './schema.ts';

const META: types.Type = {
  kind: 'object',
  name: 'ObjectMeta',
  fields: () =>
    new Map([
      ['name', types.STRING],
      ['generateName', types.STRING],
    ]),
};
const FORMATS: Record<string, types.Type> = { byte: types.BYTES, date: types.TIMESTAMP, 'date-time': types.TIMESTAMP, duration: types.DURATION };
/** Upstream's rule for what can be named in an expression, once escaped. */
const NAMEABLE = /^[A-Za-z_.\-/][A-Za-z0-9_.\-/]*$/;

const known = new WeakMap<JsonSchema, types.Type>();
let made = 0;

/** The same type for the same schema, always. `root`: an object of the API, with its name. */
export function celTypeOf(schema: JsonSchema, root = false): types.Type {
  let type = known.get(schema);
  if (type === undefined) known.set(schema, (type = typeOf(schema, root || schema['x-kubernetes-embedded-resource'] === true)));
  return type;
}

function typeOf(schema: JsonSchema, resource: boolean): types.Type {
  if (schema['x-kubernetes-int-or-string'] === true) return types.DYN;
  switch (schema.type) {
    case 'array':
      return types.list(schema.items === undefined ? types.DYN : celTypeOf(schema.items));
    case 'object':
      return objectType(schema, resource);
    case 'string':
      return (schema.format !== undefined && Object.hasOwn(FORMATS, schema.format) ? FORMATS[schema.format] : undefined) ?? types.STRING;
    case 'integer':
      return types.INT;
    case 'number':
      return types.DOUBLE;
    case 'boolean':
      return types.BOOL;
    default:
      return types.DYN;
  }
}

function objectType(schema: JsonSchema, resource: boolean): types.Type {
  const { properties, additionalProperties } = schema;
  if (typeof additionalProperties === 'object') return types.map(types.STRING, celTypeOf(additionalProperties));
  if (properties === undefined && !resource && (additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true)) return types.DYN;
  let fields: ReadonlyMap<string, types.Type> | undefined;
  return {
    kind: 'object',
    name: `object${++made}`,
    fields: () => (fields ??= fieldsOf(properties ?? {}, resource)),
  };
}

function fieldsOf(properties: Record<string, JsonSchema>, resource: boolean): ReadonlyMap<string, types.Type> {
  const fields = new Map<string, types.Type>();
  for (const [name, schema] of Object.entries(properties)) if (NAMEABLE.test(name)) fields.set(name, celTypeOf(schema));
  if (!resource) return fields;
  return new Map([...fields, ['apiVersion', types.STRING], ['kind', types.STRING], ['metadata', META]]);
}
