/**
 * Strategic merge patch: a merge patch that knows, from the schema, which lists are merged and by which key.
 * Directives: $patch (delete, replace, merge), $deleteFromPrimitiveList/FIELD, $setElementOrder/FIELD, $retainKeys.
 */
import { isDeepStrictEqual } from 'node:util';
import type { FieldSchema, TypeSchema } from '../schema/index.ts';
import { badRequest, StatusError } from '../status.ts';
import { goText, goType } from './go-text.ts';
import type { Json, JsonObject } from './json-value.ts';
import { isJsonObject, withField } from './json-value.ts';
import { applyElementOrder } from './element-order.ts';

const PATCH = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList/';
const ELEMENT_ORDER_PREFIX = '$setElementOrder';
const ELEMENT_ORDER = `${ELEMENT_ORDER_PREFIX}/`;

/** Neither argument is changed; unchanged parts are shared. Throws StatusError: 500, as upstream, for a malformed directive or a list item without its key. */
export function applyStrategicMergePatch(document: Json, patch: Json, type: TypeSchema): Json {
  if (!isJsonObject(patch)) throw badRequest('a strategic merge patch is an object');
  return mergeObject(isJsonObject(document) ? document : {}, patch, type);
}

/** Upstream's answer to a patch it cannot follow: an error without a reason. */
function malformed(why: string): StatusError {
  return new StatusError(500, '', why);
}

/** `type` is undefined below fields without a known type, where a plain merge patch applies. */
function mergeObject(original: JsonObject, patch: JsonObject, type: TypeSchema | undefined): JsonObject {
  const directive = patch[PATCH];
  // Upstream leaves an empty object: only null takes the field itself away.
  if (directive === 'delete') return {};
  if (directive === 'replace') return clean(omit(patch, PATCH)) as JsonObject;
  if (directive !== undefined && directive !== 'merge') throw malformed(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);

  const result: JsonObject = { ...original };
  applyRetainKeys(result, patch);
  checkElementOrders(patch);
  for (const [name, value] of Object.entries(patch)) {
    if (name === PATCH || name === RETAIN_KEYS || name.startsWith(ELEMENT_ORDER)) continue;
    if (name.startsWith(DELETE_FROM)) {
      deleteFromList(result, name.slice(DELETE_FROM.length), value);
      continue;
    }
    mergeField(result, name, value, patch[ELEMENT_ORDER + name], type?.fields.get(name));
  }
  // An order may be given for a list that the patch does not touch otherwise.
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(ELEMENT_ORDER)) continue;
    const field = name.slice(ELEMENT_ORDER.length);
    const list = result[field];
    if (!Object.hasOwn(patch, field) && Array.isArray(list)) result[field] = applyElementOrder(list, order, type?.fields.get(field)?.patchMergeKey, list);
  }
  return result;
}

function mergeField(result: JsonObject, name: string, value: Json, order: Json | undefined, field: FieldSchema | undefined): void {
  if (value === null) {
    delete result[name];
    return;
  }
  const old = Object.hasOwn(result, name) ? result[name] : undefined;
  const strategies = field?.patchStrategy?.split(',') ?? [];
  if (isJsonObject(value)) {
    const inner = field?.container === 'none' && typeof field.type !== 'string' ? field.type : undefined;
    const merged = strategies.includes('replace') ? (clean(value) as JsonObject) : mergeMapOrObject(isJsonObject(old) ? old : {}, value, inner, field);
    withField(result, name, merged);
  } else if (Array.isArray(value)) {
    const merging = strategies.includes('merge');
    withField(result, name, merging ? mergeList(Array.isArray(old) ? old : [], value, order, field) : (clean(withoutDirectives(value)) as Json[]));
  } else {
    withField(result, name, value);
  }
}

function mergeMapOrObject(original: JsonObject, patch: JsonObject, inner: TypeSchema | undefined, field: FieldSchema | undefined): JsonObject {
  // Values of a map of structs are merged by the struct's type.
  if (field?.container === 'map' && typeof field.type !== 'string' && !Object.hasOwn(patch, PATCH)) {
    const result: JsonObject = { ...original };
    for (const [key, value] of Object.entries(patch)) {
      const old = Object.hasOwn(result, key) ? result[key] : undefined;
      const merged = isJsonObject(value) ? mergeObject(isJsonObject(old) ? old : {}, value, field.type) : value;
      if (merged === null) delete result[key];
      else withField(result, key, merged);
    }
    return result;
  }
  return mergeObject(original, patch, inner);
}

