/** Which fields differ between two states of an object. */
import { equalJson } from '../json.ts';
import { LEAF, nodeOf, type FieldSet } from './field-set.ts';
import { itemElement, NoElementError } from './path-element.ts';
import { isLeaf, resolved, type ListShape, type MemberShape, type ObjectShape, type Shape } from './shape.ts';

/** Sets of what `next` has and `old` has not, of what both have with other values, and of what only `old` has. */
export interface Difference {
  added?: FieldSet;
  modified?: FieldSet;
  removed?: FieldSet;
}

type Members = Record<string, unknown>;

/** Of whole objects, whose root is nobody's; undefined when nothing differs. `skip`: members of the root to leave out. */
export function compareObjects(old: unknown, next: unknown, shape: ObjectShape, skip?: (member: string) => boolean): Difference | undefined {
  return compareMembers(old as Members, next as Members, shape, skip);
}

/** The set of a value that was not there before: it and everything in it. */
export function wholeOf(value: unknown, shape: Shape): FieldSet {
  const known = resolved(shape, value);
  if (known.kind === 'scalar' || known.atomic || typeof value !== 'object' || value === null) return LEAF;
  const children: Record<string, FieldSet> = {};
  if (known.kind === 'list') {
    if (!Array.isArray(value)) return LEAF;
    for (const [element, item] of indexed(value, known)) children[element] = isDuplicates(item) ? LEAF : wholeOf(item, known.element);
  } else {
    if (Array.isArray(value)) return LEAF;
    for (const name of Object.keys(value)) {
      const member = known.fields.get(name);
      const inner = (value as Members)[name];
      if (inner === undefined || member?.untracked) continue;
      if (member !== undefined) children[member.element] = wholeOf(inner, member.shape);
      else if (known.element !== undefined) children[`f:${name}`] = wholeOf(inner, known.element);
    }
  }
  return nodeOf(true, children) ?? LEAF;
}

function compareMembers(old: Members | null, next: Members | null, shape: ObjectShape, skip?: (member: string) => boolean): Difference | undefined {
  let found: Difference | undefined;
  for (const name in next) {
    if (skip?.(name)) continue;
    const member = shape.fields.get(name);
    const inner = member?.shape ?? shape.element;
    if (inner === undefined || member?.untracked) continue;
    const [right, left] = [present(next[name], member), present(own(old, name), member)];
    if (right === left || right === undefined) continue;
    found = collect(found, member?.element ?? `f:${name}`, compareValues(left ?? absence(old, name, member, inner), right, inner));
  }
  for (const name in old) {
    if (skip?.(name)) continue;
    const member = shape.fields.get(name);
    const inner = member?.shape ?? shape.element;
    if (inner === undefined || member?.untracked || present(own(next, name), member) !== undefined) continue;
    const left = present(old[name], member);
    if (left !== undefined) found = collect(found, member?.element ?? `f:${name}`, compareValues(left, member?.absent, inner));
  }
  return found;
}

/** `undefined`: not there; not both. */
function compareValues(old: unknown, next: unknown, shape: Shape): Difference | undefined {
  if (old === next) return undefined;
  if (old === undefined) return { added: wholeOf(next, shape) };
  if (next === undefined) return { removed: wholeOf(old, shape) };
  const [left, right] = [resolved(shape, old), resolved(shape, next)];
  const known = next === null ? left : right;
  if (!isLeaf(known) && (left === right || old === null || next === null)) {
    if (known.kind === 'object' && isMap(old) && isMap(next)) {
      if (!(isEmptyMap(old) && isEmptyMap(next))) return compareMembers(old, next, known);
    } else if (known.kind === 'list' && isList(old) && isList(next)) {
      if (old?.length || next?.length) return compareItems(old ?? [], next ?? [], known);
    }
  }
  return equalJson(old, next) ? undefined : { modified: LEAF };
}

function compareItems(old: readonly unknown[], next: readonly unknown[], shape: ListShape): Difference | undefined {
  const [left, right] = [indexed(old, shape), indexed(next, shape)];
  let found: Difference | undefined;
  for (const [element, item] of right) found = collect(found, element, compareEntries(left.get(element), item, shape.element));
  for (const [element, item] of left) if (!right.has(element)) found = collect(found, element, compareEntries(item, undefined, shape.element));
  return found;
}

/** Items that share a key are one leaf. */
function compareEntries(old: unknown, next: unknown, shape: Shape): Difference | undefined {
  if (isDuplicates(old)) {
    if (isDuplicates(next)) return equalJson(old.items, next.items) ? undefined : { modified: LEAF };
    return { removed: LEAF, ...(next === undefined ? {} : { added: wholeOf(next, shape) }) };
  }
  if (isDuplicates(next)) return { added: LEAF, ...(old === undefined ? {} : { removed: wholeOf(old, shape) }) };
  return compareValues(old, next, shape);
}

class Duplicates {
  readonly items: unknown[];
  constructor(items: unknown[]) {
    this.items = items;
  }
}

function isDuplicates(value: unknown): value is Duplicates {
  return value instanceof Duplicates;
}

/** Items that cannot be told apart belong to nobody, as upstream's comparison passes over them. */
function indexed(items: readonly unknown[], shape: ListShape): Map<string, unknown> {
  const index = new Map<string, unknown>();
  for (const item of items) {
    let element: string;
    try {
      element = itemElement(item, shape);
    } catch (error) {
      if (error instanceof NoElementError) continue;
      throw error;
    }
    const earlier = index.get(element);
    if (earlier === undefined) index.set(element, item);
    else if (isDuplicates(earlier)) earlier.items.push(item);
    else index.set(element, new Duplicates([earlier, item]));
  }
  return index;
}

function collect(found: Difference | undefined, element: string, inner: Difference | undefined): Difference | undefined {
  if (inner === undefined) return found;
  const into = found ?? {};
  if (inner.added !== undefined) into.added = withChild(into.added, element, inner.added);
  if (inner.modified !== undefined) into.modified = withChild(into.modified, element, inner.modified);
  if (inner.removed !== undefined) into.removed = withChild(into.removed, element, inner.removed);
  return into;
}

/** The set is being made here: nobody else has it yet. */
function withChild(set: FieldSet | undefined, element: string, child: FieldSet): FieldSet {
  if (set === undefined) return { [element]: child };
  (set as Record<string, FieldSet>)[element] = child;
  return set;
}

/** What stood where nothing did. A list that Go wrote as null was there, and empty: who fills it does not own it. */
function absence(object: Members | null, name: string, member: MemberShape | undefined, { kind }: Shape): unknown {
  return kind !== 'scalar' && own(object, name) === null ? null : member?.absent;
}

function present(value: unknown, member: MemberShape | undefined): unknown {
  return member !== undefined && value === member.zero ? undefined : value;
}

function own(object: Members | null, name: string): unknown {
  return object !== null && Object.hasOwn(object, name) ? object[name] : undefined;
}

function isMap(value: unknown): value is Members | null {
  return typeof value === 'object' && !Array.isArray(value);
}

function isList(value: unknown): value is unknown[] | null {
  return value === null || Array.isArray(value);
}

function isEmptyMap(value: Members | null): boolean {
  for (const _name in value) return false;
  return true;
}
