/**
 * CEL's values in JavaScript: int is bigint, double is number, string and bool are themselves, lists are arrays; the others are
 * the classes here. Objects of the API are looked at through `View`, which turns members into values when they are asked for.
 */
import type { Type } from './types.ts';

export type Value = null | boolean | bigint | number | string | Uint8Array | Value[] | Struct | Uint | Timestamp | Duration | Optional | TypeName | Foreign;

/** An evaluation that ends in an error: `no such key`, `divide by zero`, ... */
export class CelError extends Error {}

export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** Nanoseconds since the epoch, told in a zone so many minutes east of UTC. */
export class Timestamp {
  readonly nanos: bigint;
  readonly offset: number;
  /** Throws CelError beyond the years that have four digits. */
  constructor(nanos: bigint, offset = 0) {
    if (nanos < EARLIEST || nanos > LATEST) throw new CelError('timestamp overflow');
    this.nanos = nanos;
    this.offset = offset;
  }
}

const EARLIEST = -62_135_596_800n * 1_000_000_000n;
const LATEST = 253_402_300_799_999_999_999n;

export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

export class Optional {
  readonly value: Value | undefined;
  constructor(value?: Value) {
    this.value = value;
  }
}

export class TypeName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A value of a type that the Kubernetes libraries add. */
export abstract class Foreign {
  /** 'kubernetes.Quantity' */
  abstract readonly typeName: string;
  abstract equals(other: Foreign): boolean;
}

/** Maps and objects. */
export interface Struct {
  readonly size: number;
  has(key: Value): boolean;
  /** Undefined when absent. */
  get(key: Value): Value | undefined;
  keys(): Value[];
}

export class CelMap implements Struct {
  readonly #entries = new Map<Value, Value>();
  /** Of an object written as `Name{...}`. */
  readonly typeName: string | undefined;

  constructor(entries: Iterable<readonly [Value, Value]> = [], typeName?: string) {
    for (const [key, value] of entries) this.#entries.set(keyOf(key), value);
    this.typeName = typeName;
  }

  /** False when the key is there already. */
  insert(key: Value, value: Value): boolean {
    const own = keyOf(key);
    if (this.#entries.has(own)) return false;
    this.#entries.set(own, value);
    return true;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: Value): boolean {
    return this.#entries.has(keyOf(key));
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key));
  }

  keys(): Value[] {
    return [...this.#entries.keys()];
  }
}

/** Numbers that are equal are one key. */
function keyOf(key: Value): Value {
  if (key instanceof Uint) return key.value;
  return typeof key === 'number' && Number.isInteger(key) ? BigInt(key) : key;
}

/** JSON seen as a map or an object of a type. */
export class View implements Struct {
  readonly #raw: Record<string, unknown>;
  readonly #type: Type;

  constructor(raw: Record<string, unknown>, type: Type) {
    this.#raw = raw;
    this.#type = type;
  }

  get size(): number {
    return Object.keys(this.#raw).length;
  }

  has(key: Value): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#raw, key) && this.#raw[key] !== undefined;
  }

  get(key: Value): Value | undefined {
    if (!this.has(key)) return undefined;
    const name = key as string;
    return wrap(this.#raw[name], memberType(this.#type, name));
  }

  keys(): Value[] {
    return Object.keys(this.#raw);
  }
}

/** Members that are computed when first asked for, once. */
export class Lazy implements Struct {
  readonly #members = new Map<string, () => Value>();

  get size(): number {
    return this.#members.size;
  }

  set(name: string, compute: () => Value): void {
    let value: Value | undefined;
    this.#members.set(name, () => (value ??= compute()));
  }

  has(key: Value): boolean {
    return this.#members.has(key as string);
  }

  get(key: Value): Value | undefined {
    return this.#members.get(key as string)?.();
  }

  keys(): Value[] {
    return [...this.#members.keys()];
  }
}

const DYN: Type = { kind: 'dyn' };

function memberType(type: Type, name: string): Type {
  if (type.kind === 'map') return type.value;
  if (type.kind === 'object') return type.fields().get(name) ?? DYN;
  return DYN;
}

/** JSON as a value. Without a type to say more, whole numbers are int, as in Kubernetes' unstructured objects. */
export function wrap(raw: unknown, type: Type = DYN): Value {
  switch (typeof raw) {
    case 'string':
      return type.kind === 'string' || type.kind === 'dyn' ? raw : formatted(raw, type);
    case 'number':
      return type.kind !== 'double' && Number.isInteger(raw) ? BigInt(raw) : raw;
    case 'boolean':
      return raw;
    case 'object': {
      if (raw === null) return null;
      if (Array.isArray(raw)) {
        const element = type.kind === 'list' ? type.element : DYN;
        return raw.map((item) => wrap(item, element));
      }
      return new View(raw as Record<string, unknown>, type);
    }
    default:
      return null;
  }
}

function formatted(raw: string, type: Type): Value {
  switch (type.kind) {
    case 'bytes':
      return Uint8Array.from(Buffer.from(raw, 'base64'));
    case 'timestamp':
      return parseTimestamp(raw);
    case 'duration':
      return parseDuration(raw);
    default:
      return raw;
  }
}

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d))?$/;

/** RFC 3339, or a date alone. */
export function parseTimestamp(text: string): Timestamp {
  const parts = TIMESTAMP.exec(text);
  const millis =
    parts === null ? Number.NaN : Date.parse(parts[4] === undefined ? `${text}T00:00:00Z` : text.replace(/\.\d+/, '').replace(' ', 'T').toUpperCase());
  // JavaScript takes the 30th of February for the 1st of March.
  const isDay = parts !== null && new Date(Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]))).getUTCDate() === Number(parts[3]);
  if (parts === null || !isDay || Number.isNaN(millis)) throw new CelError(`parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse`);
  return new Timestamp(BigInt(millis) * 1_000_000n + BigInt((parts[7] ?? '').slice(0, 9).padEnd(9, '0')), offsetOf(parts[8] ?? 'Z'));
}

