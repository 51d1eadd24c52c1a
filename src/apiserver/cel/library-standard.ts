/** CEL's standard functions and operators, and the string extensions of version 2 that Kubernetes enables. */
import { fn, method, type Library } from './functions.ts';
import { regexOf } from './regex.ts';
import { showDouble, showDuration, showTimestamp } from './show.ts';
import { A, B, BOOL, BYTES, DOUBLE, DURATION, DYN, foreign, INT, list, map, optional, STRING, TIMESTAMP, typeOf, UINT, type Type } from './types.ts';
import {
  CelError,
  compare,
  Duration,
  equal,
  isStruct,
  Optional,
  parseDuration,
  parseTimestamp,
  Timestamp,
  TypeName,
  typeNameOf,
  Uint,
  type Struct,
  type Value,
} from './values.ts';

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;
const SECOND = 1_000_000_000n;

export function int(value: bigint): bigint {
  if (value < INT_MIN || value > INT_MAX) throw new CelError('integer overflow');
  return value;
}

function uint(value: bigint): Uint {
  if (value < 0n || value > UINT_MAX) throw new CelError('unsigned integer overflow');
  return new Uint(value);
}

function divided(a: bigint, b: bigint, what: 'divide' | 'modulus'): bigint {
  if (b === 0n) throw new CelError(`${what === 'divide' ? 'division' : 'modulus'} by zero`);
  return what === 'divide' ? a / b : a % b;
}

const ordering = [INT, UINT, DOUBLE, STRING, BOOL, BYTES, TIMESTAMP, DURATION];
const numbers = [INT, UINT, DOUBLE];

function comparison(holds: (order: number) => boolean): Library[string] {
  const call = (a: Value, b: Value): Value => {
    const order = compare(a, b);
    if (order === undefined) throw new CelError('no such overload');
    return holds(order);
  };
  return [
    ...ordering.map((type) => fn([type, type], BOOL, call)),
    ...numbers.flatMap((left) => numbers.filter((right) => right !== left).map((right) => fn([left, right], BOOL, call))),
  ];
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from([...a, ...b]);
}

/** Beyond it JavaScript has no dates. */
const MILLIS_MAX = 8.64e15;

function millisOf({ nanos }: Timestamp): number {
  const millis = Number(nanos / 1_000_000n);
  if (Math.abs(millis) > MILLIS_MAX) throw new CelError('timestamp overflow');
  return millis;
}

/** What is no such value as text. */
function fromText<T extends Value>(type: string, parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof CelError) throw new CelError(`type conversion error from 'string' to '${type}'`);
      throw error;
    }
  };
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** Of what schemas take for a time, only this is one for a conversion. */
function strictTimestamp(text: string): Timestamp {
  if (!RFC_3339.test(text)) throw new CelError('no time');
  return parseTimestamp(text);
}

