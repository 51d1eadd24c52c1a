/** The fields an applied configuration names, and whether its type allows them. */
import { LEAF, EMPTY, nodeOf, type FieldSet } from './field-set.ts';
import { formatElement, itemElement, NoElementError } from './path-element.ts';
import { resolved, type ListShape, type ObjectShape, type Shape } from './shape.ts';

type Members = Record<string, unknown>;

/** The set an applier owns. `skip`: members of the root that it may not own here. */
export function fieldsOf(configuration: object, shape: ObjectShape, skip?: (member: string) => boolean): FieldSet {
  const kept = skip === undefined ? configuration : Object.fromEntries(Object.entries(configuration).filter(([name]) => !skip(name)));
  return memberSets(kept as Members, shape, false) ?? EMPTY;
}

function setOf(value: unknown, shape: Shape, member: boolean): FieldSet | undefined {
  const known = resolved(shape, value);
  if (known.kind === 'scalar' || known.atomic || typeof value !== 'object' || value === null) return LEAF;
  if (known.kind === 'object') return Array.isArray(value) ? LEAF : memberSets(value as Members, known, member);
  if (!Array.isArray(value)) return LEAF;
  const children: Record<string, FieldSet> = {};
  for (const [element, items] of itemsByElement(value, known)) {
    children[element] = items.length > 1 ? LEAF : (setOf(items[0], known.element, true) ?? LEAF);
  }
  return nodeOf(member, children);
}

function memberSets(value: Members, shape: ObjectShape, member: boolean): FieldSet | undefined {
  const children: Record<string, FieldSet> = {};
  for (const name of Object.keys(value)) {
    const field = shape.fields.get(name);
    const inner = field?.shape ?? shape.element;
    if (inner === undefined || field?.untracked) continue;
    // A struct's fields are there with the struct: only what they hold, or that they hold nothing, is somebody's.
    const set = setOf(value[name], inner, field === undefined || isEmptyMap(value[name]));
    if (set !== undefined) children[field?.element ?? `f:${name}`] = set;
  }
  return nodeOf(member, children);
}

function itemsByElement(items: readonly unknown[], shape: ListShape): Map<string, unknown[]> {
  const index = new Map<string, unknown[]>();
  for (const item of items) {
    const element = itemElement(item, shape);
    const earlier = index.get(element);
    if (earlier === undefined) index.set(element, [item]);
    else earlier.push(item);
  }
  return index;
}

function isEmptyMap(value: unknown): boolean {
  return value === null || (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0);
}

/** Upstream's texts about a configuration that its type does not allow: '.spec.foo: field not declared in schema'. */
export function shapeErrors(value: unknown, shape: Shape, path = ''): string[] {
  const known = resolved(shape, value);
  if (value === null || value === undefined) return [];
  switch (known.kind) {
    case 'scalar':
      return known.scalar === 'any' ? [] : scalarErrors(value, known.scalar, path);
    case 'object':
      return isMembers(value) ? memberErrors(value, known, path) : [`${path}: expected map, got ${goValue(value)}`];
    case 'list':
      return Array.isArray(value) ? itemErrors(value, known, path) : [`${path}: expected list, got ${goValue(value)}`];
  }
}

function memberErrors(value: Members, shape: ObjectShape, path: string): string[] {
  return Object.keys(value).flatMap((name) => {
    const inner = shape.fields.get(name)?.shape ?? shape.element;
    return inner === undefined ? [`${path}.${name}: field not declared in schema`] : shapeErrors(value[name], inner, `${path}.${name}`);
  });
}

function itemErrors(value: readonly unknown[], shape: ListShape, path: string): string[] {
  if (shape.atomic) return value.flatMap((item, i) => shapeErrors(item, shape.element, `${path}[${i}]`));
  const errors: string[] = [];
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    try {
      const element = itemElement(item, shape);
      if (seen.has(element)) errors.push(`${path}: duplicate entries for key ${formatElement(element)}`);
      seen.add(element);
      errors.push(...shapeErrors(item, shape.element, `${path}${formatElement(element)}`));
    } catch (error) {
      if (!(error instanceof NoElementError)) throw error;
      errors.push(`${path}: element ${i}: ${error.message}`);
    }
  }
  return errors;
}

function scalarErrors(value: unknown, scalar: 'string' | 'numeric' | 'boolean', path: string): string[] {
  switch (scalar) {
    case 'numeric':
      return typeof value === 'number' ? [] : [`${path}: expected numeric (int or float), got ${goType(value)}`];
    case 'string':
      return typeof value === 'string' ? [] : [`${path}: expected string, got &value.valueUnstructured{Value:${plain(value)}}`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: expected boolean, got ${goValue(value)}`];
  }
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'map[string]interface {}';
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As Go prints the value of a decoded configuration. */
function goValue(value: unknown): string {
  return `&{${plain(value)}}`;
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(' ')}]`;
  if (isMembers(value)) {
    const members = Object.keys(value).toSorted();
    return `map[${members.map((name) => `${name}:${plain(value[name])}`).join(' ')}]`;
  }
  return value === null ? '<nil>' : String(value);
}
