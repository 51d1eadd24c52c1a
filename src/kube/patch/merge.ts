import type { Json, JsonObject } from './json-value.ts';
import { isJsonObject, withField } from './json-value.ts';

/** JSON Merge Patch (RFC 7386): null deletes, objects merge, all else replaces. Neither argument is changed; unchanged parts are shared. */
export function applyMergePatch(target: Json, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else withField(result, name, applyMergePatch(Object.hasOwn(result, name) ? (result[name] ?? null) : null, value));
  }
  return result;
}
