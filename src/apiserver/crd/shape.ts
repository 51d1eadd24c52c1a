/** Pruning and defaulting of custom resources, as structural schemas define them. */
import { isObject, schemaOfField, type JsonObject, type JsonSchema } from './schema.ts';

const TYPE_META = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * Removes fields the schema does not know, in place; answers the paths removed ('spec.foo', 'spec.list[0].bar'), for strict decoding.
 * `atRoot` keeps apiVersion, kind and metadata, as for embedded resources. A null that may not be one and has no default is removed
 * without a word, as upstream.
 */
export function prune(value: unknown, schema: JsonSchema, path = '', atRoot = true): string[] {
  const removed: string[] = [];
  if (Array.isArray(value)) {
    if (schema.items) for (const [i, item] of value.entries()) removed.push(...prune(item, schema.items, `${path}[${i}]`, false));
    return removed;
  }
  if (!isObject(value)) return removed;
  const preserve = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const embedded = atRoot || schema['x-kubernetes-embedded-resource'] === true;
  const open = schema.additionalProperties === true;
  for (const name of Object.keys(value)) {
    if (embedded && TYPE_META.has(name)) continue;
    const fieldPath = path === '' ? name : `${path}.${name}`;
    const field = schemaOfField(schema, name);
    if (field && isWrongNull(value[name], field) && field.default === undefined) {
      delete value[name];
    } else if (field) {
      removed.push(...prune(value[name], field, fieldPath, false));
    } else if (!preserve && !open) {
      removed.push(fieldPath);
      delete value[name];
    }
  }
  return removed;
}

/** Fills in defaults, in place. A null where the schema is not nullable and has a default counts as absent, as upstream. */
export function applySchemaDefaults(value: unknown, schema: JsonSchema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return;
    for (const [i, item] of value.entries()) {
      if (isWrongNull(item, items) && items.default !== undefined) value[i] = structuredClone(items.default);
      applySchemaDefaults(value[i], items);
    }
    return;
  }
  if (!isObject(value)) return;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (field.default === undefined) continue;
    if (!Object.hasOwn(value, name)) setOwn(value, name, structuredClone(field.default));
  }
  for (const name of Object.keys(value)) {
    const field = schemaOfField(schema, name);
    if (!field) continue;
    if (isWrongNull(value[name], field) && field.default !== undefined) setOwn(value, name, structuredClone(field.default));
    applySchemaDefaults(value[name], field);
  }
}

/** Whether `applySchemaDefaults` would change anything. */
export function lacksDefaults(value: unknown, schema: JsonSchema): boolean {
  if (!hasDefaults(schema)) return false;
  const lacks = (part: unknown, of: JsonSchema): boolean => (of.default !== undefined && isWrongNull(part, of)) || lacksDefaults(part, of);
  if (Array.isArray(value)) return schema.items !== undefined && value.some((item) => lacks(item, schema.items!));
  if (!isObject(value)) return false;
  for (const [name, field] of Object.entries(schema.properties ?? {})) if (field.default !== undefined && !Object.hasOwn(value, name)) return true;
  return Object.keys(value).some((name) => {
    const field = schemaOfField(schema, name);
    return field !== undefined && lacks(value[name], field);
  });
}

function isWrongNull(value: unknown, { nullable }: JsonSchema): boolean {
  return value === null && nullable !== true;
}

const withDefaults = new WeakMap<JsonSchema, boolean>();

/** Whether there is a default anywhere below. */
function hasDefaults(schema: JsonSchema): boolean {
  let found = withDefaults.get(schema);
  if (found === undefined) {
    const parts = [
      ...Object.values(schema.properties ?? {}),
      ...(schema.items ? [schema.items] : []),
      ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
    ];
    found = parts.some((part) => part.default !== undefined || hasDefaults(part));
    withDefaults.set(schema, found);
  }
  return found;
}

function setOwn(target: JsonObject, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}
