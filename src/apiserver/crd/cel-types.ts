/** What a schema describes as CEL sees it: its type, and how large values can be. */
import { escapeName, types, type SizeOf } from '../cel/index.ts';
import { ownSchema, type JsonSchema } from './schema.ts';

/** Upstream's bound of a request, which bounds what says nothing of its size. */
const REQUEST_MAX = 3 * 1024 * 1024;
const NAME_MAX = 253;
const FORMATS: Record<string, types.Type> = { byte: types.BYTES, date: types.TIMESTAMP, 'date-time': types.TIMESTAMP, duration: types.DURATION };
const TEXT: JsonSchema = { type: 'string' };

/** How many elements or characters there may be at most, and how short the JSON can be. */
interface Bounds {
  max: number;
  min: number;
  fields?: ReadonlyMap<string, Bounds>;
  key?: Bounds;
  element?: Bounds;
}

interface Known {
  type: types.Type;
  bounds: Bounds;
}

const known = new WeakMap<JsonSchema, Map<boolean, Known | undefined>>();
let made = 0;

/** The same for the same schema, always; undefined for what expressions cannot see. `resource`: an object of the API, with its name. */
function knownOf(schema: JsonSchema, resource: boolean): Known | undefined {
  let forms = known.get(schema);
  if (forms === undefined) known.set(schema, (forms = new Map()));
  if (forms.has(resource)) return forms.get(resource);
  const bounds = boundsOf(schema, resource);
  const type = bounds && typeOf(schema, resource, `selfType${++made}`);
  const found = type && { type, bounds };
  forms.set(resource, found);
  return found;
}

/** Undefined for a schema that does not say enough of its values. */
export function celTypeOf(schema: JsonSchema, root = false): types.Type | undefined {
  return knownOf(schema, root || isResource(schema))?.type;
}

/** How often what the schema describes may occur in one request. */
export function mostOften(schema: JsonSchema, root: boolean): number {
  return Math.floor(REQUEST_MAX / ((knownOf(schema, root || isResource(schema))?.bounds.min ?? 0) + 1));
}

/** For cost estimates: the largest size of what a path from the schema's value leads to. */
export function sizesOf(schema: JsonSchema, root: boolean): SizeOf {
  const start = knownOf(schema, root || isResource(schema))?.bounds;
  return ([, ...path]) => {
    let at: Bounds | undefined = start;
    for (const name of path) {
      if (name === '@items' || name === '@values') at = at?.element;
      else at = name === '@keys' ? at?.key : at?.fields?.get(name);
    }
    return at?.max;
  };
}

function isResource(schema: JsonSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** With the fields that every object of the API has. */
function asResource(schema: JsonSchema): JsonSchema {
  const meta = ownSchema(schema.properties, 'metadata')?.properties ?? {};
  const capped = (name: string, max: number): JsonSchema => ({ type: 'string', maxLength: Math.min(meta[name]?.maxLength ?? max, max) });
  const metadata: JsonSchema = { type: 'object', properties: { name: capped('name', NAME_MAX), generateName: capped('generateName', NAME_MAX - 1) } };
  return { ...schema, properties: { ...schema.properties, kind: TEXT, apiVersion: TEXT, metadata } };
}

function typeOf(given: JsonSchema, resource: boolean, name: string): types.Type | undefined {
  if (given['x-kubernetes-int-or-string'] === true) return types.DYN;
  const schema = resource ? asResource(given) : given;
  const { type, items, additionalProperties, properties = {}, format } = schema;
  switch (type) {
    case 'array': {
      const element = items && typeOf(items, isResource(items), `${name}.@idx`);
      return element && types.list(element);
    }
    case 'object': {
      if (typeof additionalProperties !== 'object') return objectType(properties, name);
      const value = typeOf(additionalProperties, isResource(additionalProperties), `${name}.@elem`);
      return value && types.map(types.STRING, value);
    }
    case 'string':
      return (format !== undefined && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined) ?? types.STRING;
    case 'integer':
      return types.INT;
    case 'number':
      return types.DOUBLE;
    case 'boolean':
      return types.BOOL;
    case undefined:
      return undefined;
  }
}

function objectType(properties: Record<string, JsonSchema>, name: string): types.Type {
  let fields: Map<string, types.Type> | undefined;
  const build = (): Map<string, types.Type> => {
    const built = new Map<string, types.Type>();
    for (const [field, schema] of Object.entries(properties)) {
      const escaped = escapeName(field);
      const type = escaped === undefined ? undefined : typeOf(schema, isResource(schema), `${name}.${escaped}`);
      if (type !== undefined) built.set(field, type);
    }
    return built;
  };
  return { kind: 'object', name, fields: () => (fields ??= build()) };
}

function boundsOf(given: JsonSchema, resource: boolean): Bounds | undefined {
  const { maxLength } = given;
  if (given['x-kubernetes-int-or-string'] === true) return { min: 1, max: maxLength === undefined ? REQUEST_MAX - 2 : atLeastZero(maxLength) * 4 };
  const schema = resource ? asResource(given) : given;
  switch (schema.type) {
    case 'array': {
      const element = schema.items && boundsOf(schema.items, isResource(schema.items));
      if (element === undefined) return undefined;
      return { min: 2, max: schema.maxItems === undefined ? Math.floor((REQUEST_MAX - 2) / (element.min + 1)) : atLeastZero(schema.maxItems), element };
    }
    case 'object':
      return objectBounds(schema);
    case 'string':
      return textBounds(schema);
    case 'boolean':
      return { min: 4, max: 0 };
    case 'integer':
    case 'number':
      return { min: 1, max: 0 };
    case undefined:
      return undefined;
  }
}

function objectBounds({ additionalProperties, properties = {}, maxProperties, required = [] }: JsonSchema): Bounds | undefined {
  if (typeof additionalProperties === 'object') {
    const element = boundsOf(additionalProperties, isResource(additionalProperties));
    if (element === undefined) return undefined;
    const max = maxProperties === undefined ? Math.floor((REQUEST_MAX - 2) / (element.min + 6)) : atLeastZero(maxProperties);
    return { min: 2, max, key: { min: 2, max: 0 }, element };
  }
  const fields = new Map<string, Bounds>();
  let min = 2;
  for (const [name, property] of Object.entries(properties)) {
    const field = boundsOf(property, isResource(property));
    if (field === undefined) continue;
    const escaped = escapeName(name);
    if (escaped !== undefined) fields.set(escaped, field);
    if (required.includes(name) && property.default === undefined) min += Buffer.byteLength(name) + field.min + 4;
  }
  return { min, max: 0, fields };
}

function textBounds({ format, maxLength, enum: values }: JsonSchema): Bounds {
  switch (format) {
    case 'byte':
      return { min: 2, max: maxLength === undefined ? REQUEST_MAX - 2 : atLeastZero(maxLength) };
    case 'duration':
      return { min: 3, max: 32 };
    case 'date':
      return { min: 12, max: 12 };
    case 'date-time':
      return { min: 21, max: 32 };
  }
  if (maxLength !== undefined) return { min: 2, max: atLeastZero(maxLength) * 4 };
  if (values === undefined || values.length === 0) return { min: 2, max: REQUEST_MAX - 2 };
  return { min: 2, max: Math.max(0, ...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0))) };
}

function atLeastZero(value: number): number {
  return Math.max(value, 0);
}
