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
  const found = conflicts.flatMap(({ with: manager, fields }) => [...paths(fields)].map((path) => ({ manager: printed(manager), path: formatPath(path) })));
  const causes = found.map(({ manager, path }) => ({ reason: 'FieldManagerConflict', message: `conflict with ${manager}`, field: path }));
  return new StatusError(409, 'Conflict', message(found), { causes });
}

function message(found: readonly { manager: string; path: string }[]): string {
  const [first] = found;
  if (found.length === 1 && first !== undefined) return `Apply failed with 1 conflict: conflict with ${first.manager}: ${first.path}`;
  const lines = [...new Set(found.map(({ manager }) => manager))]
    .toSorted()
    .flatMap((manager) => [`conflicts with ${manager}:`, ...found.filter((one) => one.manager === manager).map(({ path }) => `- ${path}`)]);
  return `Apply failed with ${found.length} conflicts: ${lines.join('\n')}`;
}

/** Appliers by name; updates with their version, and their time. */
function printed({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = `${JSON.stringify(manager)}${subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`}`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
