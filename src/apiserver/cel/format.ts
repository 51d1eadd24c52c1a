/** `'%s is %d'.format([...])`: what clauses take, and how they show it. */
import { showDouble, showDuration, showTimestamp } from './show.ts';
import { show, type Type } from './types.ts';
import { CelError, Duration, isStruct, Timestamp, TypeName, typeNameOf, Uint, type Value } from './values.ts';

interface Clause {
  verb: string;
  precision: number;
}

/** Reads the pattern from left to right; `clause` is asked for the text of each. Throws CelError. */
function interpolate(pattern: string, count: number, clause: (clause: Clause, index: number) => string): string {
  let text = '';
  let next = 0;
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] !== '%') {
      text += pattern[at];
      continue;
    }
    if (pattern[at + 1] === '%') {
      text += '%';
      at++;
      continue;
    }
    if (next >= count) throw new CelError(`index ${next} out of range`);
    const parts = /^%(?:\.(\d*))?(.)?/s.exec(pattern.slice(at))!;
    const [whole, precision, verb] = parts;
    if (verb === undefined)
      throw new CelError(
        precision === undefined
          ? 'unexpected end of string'
          : 'could not parse formatting clause: error while parsing precision: could not find end of precision specifier',
      );
    if (precision === '')
      throw new CelError(
        'could not parse formatting clause: error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax',
      );
    if (!'sdfebxXo'.includes(verb)) throw new CelError(`could not parse formatting clause: unrecognized formatting clause ${JSON.stringify(verb)}`);
    text += clause({ verb, precision: precision === undefined ? 6 : Number(precision) }, next++);
    at += whole.length - 1;
  }
  return text;
}

const WRONG: Record<string, string> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  d: 'decimal clause can only be used on integers',
  f: 'fixed-point clause can only be used on doubles',
  e: 'scientific clause can only be used on doubles',
  b: 'only integers and bools can be formatted as binary',
  x: 'only integers, byte buffers, and strings can be formatted as hex',
  X: 'only integers, byte buffers, and strings can be formatted as hex',
  o: 'octal clause can only be used on integers',
};
const TAKES: Record<string, readonly string[]> = {
  d: ['int', 'uint'],
  f: ['double', 'string'],
  e: ['double', 'string'],
  b: ['int', 'uint', 'bool'],
  x: ['int', 'uint', 'string', 'bytes'],
  X: ['int', 'uint', 'string', 'bytes'],
  o: ['int', 'uint'],
};

class Misfit extends CelError {
  readonly index: number;
  constructor(message: string, index: number) {
    super(message);
    this.index = index;
  }
}

/** How many arguments a pattern uses, or what is wrong with it. `bad`: the type of an argument, or of a part of it, that has no text. */
export function checkFormat(
  pattern: string,
  args: readonly { type: Type; bad: Type | undefined }[],
): { used: number } | { why: string; index: number } | string {
  let used = 0;
  try {
    interpolate(pattern, args.length, ({ verb }, index) => {
      used = index + 1;
      const { type, bad } = args[index]!;
      const takes = verb === 's' ? bad === undefined : type.kind === 'dyn' || TAKES[verb]!.includes(type.kind);
      if (!takes) throw new Misfit(`error during formatting: ${WRONG[verb]}, was given ${bareName(verb === 's' ? bad! : type)}`, index);
      return '';
    });
    return { used };
  } catch (error) {
    if (error instanceof Misfit) return { why: error.message, index: error.index };
    if (error instanceof CelError) return error.message;
    throw error;
  }
}

/** A type's name without what it is of. */
function bareName(type: Type): string {
  const names: Record<string, string> = { null: 'null_type', timestamp: 'google.protobuf.Timestamp', duration: 'google.protobuf.Duration' };
  return names[type.kind] ?? show(type).replace(/\(.*$/, '');
}

/** Throws CelError. */
export function format(pattern: string, args: readonly Value[]): string {
  return interpolate(pattern, args.length, (clause, index) => {
    const value = args[index]!;
    const text = formatted(value, clause);
    if (text === undefined) throw new CelError(`error during formatting: ${WRONG[clause.verb]}, was given ${typeNameOf(value)}`);
    return text;
  });
}

const SPECIAL: Record<string, number> = { NaN: Number.NaN, Infinity, '-Infinity': -Infinity };

/** Undefined for what the clause does not take. */
function formatted(value: Value, { verb, precision }: Clause): string | undefined {
  const whole = value instanceof Uint ? value.value : typeof value === 'bigint' ? value : undefined;
  switch (verb) {
    case 's':
      return display(value);
    case 'd':
      return whole?.toString();
    case 'f':
    case 'e': {
      const number = typeof value === 'string' && Object.hasOwn(SPECIAL, value) ? SPECIAL[value] : value;
      if (typeof number !== 'number') return undefined;
      if (!Number.isFinite(number)) return Number.isNaN(number) ? 'NaN' : number > 0 ? '∞' : '-∞';
      return verb === 'f' ? grouped(number, precision) : scientific(number, precision);
    }
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : whole?.toString(2);
    case 'o':
      return whole?.toString(8);
    default: {
      const bytes = typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? Buffer.from(value) : undefined;
      const text = whole?.toString(16) ?? bytes?.toString('hex');
      return verb === 'X' ? text?.toUpperCase() : text;
    }
  }
}

function grouped(value: number, precision: number): string {
  const [whole = '', fraction] = value.toFixed(Math.min(precision, 100)).split('.');
  const shown = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? shown : `${shown}.${fraction}`;
}

/** As written in English: 1.5 × 10⁰³. */
function scientific(value: number, precision: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential(Math.min(precision, 100)).split('e');
  const digits = exponent.slice(1).padStart(2, '0');
  const raised = [...digits].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
  return `${mantissa}\u202f×\u202f10${exponent.startsWith('-') ? '⁻' : ''}${raised}`;
}

/** A value as text, as `%s` shows it; undefined for what has none. */
export function display(value: Value): string | undefined {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${value.map(member).join(', ')}]`;
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value instanceof Timestamp) return showTimestamp(value);
  if (value instanceof Duration) return showDuration(value);
  if (value instanceof TypeName) return value.name;
  if (typeof value === 'number') return showDouble(value);
  if (typeof value !== 'object') return String(value);
  if (!isStruct(value)) return undefined;
  const entries = value.keys().map((key) => [member(key), member(value.get(key)!)] as const);
  return `{${entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, shown]) => `${key}:${shown}`)
    .join(', ')}}`;
}

/** Within a list or map texts are quoted. */
function member(value: Value): string {
  const text = display(value);
  if (text === undefined) throw new CelError(`error during formatting: no formatting function for ${typeNameOf(value)}`);
  if (typeof value === 'string') return JSON.stringify(text);
  if (value instanceof Uint8Array) return `b${JSON.stringify(text)}`;
  if (value instanceof Timestamp) return `timestamp(${JSON.stringify(text)})`;
  if (value instanceof Duration) return `duration(${JSON.stringify(text)})`;
  if (typeof value === 'number') return Number.isFinite(value) ? value.toFixed(6) : JSON.stringify(text);
  return text;
}
