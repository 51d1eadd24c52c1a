/** Tables of custom resources, from the columns their definition names. */
import { age } from '../../kube/duration.ts';
import { compileJsonPath, JsonPathError } from '../../kube/jsonpath.ts';
import type { KubeObject } from '../../kube/types.ts';
import { columns as columnsFrom, NAME, type Cell, type Column } from './columns.ts';

export interface CustomColumn {
  name: string;
  type: string;
  jsonPath: string;
  priority?: number;
  format?: string;
  description?: string;
}

type Read = (object: unknown) => unknown[];

/** Paths are compiled once a definition: the array of columns lives as long as it. */
const compiled = new WeakMap<readonly CustomColumn[], Read[]>();

function readersOf(columns: readonly CustomColumn[]): Read[] {
  let readers = compiled.get(columns);
  if (!readers) {
    readers = columns.map(({ jsonPath }) => readerOf(jsonPath));
    compiled.set(columns, readers);
  }
  return readers;
}

/** A path that cannot be read leaves its column empty: the definition's author sees the rest. */
function readerOf(path: string): Read {
  try {
    return compileJsonPath(path);
  } catch (error) {
    if (error instanceof JsonPathError) return () => [];
    throw error;
  }
}

const NAME_COLUMN = columnsFrom(NAME);

/** Columns (Name first) and the cells of one object. */
export function customTable(columns: readonly CustomColumn[], object: KubeObject, nowMs: number): { columns: readonly Column[]; cells: Cell[] } {
  const readers = readersOf(columns);
  return {
    columns: [
      ...NAME_COLUMN,
      ...columns.map((c) => ({
        name: c.name,
        type: c.type,
        format: c.format ?? '',
        description: c.description ?? `Custom resource definition column (in JSONPath format): ${c.jsonPath}`,
        priority: c.priority ?? 0,
      })),
    ],
    cells: [object.metadata.name ?? '', ...columns.map((c, i) => cellOf(readers[i]?.(object) ?? [], c.type, nowMs))],
  };
}

function cellOf(values: readonly unknown[], type: string, nowMs: number): Cell {
  const [value] = values;
  if (value === undefined) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? age(value, nowMs) : '<invalid>';
    default:
      return values.map((v) => (typeof v === 'object' ? JSON.stringify(v) : String(v))).join(' ');
  }
}
