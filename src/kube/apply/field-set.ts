/**
 * Sets of fields, in the form `metadata.managedFields` shows them (FieldsV1): a tree whose keys are path elements and where a
 * node is itself in the set when it is empty or has the member '.'. The root stands for the whole object and is never in its set.
 * Nodes are shared between sets and never changed.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** A node in the set, with nothing below it that is. */
export const LEAF: FieldSet = Object.freeze({});
export const EMPTY: FieldSet = Object.freeze({});

const SELF = '.';

function isMember(node: FieldSet): boolean {
  if (SELF in node) return true;
  for (const _element in node) return false;
  return true;
}

export function isEmpty(set: FieldSet): boolean {
  for (const _element in set) return false;
  return true;
}

/** A node from its parts; undefined when neither it nor anything below it is in the set. */
export function nodeOf(member: boolean, children: Record<string, FieldSet>): FieldSet | undefined {
  if (isEmpty(children)) return member ? LEAF : undefined;
  return member ? { [SELF]: LEAF, ...children } : children;
}

/** What is in either set; `a` itself when it has all of `b`. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  if (isEmpty(a)) return b;
  return contains(a, b) ? a : join(a, b, false);
}

function join(a: FieldSet, b: FieldSet, nested: boolean): FieldSet {
  const children: Record<string, FieldSet> = {};
  for (const element in a) {
    if (element === SELF) continue;
    const [left, right] = [a[element], b[element]];
    children[element] = right === undefined || right === left ? left! : join(left!, right, true);
  }
  for (const element in b) if (element !== SELF && !(element in a)) children[element] = b[element]!;
  // Only called for sets that are not empty.
  return nodeOf(nested && (isMember(a) || isMember(b)), children) ?? EMPTY;
}

/** Whether all of `b` is in `a`. */
export function contains(a: FieldSet, b: FieldSet): boolean {
  for (const element in b) {
    if (element === SELF) continue;
    const [inner, wanted] = [a[element], b[element]!];
    if (inner === wanted) continue;
    if (inner === undefined || (isMember(wanted) && !isMember(inner)) || !contains(inner, wanted)) return false;
  }
  return true;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return common(a, b, false) ?? EMPTY;
}

function common(a: FieldSet, b: FieldSet, nested: boolean): FieldSet | undefined {
  const children: Record<string, FieldSet> = {};
  for (const element in a) {
    const other = b[element];
    if (element === SELF || other === undefined) continue;
    const node = common(a[element]!, other, true);
    if (node !== undefined) children[element] = node;
  }
  return nodeOf(nested && isMember(a) && isMember(b), children);
}

/** What is in `a` and not in `b`; a node that goes leaves those below it. `a` itself when nothing goes. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return without(a, b, false) ?? EMPTY;
}

function without(a: FieldSet, b: FieldSet, nested: boolean): FieldSet | undefined {
  const children: Record<string, FieldSet> = {};
  let same = true;
  for (const element in a) {
    if (element === SELF) continue;
    const [node, taken] = [a[element]!, b[element]];
    const left = taken === undefined ? node : without(node, taken, true);
    if (left !== node) same = false;
    if (left !== undefined) children[element] = left;
  }
  const member = nested && isMember(a);
  const stays = member && !isMember(b);
  return same && stays === member ? a : nodeOf(stays, children);
}

/** Whether the element of this node is in the set. */
export function hasMember(node: FieldSet, element: string): boolean {
  const child = node[element];
  return child !== undefined && isMember(child);
}

/** What of the set lies below the element; undefined when nothing does. */
export function below(node: FieldSet, element: string): FieldSet | undefined {
  const child = node[element];
  if (child === undefined) return undefined;
  for (const inner in child) if (inner !== SELF) return child;
  return undefined;
}

/** The paths in the set, each as its elements: of each node first its own, then those further below, as upstream lists them. */
export function* paths(set: FieldSet, above: readonly string[] = []): Iterable<readonly string[]> {
  const elements = Object.keys(set)
    .filter((element) => element !== SELF)
    .toSorted();
  for (const element of elements) if (hasMember(set, element)) yield [...above, element];
  for (const element of elements) yield* paths(set[element] ?? EMPTY, [...above, element]);
}

const ELEMENT = /^([fkvi]):/;

/** Reads what a client calls a set: elements of kinds unknown are dropped, as upstream. Undefined when it is none. */
export function decodeFieldSet(value: unknown): FieldSet | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return decodeNode(value as Record<string, unknown>, false) ?? EMPTY;
}

function decodeNode(value: Record<string, unknown>, nested: boolean): FieldSet | undefined {
  const children: Record<string, FieldSet> = {};
  let member = false;
  for (const [element, inner] of Object.entries(value)) {
    if (element === SELF) member = true;
    else if (ELEMENT.test(element)) {
      const isNode = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
      children[element] = (isNode ? decodeNode(inner as Record<string, unknown>, true) : undefined) ?? LEAF;
    }
  }
  return nodeOf(nested && (member || isEmpty(children)), children);
}
