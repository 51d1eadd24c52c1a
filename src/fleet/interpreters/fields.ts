/** Short ways to look into objects whose kind is known but not their type. */
import type { Unstructured } from '../../kube/types.ts';

export type Fields = Record<string, unknown>;

export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export const specOf = (object: Unstructured): Fields => fields(object.spec);
export const statusOf = (object: Unstructured): Fields => fields(object.status);

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

export function withSpec(object: Unstructured, change: Fields): Unstructured {
  return { ...object, spec: { ...specOf(object), ...change } };
}
