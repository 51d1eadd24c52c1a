/** Strings, lists and sets: CEL's extensions and Kubernetes' own. */
import { fn, method, type Library } from './functions.ts';
import { ORDERED } from './library-lists.ts';
import { format } from './format.ts';
import { regexOf } from './regex.ts';
import { A, BOOL, DOUBLE, DURATION, DYN, INT, list, STRING, UINT, type Type } from './types.ts';
import { CelError, compare, Duration, equal, Uint, type Value } from './values.ts';

const summable: Type[] = [INT, UINT, DOUBLE, DURATION];

function position(text: string[], at: bigint): number {
  if (at < 0n || at > BigInt(text.length)) throw new CelError(`index out of range: ${at}`);
  return Number(at);
}

function indexIn(text: string, part: string, from = 0n): Value {
  const chars = [...text];
  if (from < 0n) throw new CelError(`index out of range: ${from}`);
  const start = Number(from < BigInt(chars.length) ? from : BigInt(chars.length));
  if (part === '') return BigInt(start);
  const found = chars.slice(start).join('').indexOf(part);
  return found < 0 ? -1n : BigInt(start + [...chars.slice(start).join('').slice(0, found)].length);
}

function lastIndexIn(text: string, part: string, upTo?: bigint): Value {
  const chars = [...text];
  if (upTo !== undefined && upTo < 0n) throw new CelError(`index out of range: ${upTo}`);
  // Beyond the end there is nothing, as cel-go has it.
  if (upTo !== undefined && upTo >= BigInt(chars.length)) return part === '' ? BigInt(chars.length) : -1n;
  const limit = upTo === undefined ? undefined : chars.slice(0, Number(upTo)).join('').length;
  const found = text.lastIndexOf(part, limit);
  return found < 0 ? -1n : BigInt([...text.slice(0, found)].length);
}

function substring(text: string, start: bigint, end?: bigint): Value {
  const chars = [...text];
  const [from, to] = [position(chars, start), end === undefined ? chars.length : position(chars, end)];
  if (from > to) throw new CelError(`invalid substring range. start: ${from}, end: ${to}`);
  return chars.slice(from, to).join('');
}

function replace(text: string, old: string, replacement: string, times = -1n): Value {
  const parts = text.split(old);
  const count = times < 0n ? parts.length - 1 : Math.min(Number(times), parts.length - 1);
  return parts.slice(0, count + 1).join(replacement) + (count < parts.length - 1 ? old + parts.slice(count + 1).join(old) : '');
}

function split(text: string, separator: string, limit = -1n): Value {
  const parts = separator === '' ? [...text] : text.split(separator);
  if (limit < 0n || BigInt(parts.length) <= limit) return parts;
  if (limit === 0n) return [];
  return [...parts.slice(0, Number(limit) - 1), parts.slice(Number(limit) - 1).join(separator)];
}

function join(parts: Value[], separator = ''): Value {
  return parts.map(String).join(separator);
}

function extreme(wanted: -1 | 1): (items: Value[]) => Value {
  return (items) => {
    if (items.length === 0) throw new CelError(`${wanted < 0 ? 'min' : 'max'} called on empty list`);
    return items.reduce((best, item) => (Math.sign(compare(item, best) ?? 0) === wanted ? item : best));
  };
}

function sum(items: Value[]): Value {
  if (items.length === 0) return 0n;
  const [first] = items;
  if (typeof first === 'number') return items.reduce<number>((total, item) => total + Number(item), 0);
  if (first instanceof Duration) return new Duration(items.reduce<bigint>((total, item) => total + (item as Duration).nanos, 0n));
  if (first instanceof Uint) return new Uint(items.reduce<bigint>((total, item) => total + (item as Uint).value, 0n));
  return items.reduce<bigint>((total, item) => total + (item as bigint), 0n);
}

