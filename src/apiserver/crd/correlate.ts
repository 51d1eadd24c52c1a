/** Which old item of a list a new one continues: only lists that are maps can tell. */
import { equalJson } from '../../kube/json.ts';
import { isObject, ownSchema, type JsonSchema } from './schema.ts';

/** Undefined where there is none, or none can be told. */
export function correlated(schema: JsonSchema, old: unknown, item: unknown): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isObject(item)) return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const valueOf = (object: Record<string, unknown>, key: string): unknown =>
    Object.hasOwn(object, key) ? object[key] : ownSchema(schema.items?.properties, key)?.default;
  return old.find((candidate: unknown) => isObject(candidate) && keys.every((key) => equalJson(valueOf(candidate, key), valueOf(item, key))));
}
