/** Which overload takes the values of a call, where types did not tell before. */
import type { Type } from './types.ts';
import { CelError, Duration, Foreign, isStruct, Optional, Timestamp, TypeName, typeNameOf, Uint, type Value } from './values.ts';

/** Whether values of the static type are always what the overload wants. */
export function runtimeTypesHold(type: Type, wanted: Type): boolean {
  if (wanted.kind === 'param' || wanted.kind === 'dyn') return true;
  if (type.kind !== wanted.kind) return false;
  // Elements are looked at only where the overload says what they are to be.
  if (type.kind === 'list' && wanted.kind === 'list') return runtimeTypesHold(type.element, wanted.element);
  if (type.kind === 'map' && wanted.kind === 'map') return runtimeTypesHold(type.key, wanted.key) && runtimeTypesHold(type.value, wanted.value);
  return type.kind !== 'object' && type.kind !== 'optional' ? true : type.kind === 'optional' || (wanted.kind === 'object' && type.name === wanted.name);
}

export function fits(types: readonly Type[], values: readonly Value[]): boolean {
  return types.length === values.length && types.every((type, i) => is(values[i]!, type));
}

/** Of a container the first element speaks for all. */
function is(value: Value, type: Type): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'param':
      return true;
    case 'null':
      return value === null;
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return typeof value === 'bigint';
    case 'double':
      return typeof value === 'number';
    case 'string':
      return typeof value === 'string';
    case 'uint':
      return value instanceof Uint;
    case 'bytes':
      return value instanceof Uint8Array;
    case 'timestamp':
      return value instanceof Timestamp;
    case 'duration':
      return value instanceof Duration;
    case 'type':
      return value instanceof TypeName;
    case 'optional':
      return value instanceof Optional;
    case 'list':
      return Array.isArray(value) && (value.length === 0 || is(value[0]!, type.element));
    case 'map': {
      if (value === null || typeof value !== 'object' || !isStruct(value)) return false;
      const [key] = type.key.kind === 'param' ? [] : value.keys();
      return key === undefined || (is(key, type.key) && is(value.get(key)!, type.value));
    }
    case 'foreign':
      return value instanceof Foreign && value.typeName === type.name;
    case 'object':
      return value !== null && typeof value === 'object' && isStruct(value);
    case 'error':
      return false;
  }
}

/** What operators can be asked of, by the first operand's type. */
const OPERANDS: Record<string, readonly string[]> = {
  '_+_': ['bytes', 'double', 'google.protobuf.Duration', 'int', 'list', 'string', 'google.protobuf.Timestamp', 'uint'],
  '_-_': ['double', 'google.protobuf.Duration', 'int', 'google.protobuf.Timestamp', 'uint'],
  '_*_': ['double', 'int', 'uint'],
  '_/_': ['double', 'int', 'uint'],
  '_%_': ['int', 'uint'],
  '-_': ['bool', 'double', 'google.protobuf.Duration', 'int'],
  '!_': ['bool', 'double', 'google.protobuf.Duration', 'int'],
  size: ['bytes', 'list', 'map', 'string'],
  matches: ['string'],
  sort: ['list'],
  '@sortByAssociatedKeys': ['list'],
};
const COMPARED = ['bool', 'bytes', 'double', 'google.protobuf.Duration', 'int', 'string', 'google.protobuf.Timestamp', 'uint'];
for (const name of ['_<_', '_<=_', '_>_', '_>=_']) OPERANDS[name] = COMPARED;

/** As upstream words it: operators fail in their first operand, functions by their signature. */
export function noOverload(name: string, values: readonly Value[]): CelError {
  const types = values.map(typeNameOf);
  const operands = Object.hasOwn(OPERANDS, name) ? OPERANDS[name]! : undefined;
  if (operands === undefined) return new CelError(name === '@in' ? 'no such overload' : `no such overload: ${name}(${types.join(', ')})`);
  const receives = types[0] === 'google.protobuf.Timestamp' || types[0] === 'google.protobuf.Duration';
  return new CelError(operands.includes(types[0]!) || receives ? 'no such overload' : `no such overload: ${name}`);
}
