/**
 * What expressions of mutating policies have besides: `Object{...}` with any fields, whose inner types are named by their path
 * (`Object.spec.template{...}`), `JSONPatch{op, path, from, value}`, and `jsonpatch.escapeKey`.
 */
import { fn, type Library } from './functions.ts';
import { showDuration, showTimestamp } from './show.ts';
import { DYN, STRING, type Type } from './types.ts';
import { CelError, CelMap, Duration, isStruct, Timestamp, typeNameOf, Uint, type Value } from './values.ts';

/** Has every field, of no type in particular. */
class AnyFields extends Map<string, Type> {
  override get(): Type {
    return DYN;
  }
}

const anyFields = new AnyFields();
const JSON_PATCH_FIELDS = new Map<string, Type>([
  ['op', STRING],
  ['path', STRING],
  ['from', STRING],
  ['value', DYN],
]);

export const JSON_PATCH: Type = { kind: 'object', name: 'JSONPatch', fields: () => JSON_PATCH_FIELDS };
export const APPLY_CONFIGURATION = objectType('Object');

function objectType(name: string): Type {
  return { kind: 'object', name, fields: () => anyFields };
}

export function patchTypes(name: string): Type | undefined {
  if (name === 'JSONPatch') return JSON_PATCH;
  return name === 'Object' || name.startsWith('Object.') ? objectType(name) : undefined;
}

export const patchLibrary: Library = {
  'jsonpatch.escapeKey': [fn([STRING], STRING, (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'))],
};

/** What is wrong with the names of types in it: each has to be that of its place. */
export function misnamed(value: Value): string[] {
  return value instanceof CelMap && value.typeName !== undefined ? misnamedIn(value, value.typeName) : [];
}

function misnamedIn(value: Value, place: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => misnamedIn(item, place));
  if (!(value instanceof CelMap)) return [];
  const isTyped = value.typeName !== undefined;
  const own =
    isTyped && value.typeName !== place
      ? [`unexpected type name ${JSON.stringify(value.typeName)}, expected ${JSON.stringify(place)}, which matches field name path from root Object type`]
      : [];
  // Maps and lists between have no names.
  return [...own, ...value.keys().flatMap((key) => misnamedIn(value.get(key) ?? null, isTyped ? `${place}.${String(key)}` : place))];
}

/** As JSON. Throws CelError for what has no form there. `nothing`: what null becomes. */
export function jsonOf(value: Value, nothing: null | 0 = null): unknown {
  if (value === null) return nothing;
  if (typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map((item) => jsonOf(item, nothing));
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Timestamp) return showTimestamp(value);
  if (value instanceof Duration) return showDuration(value);
  if (!isStruct(value)) throw new CelError(`unsupported conversion of ${typeNameOf(value)} to JSON`);
  return Object.fromEntries(
    value.keys().map((key) => {
      if (typeof key !== 'string') throw new CelError(`map key ${String(jsonOf(key))} is of type ${typeNameOf(key)}, not string`);
      return [key, jsonOf(value.get(key) ?? null, nothing)];
    }),
  );
}
