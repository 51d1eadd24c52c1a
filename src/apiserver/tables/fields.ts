/** Reading objects whose types the house does not need elsewhere. */
import type { Unstructured } from '../../kube/types.ts';
import { columns, printer, type Cell, type ColumnSpec, type Printer } from './columns.ts';

type Fields = Record<string, unknown>;

/** Walks fields that may not be there. */
export function at(object: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Fields)[name] : undefined), object);
}

export const text = (object: unknown, ...path: string[]): string => String(at(object, ...path) ?? '');
export const items = (object: unknown, ...path: string[]): Fields[] => (at(object, ...path) as Fields[] | undefined) ?? [];
export const named = (object: Unstructured): string => object.metadata.name ?? '';

export function simple(specs: readonly ColumnSpec[], row: (object: Unstructured, nowMs: number) => Cell[]): Printer {
  return printer<Unstructured>(columns(...specs), row);
}
