/** Whose fields are whose after a write: updates take what they change, appliers own what they name. Pure, and the same for all kinds. */
import { equalJson } from '../json.ts';
import { compareObjects, type Difference } from './compare.ts';
import type { Conflict } from './conflicts.ts';
import { fieldsOf } from './extract.ts';
import { difference, EMPTY, intersection, isEmpty, union, type FieldSet } from './field-set.ts';
import { capUpdates, isSame, type Manager } from './managers.ts';
import { mergeValues } from './merge.ts';
import { prune, type Versions } from './prune.ts';

/** Who writes, in which version, through which subresource, and when (a scale does not say). */
export type Writer = Omit<Manager, 'fields'>;

/** Members of the object's root that the writer cannot own here: status, for a write of the main resource. */
export type Skip = (member: string) => boolean;

export interface Update {
  old: object;
  next: object;
  managers: readonly Manager[];
  writer: Writer;
  versions: Versions;
  skip?: Skip;
}

/** The managers after an update, create (`old` is then empty) or patch; `managers` itself when nobody's fields changed. */
export function trackUpdate({ old, next, managers, writer, versions, skip }: Update): readonly Manager[] {
  const shape = versions.shapeOf(writer.apiVersion);
  const change = shape && compareObjects(old, next, shape, skip);
  if (change === undefined) return managers;
  const taken = union(change.modified ?? EMPTY, change.added ?? EMPTY);
  const changeIn = changesBy(versions, old, next, skip, [writer.apiVersion, change]);
  const left = managers.flatMap((entry) => {
    const isWriter = isSame(entry, writer);
    const seen = changeIn(entry.apiVersion);
    const kept = seen === undefined ? entry.fields : lessChanged(entry.fields, seen, isWriter);
    if (isWriter && !isEmpty(taken)) return [{ ...entry, ...writer, fields: union(kept, taken) }];
    return isEmpty(kept) ? [] : [kept === entry.fields ? entry : { ...entry, fields: kept }];
  });
  if (!isEmpty(taken) && !left.some((entry) => isSame(entry, writer))) left.push({ ...writer, fields: taken });
  return capUpdates(left);
}

/** What the writer itself changes stays its own. */
function lessChanged(fields: FieldSet, { added, modified, removed }: Difference, isWriter: boolean): FieldSet {
  let left = removed === undefined ? fields : difference(fields, removed);
  if (isWriter) return left;
  if (added !== undefined) left = difference(left, added);
  return modified === undefined ? left : difference(left, modified);
}

/** The same change as each version sees it. */
function changesBy(
  versions: Versions,
  old: object,
  next: object,
  skip: Skip | undefined,
  known: [apiVersion: string, change: Difference | undefined],
): (apiVersion: string) => Difference | undefined {
  const changes = new Map([known]);
  return (apiVersion) => {
    if (!changes.has(apiVersion)) {
      const [shape, was, is] = [versions.shapeOf(apiVersion), versions.convert(old, apiVersion), versions.convert(next, apiVersion)];
      changes.set(apiVersion, shape && was && is && compareObjects(was, is, shape, skip));
    }
    return changes.get(apiVersion);
  };
}

export interface Apply {
  /** Empty when the object is yet to be made. */
  live: object;
  configuration: object;
  managers: readonly Manager[];
  writer: Writer;
  versions: Versions;
  force: boolean;
  skip?: Skip;
}

export interface Applied {
  object: object;
  managers: readonly Manager[];
}

/** The live object with the configuration, and its managers; or what stands against it. The configuration has passed `shapeErrors`. */
export function applyConfiguration({ live, configuration, managers, writer, versions, force, skip }: Apply): Applied | { conflicts: Conflict[] } {
  const shape = versions.shapeOf(writer.apiVersion);
  if (shape === undefined) return { object: { ...live, ...configuration }, managers };
  const last = managers.find((entry) => isSame(entry, writer));
  const others = managers.filter((entry) => entry !== last);
  const own: Manager = { ...writer, fields: fieldsOf(configuration, shape, skip) };
  let object = mergeValues(live, configuration, shape) as object;
  if (last !== undefined) {
    const pruned = prune(object, versions, last, byVersion([...others, own]));
    object = versions.convert(pruned, writer.apiVersion) ?? object;
  }
  const changeIn = changesBy(versions, live, object, skip, [writer.apiVersion, compareObjects(live, object, shape, skip)]);
  const conflicts: Conflict[] = [];
  const left = others.flatMap((entry) => {
    const change = changeIn(entry.apiVersion);
    if (change === undefined) return [entry];
    const lost = intersection(entry.fields, union(change.modified ?? EMPTY, change.added ?? EMPTY));
    if (!isEmpty(lost)) conflicts.push({ with: entry, fields: lost });
    const kept = lessChanged(entry.fields, change, false);
    return isEmpty(kept) ? [] : [{ ...entry, fields: kept }];
  });
  if (conflicts.length > 0 && !force) return { conflicts };
  // An apply that changes nothing is not dated.
  const { time: now, ...entry } = own;
  const time = equalJson(live, object) ? last?.time : now;
  return { object, managers: isEmpty(own.fields) ? left : [...left, { ...entry, ...(time === undefined ? {} : { time }) }] };
}

function byVersion(managers: readonly Manager[]): Map<string, FieldSet> {
  const sets = new Map<string, FieldSet>();
  for (const { apiVersion, fields } of managers) sets.set(apiVersion, union(sets.get(apiVersion) ?? EMPTY, fields));
  return sets;
}
