/** The entries of `metadata.managedFields`: whose set is whose, in which order, and how many. */
import { decodeFieldSet, EMPTY, union, type FieldSet } from './field-set.ts';

/** One manager's entry, its set decoded. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource?: string;
  /** RFC 3339 in whole seconds; absent when an apply changed nothing. */
  readonly time?: string;
  readonly fields: FieldSet;
}

/** As the API shows it. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: unknown;
  subresource?: string;
}

/** Undefined when an entry is not what the server would have written. Entries of the same manager: the last one counts. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[]): Manager[] | undefined {
  const managers: Manager[] = [];
  for (const { manager = '', operation, apiVersion, subresource, time, fieldsType, fieldsV1 } of entries) {
    if ((operation !== 'Apply' && operation !== 'Update') || !apiVersion || fieldsType !== 'FieldsV1') return undefined;
    const fields = fieldsV1 === undefined ? EMPTY : decodeFieldSet(fieldsV1);
    if (fields === undefined) return undefined;
    const entry: Manager = {
      manager,
      operation,
      apiVersion,
      ...(subresource ? { subresource } : {}),
      ...(time ? { time } : {}),
      fields,
    };
    const same = managers.findIndex((other) => isSame(other, entry));
    if (same < 0) managers.push(entry);
    else managers[same] = entry;
  }
  return managers;
}

/** Sets that the server wrote itself: taken as they are. */
export function ownManagers(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] {
  return (entries ?? []).map(({ manager = '', operation, apiVersion = '', subresource, time, fieldsV1 }) => ({
    manager,
    operation: operation === 'Apply' ? 'Apply' : 'Update',
    apiVersion,
    ...(subresource ? { subresource } : {}),
    ...(time ? { time } : {}),
    fields: (fieldsV1 ?? EMPTY) as FieldSet,
  }));
}

export function encodeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] | undefined {
  if (managers.length === 0) return undefined;
  return managers.toSorted(order).map(({ manager, operation, apiVersion, subresource, time, fields }) => ({
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: fields,
    ...(manager === '' ? {} : { manager }),
    operation,
    ...(subresource === undefined ? {} : { subresource }),
    ...(time === undefined ? {} : { time }),
  }));
}

type Identity = Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'>;

/** Who applies keeps its entry through all versions of the API; updates have one a version. */
export function isSame(a: Identity, b: Identity): boolean {
  return (
    a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource && (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  );
}

function order(a: Manager, b: Manager): number {
  return (
    compare(a.operation, b.operation) ||
    compare(a.time ?? '', b.time ?? '') ||
    compare(a.manager, b.manager) ||
    compare(a.apiVersion, b.apiVersion) ||
    compare(a.subresource ?? '', b.subresource ?? '')
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Upstream's bound of entries from updates. */
const UPDATES_MAX = 10;
const OLD_UPDATES = 'ancient-changes';

/** Beyond the bound, the oldest updates of a version become one entry, 'ancient-changes'. */
export function capUpdates(managers: readonly Manager[]): Manager[] {
  const updates = managers.filter(({ operation }) => operation === 'Update');
  if (updates.length <= UPDATES_MAX) return [...managers];
  let left = [...managers];
  let count = updates.length;
  const firstOfVersion = new Map<string, Manager>();
  for (const update of updates.toSorted((a, b) => compare(a.time ?? '', b.time ?? '') || compare(a.manager, b.manager))) {
    if (count <= UPDATES_MAX) break;
    const bucketId: Identity = { manager: OLD_UPDATES, operation: 'Update', apiVersion: update.apiVersion };
    const first = firstOfVersion.get(update.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(update.apiVersion, update);
      continue;
    }
    const bucket = left.find((entry) => isSame(entry, bucketId)) ?? first;
    const merged: Manager = { ...bucketId, ...(update.time === undefined ? {} : { time: update.time }), fields: union(bucket.fields, update.fields) };
    left = [...left.filter((entry) => entry !== bucket && entry !== update), merged];
    count--;
  }
  return left;
}
