/** Tables: which columns a resource has, and one object's cells. */
import type { ResourceDefinition, StoredObject } from '../engine.ts';
import { customTable, tableColumns, tableRow } from '../tables/index.ts';

/** How much of each object a row carries. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

interface Gvk {
  group: string;
  version: string;
  kind: string;
}

/** `sample` tells the kind where a subresource answers another (Scale). */
export function columnsOf(definition: ResourceDefinition, sample: StoredObject | undefined): unknown[] {
  if (definition.custom) return [...customTable(definition.custom.columns, { apiVersion: '', kind: '', metadata: {} }, 0).columns];
  return [...tableColumns(gvkOf(definition, sample))];
}

export function rowOf(definition: ResourceDefinition, stored: StoredObject, now: number): unknown[] {
  if (definition.custom) return [...customTable(definition.custom.columns, stored.object, now).cells];
  return [...tableRow(stored.object, gvkOf(definition, stored), now)];
}

function gvkOf(definition: ResourceDefinition, stored: StoredObject | undefined): Gvk {
  if (stored?.object.kind === 'Scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  return definition;
}