/** Minutes east of UTC. */
function offsetOf(zone: string): number {
  if (!/^[+-]/.test(zone)) return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).split(':').map(Number);
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

const UNITS: Record<string, bigint> = { ns: 1n, us: 1_000n, µs: 1_000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n };

/** Go's durations: '1h30m', '-1.5s'. */
export function parseDuration(text: string): Duration {
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return new Duration(0n);
  let total = 0n;
  let rest = body;
  do {
    const part = /^(\d*)(?:\.(\d*))?(ns|us|µs|ms|s|m|h)/.exec(rest);
    if (part === null || (part[1] === '' && !part[2])) throw new CelError(`time: invalid duration ${JSON.stringify(text)}`);
    const unit = UNITS[part[3]!]!;
    const fraction = (part[2] ?? '').slice(0, 9);
    total += BigInt(part[1] || '0') * unit + (fraction === '' ? 0n : (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length));
    rest = rest.slice(part[0].length);
  } while (rest !== '');
  const nanos = text.startsWith('-') ? -total : total;
  if (nanos > 2n ** 63n - 1n || nanos < -(2n ** 63n)) throw new CelError(`time: invalid duration ${JSON.stringify(text)}`);
  return new Duration(nanos);
}

export function isStruct(value: Value): value is Struct {
  return value instanceof View || value instanceof CelMap || value instanceof Lazy;
}

/** The name that `type()` and messages give a value's type. */
export function typeNameOf(value: Value): string {
  if (value === null) return 'null_type';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
  }
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Uint) return 'uint';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof Optional) return 'optional_type';
  if (value instanceof TypeName) return 'type';
  if (value instanceof Foreign) return value.typeName;
  return value instanceof CelMap ? (value.typeName ?? 'map') : 'map';
}

function wholeNumber(value: Value): number | undefined {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint) return Number(value.value);
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}

/** What a key or index leads to; undefined when there is nothing. Throws CelError where there can be nothing. */
export function qualifyIfPresent(value: Value, key: Value): Value | undefined {
  if (Array.isArray(value)) {
    const at = wholeNumber(key);
    if (at === undefined) throw new CelError(`unsupported index type '${typeNameOf(key)}' in list`);
    return value[at];
  }
  if (value === null || typeof value !== 'object' || !isStruct(value)) return undefined;
  return value.get(key);
}

/** What a key or index leads to. Throws CelError when there is nothing. */
export function qualify(value: Value, key: Value): Value {
  const found = qualifyIfPresent(value, key);
  if (found !== undefined) return found;
  const shown = key instanceof Uint ? key.value : key;
  throw new CelError(Array.isArray(value) ? `index out of bounds: ${String(shown)}` : `no such key: ${String(shown)}`);
}

function numeric(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

/** CEL's ==: numbers by value whatever their type, lists and maps by their members. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  const [left, right] = [numeric(a), numeric(b)];
  // JavaScript compares bigint and number by value.
  if (left !== undefined && right !== undefined) return left == right;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equal(item, b[i]!));
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.from(a).equals(b);
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeName) return b instanceof TypeName && a.name === b.name;
  if (a instanceof Optional) return b instanceof Optional && (a.value === undefined ? b.value === undefined : b.value !== undefined && equal(a.value, b.value));
  if (a instanceof Foreign) return b instanceof Foreign && a.typeName === b.typeName && a.equals(b);
  if (!isStruct(a) || !isStruct(b) || a.size !== b.size) return false;
  return a.keys().every((key) => {
    const other = b.get(key);
    return other !== undefined && equal(a.get(key)!, other);
  });
}

/** Negative, zero or positive; undefined when the two cannot be ordered. */
export function compare(a: Value, b: Value): number | undefined {
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined && right !== undefined) return left < right ? -1 : left > right ? 1 : 0;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if ((a instanceof Timestamp && b instanceof Timestamp) || (a instanceof Duration && b instanceof Duration))
    return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
  return undefined;
}
