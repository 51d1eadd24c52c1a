/** What a table is made of. */
import { descriptionOf, objectMetaSchema, schemaOf } from '../../kube/schema/index.ts';
import type { KubeObject } from '../../kube/types.ts';
import { humanDuration } from '../../kube/duration.ts';

/** metav1.TableColumnDefinition. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  /** 0: always shown; 1: only with -o wide. */
  readonly priority: number;
}

export type Cell = string | number | boolean | null;

/** The columns of a kind and how one object fills them. */
export interface Printer {
  columns: readonly Column[];
  row(object: never, nowMs: number): Cell[];
}

/**
 * `NAME`, `NAME:TYPE` (else a string), `NAME*` (for -o wide only), and what describes it: a field of the schema
 * (`apps/v1/DeploymentSpec#selector`), whose text is then the column's, or words.
 */
export type ColumnSpec = readonly [name: string, description: string];

/** The API's documentation goes on with a list of values, which Go's own texts have not. */
const VALUES = '\n\nPossible enum values:';

const FIELD = /^(?:(\S+)\/)?([^/\s]+)\/(\S+)#(\S+)$/;

function describe(text: string): string {
  if (text.startsWith('metadata#')) return descriptionOf(objectMetaSchema().name, text.slice('metadata#'.length));
  const [, group = '', version = '', kind = '', field = ''] = FIELD.exec(text) ?? [];
  if (field === '') return text;
  const type = schemaOf({ group, version, kind });
  return type === undefined ? '' : (descriptionOf(type.name, field).split(VALUES)[0] ?? '');
}

export const NAME: ColumnSpec = ['Name', 'metadata#name'];
export const AGE: ColumnSpec = ['Age', 'metadata#creationTimestamp'];

export function columns(...specs: ColumnSpec[]): Column[] {
  return specs.map(([text, about]) => {
    const [shown = '', type = 'string'] = text.split(':');
    const wide = shown.endsWith('*');
    const name = wide ? shown.slice(0, -1) : shown;
    let description: string | undefined;
    return {
      name,
      type,
      // Upstream has it in nearly all tables: 'Name:string' is a name that is not said to be one.
      format: text === 'Name' ? 'name' : '',
      // The schema's texts are read from disk when a table is first asked for.
      get description() {
        return (description ??= describe(about));
      },
      priority: wide ? 1 : 0,
    };
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

export const NONE = '<none>';
export const UNSET = '<unset>';

/** Values joined by commas; '<none>' when there are none. */
export function joined(values: readonly string[]): string {
  return values.length === 0 ? NONE : values.join(',');
}

/** The first three and how many more there are. */
export function shortened(values: readonly string[], none: string): string {
  const more = values.length - 3;
  return values.slice(0, 3).join(',') + (more > 0 ? ` + ${more} more...` : '') || none;
}
