/** Whether the names a CustomResourceDefinition asks for are free in its group. */
import type { CustomResourceDefinition } from '../../kube/types.ts';

type Names = CustomResourceDefinition['spec']['names'];

export interface TakenNames {
  plural: string;
  singular: string;
  shortNames: readonly string[];
  kind: string;
  listKind: string;
}

/** Texts of all clashes, as upstream words them; `others` are the other resources of the same group. */
export function nameConflicts(names: Names, others: readonly TakenNames[]): string[] {
  const resources = new Set(others.flatMap((other) => [other.plural, other.singular, ...other.shortNames]));
  const kinds = new Set(others.flatMap((other) => [other.kind, other.listKind]));
  const conflicts: string[] = [];
  for (const name of new Set([names.plural, names.singular ?? names.kind.toLowerCase(), ...(names.shortNames ?? [])])) {
    if (resources.has(name)) conflicts.push(`${JSON.stringify(name)} is already in use`);
  }
  for (const kind of new Set([names.kind, names.listKind ?? `${names.kind}List`])) {
    if (kinds.has(kind)) conflicts.push(`${JSON.stringify(kind)} is already in use`);
  }
  return conflicts;
}
