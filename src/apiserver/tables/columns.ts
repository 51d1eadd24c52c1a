/** What a table is made of. */
import type { KubeObject } from '../../kube/types.ts';
import { humanDuration } from '../../kube/duration.ts';

/** metav1.TableColumnDefinition. */
export interface Column {
  name: string;
  type: string;
  format: string;
  description: string;
  /** 0: always shown; 1: only with -o wide. */
  priority: number;
}

export type Cell = string | number | boolean | null;

/** The columns of a kind and how one object fills them. */
export interface Printer {
  columns: readonly Column[];
  row(object: never, nowMs: number): Cell[];
}

/** A column; a name with a `*` at the end is for -o wide only. */
export function column(name: string, type = 'string', format = ''): Column {
  const wide = name.endsWith('*');
  const plain = wide ? name.slice(0, -1) : name;
  return { name: plain, type, format: plain === 'Name' ? 'name' : format, description: describe(plain), priority: wide ? 1 : 0 };
}

/** Columns by name, all strings but those named as numbers: 'Desired:integer'. */
export function columns(...names: string[]): Column[] {
  return names.map((text) => {
    const [name = '', type] = text.split(':');
    return column(name, type);
  });
}

export function printer<T extends KubeObject>(of: readonly Column[], row: (object: T, nowMs: number) => Cell[]): Printer {
  return { columns: of, row: row as Printer['row'] };
}

/** `metadata.creationTimestamp` as an age. */
export function ageOf(object: KubeObject, nowMs: number): string {
  const created = object.metadata.creationTimestamp;
  return created ? humanDuration(nowMs - Date.parse(created)) : '<unknown>';
}

function describe(name: string): string {
  if (name === 'Name') return 'Name must be unique within a namespace. Is required when creating resources.';
  if (name === 'Age') return 'CreationTimestamp is a timestamp representing the server time when this object was created.';
  return `${name} of the object.`;
}

export const NONE = '<none>';

/** Values joined by commas; '<none>' when there are none. */
export function joined(values: readonly string[]): string {
  return values.length === 0 ? NONE : values.join(',');
}
