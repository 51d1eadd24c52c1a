/** CEL's static types. */

export type Type =
  | { kind: 'dyn' | 'error' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'timestamp' | 'duration' }
  /** Of types: `type(1)` is of type(int). */
  | { kind: 'type'; of?: Type }
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
export const ERROR: Type = { kind: 'error' };
export const NULL: Type = { kind: 'null' };
export const BOOL: Type = { kind: 'bool' };
export const INT: Type = { kind: 'int' };
export const UINT: Type = { kind: 'uint' };
export const DOUBLE: Type = { kind: 'double' };
export const STRING: Type = { kind: 'string' };
export const BYTES: Type = { kind: 'bytes' };
export const TIMESTAMP: Type = { kind: 'timestamp' };
export const DURATION: Type = { kind: 'duration' };
export const A: Type = { kind: 'param', name: 'A' };
export const B: Type = { kind: 'param', name: 'B' };

export const list = (element: Type): Type => ({ kind: 'list', element });
export const map = (key: Type, value: Type): Type => ({ kind: 'map', key, value });
export const optional = (inner: Type): Type => ({ kind: 'optional', inner });
export const foreign = (name: string): Type => ({ kind: 'foreign', name });
export const typeOf = (of: Type): Type => ({ kind: 'type', of });

/** As upstream's messages name it. */
export function show(type: Type): string {
  switch (type.kind) {
    case 'error':
      return '!error!';
    case 'type':
      return type.of === undefined ? 'type' : `type(${show(type.of)})`;
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

/** The types that one is made of. */
export function parametersOf(type: Type): readonly Type[] {
  switch (type.kind) {
    case 'list':
      return [type.element];
    case 'map':
      return [type.key, type.value];
    case 'optional':
      return [type.inner];
    case 'type':
      return type.of === undefined ? [] : [type.of];
    default:
      return [];
  }
}

export function same(a: Type, b: Type): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  if ('name' in a && 'name' in b && a.name !== b.name) return false;
  const [left, right] = [parametersOf(a), parametersOf(b)];
  return left.length === right.length && left.every((type, i) => same(type, right[i]!));
}
