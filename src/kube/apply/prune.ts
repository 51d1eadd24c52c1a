/** Taking out of the merged object what its applier named last time, names no more, and nobody else owns. */
import { contains, difference, EMPTY, hasMember, intersection, isEmpty, LEAF, nodeOf, union, type FieldSet } from './field-set.ts';
import { fieldsOf } from './extract.ts';
import { removeItems } from './merge.ts';
import { DEDUCED, type ObjectShape, type Shape } from './shape.ts';

/** Objects and shapes in the versions that managers know. */
export interface Versions {
  /** Undefined for a version that is not served, or that nothing here converts to. Answers its argument for the version it has. */
  convert(object: object, apiVersion: string): object | undefined;
  shapeOf(apiVersion: string): ObjectShape | undefined;
}

/** The server's own fields are in no set, but are there: metadata as such stays. */
const METADATA: FieldSet = { 'f:metadata': LEAF };

/**
 * `last`: the applier's set before, in its version; `owned`: all sets now, by version, the applier's new one among them.
 * The outcome is in any of those versions.
 */
export function prune(merged: object, versions: Versions, last: { apiVersion: string; fields: FieldSet }, owned: ReadonlyMap<string, FieldSet>): object {
  const shape = versions.shapeOf(last.apiVersion);
  const whole = versions.convert(merged, last.apiVersion);
  if (shape === undefined || whole === undefined || contains(owned.get(last.apiVersion) ?? EMPTY, last.fields)) return merged;
  const lastNamed = withNamedFields(last.fields, shape);
  let pruned = without(whole, lastNamed, shape);
  // What others own comes back, with all above it ...
  for (const apiVersion of [last.apiVersion, ...[...owned.keys()].filter((other) => other !== last.apiVersion)]) {
    const inVersion = versions.shapeOf(apiVersion);
    const [all, left] = [versions.convert(merged, apiVersion), versions.convert(pruned, apiVersion)];
    if (inVersion === undefined || all === undefined || left === undefined) continue;
    const kept = withNamedFields(owned.get(apiVersion) ?? EMPTY, inVersion);
    pruned = without(all, difference(namedFieldsOf(all, inVersion), union(namedFieldsOf(left, inVersion), kept)), inVersion);
  }
  // ... and so does what this applier never owned.
  const left = versions.convert(pruned, last.apiVersion);
  if (left === undefined) return merged;
  return without(whole, intersection(difference(namedFieldsOf(whole, shape), namedFieldsOf(left, shape)), lastNamed), shape);
}

function without(object: object, taken: FieldSet, shape: ObjectShape): object {
  return isEmpty(taken) ? object : ((removeItems(object, taken, shape) ?? {}) as object);
}

function namedFieldsOf(object: object, shape: ObjectShape): FieldSet {
  return withNamedFields(union(fieldsOf(object, shape), METADATA), shape);
}

/** The set with every field by name that has something of it below: 'a.b' has 'a' too, where 'a' is a struct's field and no map's key. */
function withNamedFields(set: FieldSet, shape: Shape): FieldSet {
  return namedIn(set, shape, false) ?? EMPTY;
}

function namedIn(set: FieldSet, shape: Shape, member: boolean): FieldSet | undefined {
  const children: Record<string, FieldSet> = {};
  for (const element in set) {
    const node = set[element];
    if (element === '.' || node === undefined) continue;
    const [inner, named] = innerShape(shape, element);
    const child = namedIn(node, inner, named || hasMember(set, element));
    if (child !== undefined) children[element] = child;
  }
  return nodeOf(member, children);
}

function innerShape(shape: Shape, element: string): [shape: Shape, named: boolean] {
  if (shape.kind === 'object' && element.startsWith('f:')) {
    const field = shape.fields.get(element.slice(2));
    return [field?.shape ?? shape.element ?? DEDUCED, field !== undefined];
  }
  return [shape.kind === 'list' ? shape.element : DEDUCED, false];
}