function mergeList(original: Json[], patch: Json[], order: Json | undefined, field: FieldSchema | undefined): Json[] {
  const key = field?.patchMergeKey;
  if (key === undefined) return mergePrimitives(original, patch, order);
  const type = field && typeof field.type !== 'string' ? field.type : undefined;
  if (patch.some((item) => isJsonObject(item) && item[PATCH] === 'replace')) {
    return clean(
      patch.filter((item) => !(isJsonObject(item) && item[PATCH] === 'replace')).map((item) => (isJsonObject(item) ? omit(item, PATCH) : item)),
    ) as Json[];
  }
  let result = [...original];
  for (const item of patch) {
    if (!isJsonObject(item))
      throw badRequest(`invalid list item in the patch of ${JSON.stringify(field?.name)}: expected an object with ${JSON.stringify(key)}`);
    const id = item[key];
    if (id === undefined) throw malformed(`map: ${goText(item)} does not contain declared merge key: ${key}`);
    const at = result.findIndex((old) => isJsonObject(old) && isDeepStrictEqual(old[key], id));
    if (item[PATCH] === 'delete') {
      result = result.filter((old) => !(isJsonObject(old) && isDeepStrictEqual(old[key], id)));
      continue;
    }
    const old = result[at];
    if (isJsonObject(old)) result[at] = mergeObject(old, item, type);
    // Directives in a new item are fields that nobody knows, as upstream has it.
    else result.push(Object.hasOwn(item, PATCH) ? mergeObject({}, item, type) : item);
  }
  return applyElementOrder(result, order ?? patch, key, original);
}

function mergePrimitives(original: Json[], patch: Json[], order: Json | undefined): Json[] {
  const result = [...original];
  for (const item of patch) if (!result.some((old) => isDeepStrictEqual(old, item))) result.push(item);
  return applyElementOrder(result, order ?? patch, undefined, original);
}

function checkElementOrders(patch: JsonObject): void {
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(ELEMENT_ORDER_PREFIX)) continue;
    if (!Array.isArray(order)) throw malformed(`expected a ${goType([])}, but received a ${goType(order)}`);
    if (!name.startsWith(ELEMENT_ORDER)) throw malformed('invalid patch format of setElementOrder list');
  }
}

function deleteFromList(result: JsonObject, name: string, values: Json): void {
  const list = Object.hasOwn(result, name) ? result[name] : undefined;
  if (!Array.isArray(values)) throw badRequest(`${DELETE_FROM}${name} is a list of the values to delete`);
  if (Array.isArray(list)) result[name] = list.filter((item) => !values.some((value) => isDeepStrictEqual(value, item)));
}

/** $retainKeys names the keys that may stay: all others go (a union's old member, for one). */
function applyRetainKeys(result: JsonObject, patch: JsonObject): void {
  const keys = patch[RETAIN_KEYS];
  if (keys === undefined) return;
  if (!Array.isArray(keys)) throw badRequest('$retainKeys is a list of keys');
  for (const name of Object.keys(patch)) {
    if (!name.startsWith('$') && patch[name] !== null && !keys.includes(name))
      throw badRequest(`the key ${JSON.stringify(name)} is in the patch and not in $retainKeys`);
  }
  for (const name of Object.keys(result)) if (!keys.includes(name)) delete result[name];
}

function omit(object: JsonObject, name: string): JsonObject {
  const { [name]: _left, ...rest } = object;
  return rest;
}

function withoutDirectives(list: Json[]): Json[] {
  return list.filter((item) => !(isJsonObject(item) && typeof item[PATCH] === 'string' && Object.keys(item).length === 1));
}

/** What a patch adds as a whole: without directives and nulls inside objects. */
function clean(value: Json): Json {
  if (Array.isArray(value)) return value.map(clean);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [name, inner] of Object.entries(value)) if (inner !== null && !name.startsWith('$')) withField(result, name, clean(inner));
  return result;
}