function isSorted(items: Value[]): Value {
  return items.every((item, i) => i === 0 || (compare(items[i - 1]!, item) ?? 0) <= 0);
}

const holds = (items: Value[], wanted: Value): boolean => items.some((item) => equal(item, wanted));

function findAll(text: string, pattern: string, limit = -1n): Value {
  const regex = regexOf(pattern);
  const found: string[] = [];
  for (let at = 0; at <= text.length && (limit < 0n || BigInt(found.length) < limit);) {
    const match = regex.find(text, at);
    if (match === undefined) break;
    found.push(text.slice(match.start, match.end));
    at = match.end > match.start ? match.end : match.end + 1;
  }
  return found;
}

function guarded<T extends unknown[]>(call: (...args: T) => Value): (...args: T) => Value {
  return (...args) => {
    try {
      return call(...args);
    } catch (error) {
      throw error instanceof CelError ? error : new CelError((error as Error).message);
    }
  };
}

const upper = (text: string): Value => text.replace(/[a-z]+/g, (part) => part.toUpperCase());
const lower = (text: string): Value => text.replace(/[A-Z]+/g, (part) => part.toLowerCase());

export const collections: Library = {
  charAt: [
    method([STRING, INT], STRING, (text: string, at: bigint) => {
      const chars = [...text];
      return chars[position(chars, at)] ?? '';
    }),
  ],
  indexOf: [
    method([STRING, STRING], INT, indexIn),
    method([STRING, STRING, INT], INT, indexIn),
    method([list(A), A], INT, (items: Value[], wanted: Value) => BigInt(items.findIndex((item) => equal(item, wanted)))),
  ],
  lastIndexOf: [
    method([STRING, STRING], INT, lastIndexIn),
    method([STRING, STRING, INT], INT, lastIndexIn),
    method([list(A), A], INT, (items: Value[], wanted: Value) => BigInt(items.findLastIndex((item) => equal(item, wanted)))),
  ],
  lowerAscii: [method([STRING], STRING, lower)],
  upperAscii: [method([STRING], STRING, upper)],
  replace: [method([STRING, STRING, STRING], STRING, replace), method([STRING, STRING, STRING, INT], STRING, replace)],
  split: [method([STRING, STRING], list(STRING), split), method([STRING, STRING, INT], list(STRING), split)],
  substring: [method([STRING, INT], STRING, substring), method([STRING, INT, INT], STRING, substring)],
  trim: [method([STRING], STRING, (text: string) => text.trim())],
  join: [method([list(STRING)], STRING, join), method([list(STRING), STRING], STRING, join)],
  format: [method([STRING, list(DYN)], STRING, format)],
  'strings.quote': [fn([STRING], STRING, (text: string) => JSON.stringify(text))],
  isSorted: ORDERED.map((type) => method([list(type)], BOOL, isSorted)),
  sum: summable.map((type) => method([list(type)], type, sum)),
  min: ORDERED.map((type) => method([list(type)], type, extreme(-1))),
  max: ORDERED.map((type) => method([list(type)], type, extreme(1))),
  find: [
    method(
      [STRING, STRING],
      STRING,
      guarded((text: string, pattern: string) => {
        const match = regexOf(pattern).find(text);
        return match === undefined ? '' : text.slice(match.start, match.end);
      }),
    ),
  ],
  findAll: [method([STRING, STRING], list(STRING), guarded(findAll)), method([STRING, STRING, INT], list(STRING), guarded(findAll))],
  'sets.contains': [fn([list(A), list(A)], BOOL, (a: Value[], b: Value[]) => b.every((item) => holds(a, item)))],
  'sets.equivalent': [fn([list(A), list(A)], BOOL, (a: Value[], b: Value[]) => a.every((item) => holds(b, item)) && b.every((item) => holds(a, item)))],
  'sets.intersects': [fn([list(A), list(A)], BOOL, (a: Value[], b: Value[]) => a.some((item) => holds(b, item)))],
};
