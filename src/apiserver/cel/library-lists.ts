/** cel-go's extension for lists: slices, flattening, order and ranges. */
import { fn, method, type Library } from './functions.ts';
import { A, BOOL, BYTES, DOUBLE, DURATION, DYN, INT, list, optional, STRING, TIMESTAMP, UINT, type Type } from './types.ts';
import { CelError, compare, equal, Optional, type Value } from './values.ts';

export const ORDERED: readonly Type[] = [INT, UINT, DOUBLE, STRING, BOOL, BYTES, TIMESTAMP, DURATION];
const RANGE_MAX = 1_000_000n;

function slice(items: Value[], start: bigint, end: bigint): Value {
  const refused = (why: string): CelError => new CelError(`cannot slice(${start}, ${end}), ${why}`);
  if (start < 0n || end < 0n) throw refused('negative indexes not supported');
  if (start > end) throw refused('start index must be less than or equal to end index');
  if (BigInt(items.length) < end) throw refused(`list is length ${items.length}`);
  return items.slice(Number(start), Number(end));
}

function flatten(items: Value[], depth = 1n): Value {
  if (depth < 0n) throw new CelError('level must be non-negative');
  return depth === 0n ? items : items.flatMap((item) => (Array.isArray(item) ? flatten(item, depth - 1n) : [item]) as Value[]);
}

function distinct(items: Value[]): Value {
  const kept: Value[] = [];
  for (const item of items) if (!kept.some((other) => equal(other, item))) kept.push(item);
  return kept;
}

/** Throws CelError when the keys are not of one type that has an order. */
export function sortedBy(items: readonly Value[], keys: readonly Value[]): Value[] {
  const order = items.map((_, i) => i);
  return order
    .toSorted((a, b) => {
      const [left, right] = [keys[a], keys[b]];
      const by = left === undefined || right === undefined || kindOf(left) !== kindOf(right) ? undefined : compare(left, right);
      if (by === undefined) throw new CelError('list elements must have the same type');
      return by;
    })
    .map((i) => items[i] ?? null);
}

function kindOf(value: Value): unknown {
  return value !== null && typeof value === 'object' ? value.constructor : typeof value;
}

function range(count: bigint): Value {
  if (count < 0n) throw new CelError(`lists.range: size must be non-negative, got ${count}`);
  if (count > RANGE_MAX) throw new CelError(`lists.range: size ${count} exceeds maximum allowed (${RANGE_MAX})`);
  return Array.from({ length: Number(count) }, (_, i) => BigInt(i));
}

export const lists: Library = {
  slice: [method([list(A), INT, INT], list(A), slice)],
  flatten: [method([list(list(A))], list(A), (items: Value[]) => flatten(items)), method([list(DYN), INT], list(DYN), flatten)],
  distinct: [method([list(A)], list(A), distinct)],
  reverse: [method([list(A)], list(A), (items: Value[]) => items.toReversed())],
  sort: ORDERED.map((type) => method([list(type)], list(type), (items: Value[]) => sortedBy(items, items))),
  first: [method([list(A)], optional(A), (items: Value[]) => new Optional(items[0]))],
  last: [method([list(A)], optional(A), (items: Value[]) => new Optional(items.at(-1)))],
  '@sortByAssociatedKeys': ORDERED.map((type) => method([list(A), list(type)], list(A), sortedBy)),
  'lists.range': [fn([INT], list(INT), range)],
};
