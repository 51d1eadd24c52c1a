/** What a schema demands of lists and embedded objects besides their values: nothing twice where that is told apart, and a kind. */
import type { FieldError } from '../../kube/status.ts';
import { isDns1035Label } from '../../kube/names.ts';
import { duplicate, invalidValue, required } from '../../kube/validation/field.ts';
import { isObject, schemaOfField, type JsonObject, type JsonSchema } from './schema.ts';

type Check = (value: unknown, schema: JsonSchema, path: string) => FieldError[];

/** Sets with a value twice, and map lists with a key twice. */
export function listErrors(value: unknown, schema: JsonSchema, path = ''): FieldError[] {
  return everywhere(value, schema, path, checkList);
}

/** Embedded objects without apiVersion or kind. Upstream holds this against old ones too. */
export function embeddedErrors(value: unknown, schema: JsonSchema, path = ''): FieldError[] {
  return everywhere(value, schema, path, checkEmbedded);
}

/** Whether there is anything to check at or under a schema: most have nothing. */
const demanding = new WeakMap<JsonSchema, boolean>();

function isDemanding(schema: JsonSchema): boolean {
  const known = demanding.get(schema);
  if (known !== undefined) return known;
  const { items, properties, additionalProperties } = schema;
  const inside = [...Object.values(properties ?? {}), items, typeof additionalProperties === 'object' ? additionalProperties : undefined];
  const type = schema['x-kubernetes-list-type'];
  const found =
    type === 'set' || type === 'map' || schema['x-kubernetes-embedded-resource'] === true || inside.some((part) => part !== undefined && isDemanding(part));
  demanding.set(schema, found);
  return found;
}

function everywhere(value: unknown, schema: JsonSchema, path: string, check: Check): FieldError[] {
  if (!isDemanding(schema)) return [];
  const errors = check(value, schema, path);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) for (const [i, item] of value.entries()) errors.push(...everywhere(item, items, `${path}[${i}]`, check));
  } else if (isObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      const field = schemaOfField(schema, name);
      if (field !== undefined) errors.push(...everywhere(member, field, child(schema, path, name), check));
    }
  }
  return errors;
}

function child({ properties }: JsonSchema, path: string, name: string): string {
  if (properties === undefined || !Object.hasOwn(properties, name)) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}

function checkList(value: unknown, schema: JsonSchema, path: string): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  if (!Array.isArray(value) || (type !== 'set' && type !== 'map')) return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Map<string, number>();
  const errors: FieldError[] = [];
  for (const [i, item] of value.entries()) {
    const key: unknown = type === 'set' ? item : keyOf(item, keys);
    const text = JSON.stringify(key);
    const times = seen.get(text) ?? 0;
    // However often: it is told once.
    if (times === 1) errors.push(duplicate(`${path}[${i}]`, key));
    seen.set(text, times + 1);
  }
  return errors;
}

function keyOf(item: unknown, keys: readonly string[]): JsonObject {
  return isObject(item) ? Object.fromEntries(keys.filter((key) => Object.hasOwn(item, key)).map((key) => [key, item[key]])) : {};
}

function checkEmbedded(value: unknown, schema: JsonSchema, path: string): FieldError[] {
  if (schema['x-kubernetes-embedded-resource'] !== true || !isObject(value)) return [];
  const errors: FieldError[] = [];
  for (const name of ['apiVersion', 'kind']) {
    const at = `${path}.${name}`;
    const text = value[name];
    if (!Object.hasOwn(value, name)) errors.push(required(at));
    else if (typeof text !== 'string') errors.push(invalidValue(at, text, 'must be a string'));
    else if (text === '') errors.push(invalidValue(at, text, 'must not be empty'));
    else if (name === 'apiVersion' && text.split('/').length > 2) errors.push(invalidValue(at, text, `unexpected GroupVersion string: ${text}`));
    else if (name === 'kind') {
      const wrong = isDns1035Label(text.toLowerCase());
      if (wrong.length > 0) errors.push(invalidValue(at, text, `may have mixed case, but should otherwise match: ${wrong.join(',')}`));
    }
  }
  return errors;
}
