/** Arithmetic on lists of resources: names with quantities ('cpu': '250m'). None of these changes its arguments. */
import { addQuantities, compareQuantities, subtractQuantities } from '../quantity.ts';

export type ResourceList = Record<string, string | number>;

/** The sum for each name of either list. */
export function add(a: ResourceList, b: ResourceList): ResourceList {
  const sum = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const other = sum[name];
    sum[name] = other === undefined ? value : addQuantities(other, value);
  }
  return sum;
}

/** The larger for each name of either list. */
export function largest(a: ResourceList, b: ResourceList): ResourceList {
  const most = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const other = most[name];
    if (other === undefined || compareQuantities(value, other) > 0) most[name] = value;
  }
  return most;
}

/** `a - b` for each name of either list; what would be less than nothing is '0'. */
export function subtract(a: ResourceList, b: ResourceList): ResourceList {
  const rest: ResourceList = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) rest[name] = subtractQuantities(a[name] ?? '0', b[name] ?? '0');
  return rest;
}

export function mask(list: ResourceList, names: Iterable<string>): ResourceList {
  const wanted = new Set(names);
  return Object.fromEntries(Object.entries(list).filter(([name]) => wanted.has(name)));
}

export function withoutZeros(list: ResourceList): ResourceList {
  return Object.fromEntries(Object.entries(list).filter(([, value]) => compareQuantities(value, '0') !== 0));
}

/** Names whose value is more than the limit that `limits` has for them. */
export function exceeding(list: ResourceList, limits: ResourceList): string[] {
  return Object.keys(limits).filter((name) => list[name] !== undefined && compareQuantities(list[name], limits[name] ?? '0') > 0);
}

/** The same names with the same values, however written. */
export function sameList(a: ResourceList, b: ResourceList): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => b[name] !== undefined && compareQuantities(a[name] ?? '0', b[name]) === 0);
}

/** 'cpu=1,memory=2Gi', by name. */
export function formatList(list: ResourceList): string {
  return Object.keys(list)
    .sort()
    .map((name) => `${name}=${list[name]}`)
    .join(',');
}
