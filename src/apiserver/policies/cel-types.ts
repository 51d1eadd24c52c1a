/** Objects of the API as the checker of policies sees them: with the fields that their kind has. */
import { objectMetaSchema, schemaOf, type FieldSchema, type Scalar, type TypeSchema } from '../../kube/schema/index.ts';
import { escapeName, types } from '../cel/index.ts';
import { celTypeOf } from '../crd/cel-types.ts';
import type { JsonSchema } from '../crd/schema.ts';
import type { ResourceDefinition } from '../engine.ts';

const NOTHING: ReadonlyMap<string, types.Type> = new Map();
/** Anything at all in it is unknown to expressions. */
const OPAQUE: types.Type = { kind: 'object', name: 'object', fields: () => NOTHING };
/** Undefined for what expressions cannot see. */
const SCALARS: Record<Scalar, types.Type | undefined> = {
  string: types.STRING,
  boolean: types.BOOL,
  int32: types.INT,
  int64: types.INT,
  float64: types.DOUBLE,
  bytes: types.BYTES,
  // It has no type in the schemas that upstream looks at.
  quantity: undefined,
  intOrString: types.DYN,
  time: types.TIMESTAMP,
  microTime: types.TIMESTAMP,
  duration: types.STRING,
  fieldsV1: OPAQUE,
  raw: OPAQUE,
  strings: types.list(types.STRING),
  any: undefined,
};

type Kind = Pick<ResourceDefinition, 'group' | 'version' | 'kind' | 'custom'>;

/** Undefined where nothing is known of the kind. */
export function apiTypeOf({ group, version, kind, custom }: Kind): types.Type | undefined {
  const type = custom === undefined ? builtinType(schemaOf({ group, version, kind })) : customType((custom.openApiSchema ?? {}) as JsonSchema);
  return type && named(type, kind);
}

/** Unlike rules in its own schema, policies see all of an object's metadata. */
function customType(schema: JsonSchema): types.Type | undefined {
  const type = celTypeOf(schema, true);
  const metadata = builtinType(objectMetaSchema());
  if (type?.kind !== 'object' || metadata === undefined) return type;
  return { ...type, fields: () => new Map([...type.fields(), ['metadata', metadata]]) };
}

function builtinType(schema: TypeSchema | undefined): types.Type | undefined {
  return schema && { kind: 'object', name: schema.name, fields: () => fieldsOf(schema) };
}

function fieldsOf(schema: TypeSchema): ReadonlyMap<string, types.Type> {
  const fields = new Map<string, types.Type>();
  for (const field of schema.fields.values()) {
    const type = escapeName(field.name) === undefined ? undefined : fieldType(field);
    if (type !== undefined) fields.set(field.name, type);
  }
  return fields;
}

function fieldType({ type, container }: FieldSchema): types.Type | undefined {
  const value = typeof type === 'string' ? SCALARS[type] : builtinType(type);
  if (value === undefined || container === 'none') return value;
  return container === 'list' ? types.list(value) : types.map(types.STRING, value);
}

/** Types are called by their place in the object, as upstream calls them where they do not fit: 'Deployment.spec.template'. */
function named(type: types.Type, name: string): types.Type {
  switch (type.kind) {
    case 'object': {
      let fields: ReadonlyMap<string, types.Type> | undefined;
      return { ...type, name, fields: () => (fields ??= new Map(Array.from(type.fields(), ([field, inner]) => [field, named(inner, `${name}.${field}`)]))) };
    }
    case 'list':
      return types.list(named(type.element, `${name}.@idx`));
    case 'map':
      return types.map(type.key, named(type.value, `${name}.@elem`));
    default:
      return type;
  }
}
