/** CEL's static types, and which goes where. */

export type Type =
  | { kind: 'dyn' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'timestamp' | 'duration' | 'type' }
  | { kind: 'list'; element: Type }
  | { kind: 'map'; key: Type; value: Type }
  | { kind: 'optional'; inner: Type }
  /** With fields of its own: an object of the API. Fields are found when asked for: types may be large. */
  | { kind: 'object'; name: string; fields(): ReadonlyMap<string, Type> }
  /** Of a library: 'kubernetes.Quantity'. */
  | { kind: 'foreign'; name: string }
  /** Stands for any type in an overload: the same letter is the same type. */
  | { kind: 'param'; name: string };

export const DYN: Type = { kind: 'dyn' };
export const NULL: Type = { kind: 'null' };
export const BOOL: Type = { kind: 'bool' };
export const INT: Type = { kind: 'int' };
export const UINT: Type = { kind: 'uint' };
export const DOUBLE: Type = { kind: 'double' };
export const STRING: Type = { kind: 'string' };
export const BYTES: Type = { kind: 'bytes' };
export const TIMESTAMP: Type = { kind: 'timestamp' };
export const DURATION: Type = { kind: 'duration' };
export const TYPE: Type = { kind: 'type' };
export const A: Type = { kind: 'param', name: 'A' };
export const B: Type = { kind: 'param', name: 'B' };

export const list = (element: Type): Type => ({ kind: 'list', element });
export const map = (key: Type, value: Type): Type => ({ kind: 'map', key, value });
export const optional = (inner: Type): Type => ({ kind: 'optional', inner });
export const foreign = (name: string): Type => ({ kind: 'foreign', name });

export function show(type: Type): string {
  switch (type.kind) {
    case 'null':
      return 'null_type';
    case 'timestamp':
      return 'timestamp';
    case 'duration':
      return 'duration';
    case 'list':
      return `list(${show(type.element)})`;
    case 'map':
      return `map(${show(type.key)}, ${show(type.value)})`;
    case 'optional':
      return `optional_type(${show(type.inner)})`;
    case 'object':
    case 'foreign':
    case 'param':
      return type.name;
    default:
      return type.kind;
  }
}

/** Whether a value of type `from` may stand where `to` is wanted; `bound` holds what parameters stand for so far. */
export function assignable(from: Type, to: Type, bound = new Map<string, Type>()): boolean {
  if (to.kind === 'param') {
    const known = bound.get(to.name);
    if (known === undefined || known.kind === 'dyn') {
      bound.set(to.name, from);
      return true;
    }
    return assignable(from, known, bound) || assignable(known, from, bound);
  }
  if (from.kind === 'dyn' || to.kind === 'dyn') return true;
  if (from.kind === 'null')
    return to.kind === 'null' || to.kind === 'object' || to.kind === 'timestamp' || to.kind === 'duration' || to.kind === 'optional' || to.kind === 'foreign';
  if (from.kind === 'list' && to.kind === 'list') return assignable(from.element, to.element, bound);
  if (from.kind === 'optional' && to.kind === 'optional') return assignable(from.inner, to.inner, bound);
  if (from.kind === 'map' && to.kind === 'map') return assignable(from.key, to.key, bound) && assignable(from.value, to.value, bound);
  if (from.kind === 'object' && to.kind === 'object') return from.name === to.name;
  if (from.kind === 'foreign' && to.kind === 'foreign') return from.name === to.name;
  return from.kind === to.kind;
}

export function substitute(type: Type, bound: ReadonlyMap<string, Type>): Type {
  switch (type.kind) {
    case 'param':
      return bound.get(type.name) ?? DYN;
    case 'list':
      return list(substitute(type.element, bound));
    case 'optional':
      return optional(substitute(type.inner, bound));
    case 'map':
      return map(substitute(type.key, bound), substitute(type.value, bound));
    default:
      return type;
  }
}

/** The type of a list's elements or a condition's branches: one of them when all agree, else anything. */
export function join(types: readonly Type[]): Type {
  const [first, ...rest] = types;
  if (first === undefined) return DYN;
  return rest.every((type) => assignable(type, first) && assignable(first, type)) ? first : DYN;
}
