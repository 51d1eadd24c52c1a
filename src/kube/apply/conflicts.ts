/** What an applier is told of fields that others own. */
import { StatusError } from '../status.ts';
import { paths, type FieldSet } from './field-set.ts';
import type { Manager } from './managers.ts';
import { formatPath } from './path-element.ts';

export interface Conflict {
  with: Manager;
  fields: FieldSet;
}

/** 409 with one cause a field, in upstream's words. */
export function applyConflict(conflicts: readonly Conflict[]): StatusError {
  const found = conflicts
    .toSorted((a, b) => (idOf(a.with) < idOf(b.with) ? -1 : 1))
    .map(({ with: manager, fields }) => ({ manager: printed(manager), fields: [...paths(fields)].map(formatPath) }));
  const causes = found.flatMap(({ manager, fields }) =>
    fields.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field })),
  );
  return new StatusError(409, 'Conflict', message(found), { causes });
}

function message(found: readonly { manager: string; fields: readonly string[] }[]): string {
  const count = found.reduce((sum, { fields }) => sum + fields.length, 0);
  const [first] = found;
  if (count === 1 && first !== undefined) return `Apply failed with 1 conflict: conflict with ${first.manager}: ${first.fields[0]}`;
  const lines = found.flatMap(({ manager, fields }) => [`conflicts with ${manager}:`, ...fields.map((field) => `- ${field}`)]);
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`;
}

/** What upstream sorts managers by. */
function idOf({ manager, operation, apiVersion, subresource }: Manager): string {
  return JSON.stringify({ manager, operation, ...(operation === 'Update' ? { apiVersion } : {}), ...(subresource === undefined ? {} : { subresource }) });
}

/** Appliers by name; updates with their version, and their time. */
function printed({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = `${JSON.stringify(manager)}${subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