/** The part of a time that a method asks for, in the zone it names. */
function zoned(time: Timestamp, zone: string): Date {
  const millis = millisOf(time);
  if (zone === 'UTC' || zone === '') return new Date(millis);
  const offset = /^([+-])?(\d\d):(\d\d)$/.exec(zone);
  if (offset !== null) return new Date(millis + (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000);
  try {
    const text = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(millis);
    return new Date(Date.parse(`${text.replace(' ', 'T')}Z`) + (millis % 1000));
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
}

function timePart(part: (date: Date) => number): Library[string] {
  const read = (time: Timestamp, zone = 'UTC'): Value => BigInt(part(zoned(time, zone)));
  return [method([TIMESTAMP], INT, read), method([TIMESTAMP, STRING], INT, read)];
}

function dayOfYear(date: Date): number {
  return Math.floor((Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);
}

function durationPart(unit: bigint): Library[string][number] {
  return method([DURATION], INT, (value: Duration) => value.nanos / unit);
}

function parseBool(text: string): boolean {
  if (['true', 't', 'T', 'TRUE', 'True', '1'].includes(text)) return true;
  if (['false', 'f', 'F', 'FALSE', 'False', '0'].includes(text)) return false;
  throw new CelError('no bool');
}

function parseDouble(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value) && text !== 'NaN') throw new CelError('no double');
  return value;
}

function doubleToInt(value: number): bigint {
  if (!Number.isFinite(value) || value >= 2 ** 63 || value <= -(2 ** 63)) throw new CelError('integer overflow');
  return BigInt(Math.trunc(value));
}

function parseInteger(text: string, kind: 'int' | 'uint'): bigint {
  if (!/^[+-]?\d+$/.test(text) || (kind === 'uint' && text.startsWith('-')))
    throw new CelError(`strconv.Parse${kind === 'int' ? 'Int' : 'Uint'}: parsing ${JSON.stringify(text)}: invalid syntax`);
  return BigInt(text.replace(/^\+/, ''));
}

function isIn(element: Value, container: Value[]): boolean {
  return container.some((item) => equal(item, element));
}

const size = (value: string | Uint8Array | Value[] | Struct): Value =>
  BigInt(typeof value === 'string' ? [...value].length : 'size' in value ? value.size : value.length);
const sized: Type[] = [STRING, BYTES, list(A), map(A, B)];
const contains = (text: string, part: string): Value => text.includes(part);
const matches = (text: string, pattern: string): Value => patternOf(pattern).test(text);

/** Throws CelError for what is no pattern. */
export function patternOf(pattern: string): ReturnType<typeof regexOf> {
  try {
    return regexOf(pattern);
  } catch (error) {
    throw new CelError((error as Error).message);
  }
}

/** The planner has its own of these: only their types are declared. */
const planned = (): never => {
  throw new CelError('no such overload');
};

export const standard: Library = {
  '_?_:_': [fn([BOOL, A, A], A, planned)],
  '_&&_': [fn([BOOL, BOOL], BOOL, planned)],
  '_||_': [fn([BOOL, BOOL], BOOL, planned)],
  '@not_strictly_false': [fn([BOOL], BOOL, planned)],
  'cel.@mapInsert': [fn([map(A, B), A, B], map(A, B), planned), fn([map(A, B), map(A, B)], map(A, B), planned)],
  '_[_]': [
    fn([list(A), INT], A, planned),
    fn([map(A, B), A], B, planned),
    fn([optional(list(A)), INT], optional(A), planned),
    fn([optional(map(A, B)), A], optional(B), planned),
  ],
  '_[?_]': [
    fn([list(A), INT], optional(A), planned),
    fn([optional(list(A)), INT], optional(A), planned),
    fn([map(A, B), A], optional(B), planned),
    fn([optional(map(A, B)), A], optional(B), planned),
  ],
  '_==_': [fn([A, A], BOOL, (a: Value, b: Value) => equal(a, b))],
  '_!=_': [fn([A, A], BOOL, (a: Value, b: Value) => !equal(a, b))],
  '_<_': comparison((order) => order < 0),
  '_<=_': comparison((order) => order <= 0),
  '_>_': comparison((order) => order > 0),
  '_>=_': comparison((order) => order >= 0),
  '@in': [fn([A, list(A)], BOOL, isIn), fn([A, map(A, B)], BOOL, (key: Value, struct: Struct) => struct.has(key))],
  '!_': [fn([BOOL], BOOL, (value: boolean) => !value)],
  '-_': [fn([INT], INT, (value: bigint) => int(-value)), fn([DOUBLE], DOUBLE, (value: number) => -value)],
  '_+_': [
    fn([INT, INT], INT, (a: bigint, b: bigint) => int(a + b)),
    fn([UINT, UINT], UINT, (a: Uint, b: Uint) => uint(a.value + b.value)),
    fn([DOUBLE, DOUBLE], DOUBLE, (a: number, b: number) => a + b),
    fn([STRING, STRING], STRING, (a: string, b: string) => a + b),
    fn([BYTES, BYTES], BYTES, concatenate),
    fn([list(A), list(A)], list(A), (a: Value[], b: Value[]) => [...a, ...b]),
    fn([TIMESTAMP, DURATION], TIMESTAMP, (a: Timestamp, b: Duration) => new Timestamp(a.nanos + b.nanos, a.offset)),
    fn([DURATION, TIMESTAMP], TIMESTAMP, (a: Duration, b: Timestamp) => new Timestamp(a.nanos + b.nanos, b.offset)),
    fn([DURATION, DURATION], DURATION, (a: Duration, b: Duration) => new Duration(int(a.nanos + b.nanos))),
  ],
  '_-_': [
    fn([INT, INT], INT, (a: bigint, b: bigint) => int(a - b)),
    fn([UINT, UINT], UINT, (a: Uint, b: Uint) => uint(a.value - b.value)),
    fn([DOUBLE, DOUBLE], DOUBLE, (a: number, b: number) => a - b),
    fn([TIMESTAMP, TIMESTAMP], DURATION, (a: Timestamp, b: Timestamp) => new Duration(int(a.nanos - b.nanos))),
    fn([TIMESTAMP, DURATION], TIMESTAMP, (a: Timestamp, b: Duration) => new Timestamp(a.nanos - b.nanos, a.offset)),
    fn([DURATION, DURATION], DURATION, (a: Duration, b: Duration) => new Duration(int(a.nanos - b.nanos))),
  ],
  '_*_': [
    fn([INT, INT], INT, (a: bigint, b: bigint) => int(a * b)),
    fn([UINT, UINT], UINT, (a: Uint, b: Uint) => uint(a.value * b.value)),
    fn([DOUBLE, DOUBLE], DOUBLE, (a: number, b: number) => a * b),
  ],
  '_/_': [
    fn([INT, INT], INT, (a: bigint, b: bigint) => int(divided(a, b, 'divide'))),
    fn([UINT, UINT], UINT, (a: Uint, b: Uint) => uint(divided(a.value, b.value, 'divide'))),
    fn([DOUBLE, DOUBLE], DOUBLE, (a: number, b: number) => a / b),
  ],
  '_%_': [
    fn([INT, INT], INT, (a: bigint, b: bigint) => divided(a, b, 'modulus')),
    fn([UINT, UINT], UINT, (a: Uint, b: Uint) => uint(divided(a.value, b.value, 'modulus'))),
  ],
  size: [...sized.map((type) => fn([type], INT, size)), ...sized.map((type) => method([type], INT, size))],
  contains: [method([STRING, STRING], BOOL, contains)],
  startsWith: [method([STRING, STRING], BOOL, (text: string, part: string) => text.startsWith(part))],
  endsWith: [method([STRING, STRING], BOOL, (text: string, part: string) => text.endsWith(part))],
  matches: [method([STRING, STRING], BOOL, matches), fn([STRING, STRING], BOOL, matches)],
  type: [fn([A], typeOf(A), (value: Value) => new TypeName(typeNameOf(value)))],
  dyn: [fn([A], DYN, (value: Value) => value)],
  bool: [fn([BOOL], BOOL, (value: boolean) => value), fn([STRING], BOOL, fromText('bool', parseBool))],
  int: [
    fn([INT], INT, (value: bigint) => value),
    fn([UINT], INT, (value: Uint) => int(value.value)),
    fn([DOUBLE], INT, doubleToInt),
    fn(
      [STRING],
      INT,
      fromText('int', (text) => int(parseInteger(text, 'int'))),
    ),
    fn([TIMESTAMP], INT, (time: Timestamp) => time.nanos / SECOND),
    fn([DURATION], INT, (duration: Duration) => duration.nanos),
  ],
  uint: [
    fn([UINT], UINT, (value: Uint) => value),
    fn([INT], UINT, uint),
    fn([DOUBLE], UINT, (value: number) => uint(doubleToInt(value))),
    fn(
      [STRING],
      UINT,
      fromText('uint', (text) => uint(parseInteger(text, 'uint'))),
    ),
  ],
  double: [
    fn([DOUBLE], DOUBLE, (value: number) => value),
    fn([INT], DOUBLE, Number),
    fn([UINT], DOUBLE, (value: Uint) => Number(value.value)),
    fn([STRING], DOUBLE, fromText('double', parseDouble)),
  ],
  string: [
    fn([STRING], STRING, (text: string) => text),
    fn([BOOL], STRING, String),
    fn([INT], STRING, String),
    fn([UINT], STRING, (value: Uint) => String(value.value)),
    fn([DOUBLE], STRING, showDouble),
    fn([BYTES], STRING, (bytes: Uint8Array) => Buffer.from(bytes).toString()),
    fn([TIMESTAMP], STRING, showTimestamp),
    fn([DURATION], STRING, showDuration),
    ...['net.IP', 'net.CIDR'].map((name) => fn([foreign(name)], STRING, String)),
  ],
  bytes: [fn([BYTES], BYTES, (bytes: Uint8Array) => bytes), fn([STRING], BYTES, (text: string) => Uint8Array.from(Buffer.from(text)))],
  timestamp: [
    fn([TIMESTAMP], TIMESTAMP, (time: Timestamp) => time),
    fn([STRING], TIMESTAMP, fromText('google.protobuf.Timestamp', strictTimestamp)),
    fn([INT], TIMESTAMP, (seconds: bigint) => new Timestamp(seconds * SECOND)),
  ],
  duration: [
    fn([DURATION], DURATION, (duration: Duration) => duration),
    fn([STRING], DURATION, fromText('google.protobuf.Duration', parseDuration)),
    fn([INT], DURATION, (nanos: bigint) => new Duration(nanos)),
  ],
  getFullYear: timePart((date) => date.getUTCFullYear()),
  getMonth: timePart((date) => date.getUTCMonth()),
  getDayOfYear: timePart(dayOfYear),
  getDate: timePart((date) => date.getUTCDate()),
  getDayOfMonth: timePart((date) => date.getUTCDate() - 1),
  getDayOfWeek: timePart((date) => date.getUTCDay()),
  getHours: [...timePart((date) => date.getUTCHours()), durationPart(3600n * SECOND)],
  getMinutes: [...timePart((date) => date.getUTCMinutes()), durationPart(60n * SECOND)],
  getSeconds: [...timePart((date) => date.getUTCSeconds()), durationPart(SECOND)],
  getMilliseconds: [...timePart((date) => date.getUTCMilliseconds()), durationPart(1_000_000n)],
  'optional.of': [fn([A], optional(A), (value: Value) => new Optional(value))],
  'optional.none': [fn([], optional(A), () => new Optional())],
  'optional.ofNonZeroValue': [fn([A], optional(A), (value: Value) => new Optional(isZero(value) ? undefined : value))],
  hasValue: [method([optional(A)], BOOL, (value: Optional) => value.value !== undefined)],
  value: [
    method([optional(A)], A, ({ value }: Optional) => {
      if (value === undefined) throw new CelError('optional.none() dereference');
      return value;
    }),
  ],
  'optional.unwrap': [fn([list(optional(A))], list(A), unwrapped)],
  unwrapOpt: [method([list(optional(A))], list(A), unwrapped)],
  or: [method([optional(A), optional(A)], optional(A), (a: Optional, b: Optional) => (a.value === undefined ? b : a))],
  orValue: [method([optional(A), A], A, (a: Optional, other: Value) => a.value ?? other)],
};

function unwrapped(items: Value[]): Value {
  return items.flatMap((item) => {
    if (!(item instanceof Optional)) throw new CelError('value is not optional');
    return item.value === undefined ? [] : [item.value];
  });
}

function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Uint) return value.value === 0n;
  return isStruct(value) && value.size === 0;
}
