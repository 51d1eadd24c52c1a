/** What calls cost while they run: cel-go's counts, and Kubernetes' for its libraries. */
import type { Overload } from './functions.ts';
import { Cidr, Ip } from './ip.ts';
import { CelError, Foreign, isStruct, Optional, type Value } from './values.ts';

/** What one evaluation has spent, and may spend. */
export interface Meter {
  cost: number;
  limit: number;
}

/** Not a CelError: no operator may swallow it. */
export class BudgetExceeded extends Error {}

/** Throws BudgetExceeded. */
export function spend(meter: Meter, cost: number): void {
  meter.cost += cost;
  if (meter.cost > meter.limit) throw new BudgetExceeded('operation cancelled: actual cost limit exceeded');
}

export const LIST_COST = 10;
export const MAP_COST = 30;
export const STRUCT_COST = 40;
/** Of a character that is walked over, and of one of a pattern. */
export const TRAVERSAL = 0.1;
export const PATTERN = 0.25;
/** Upstream's charge for asking an authorizer. */
export const CHECK_COST = 350_000;

/** Charged alike whatever they are given. */
export const FLAT_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'serviceAccount path group resource subresource namespace name allowed reason error errored ' +
    'masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast format.named ' +
    'sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch ' +
    'getScheme getHostname getHost getPort getEscapedPath getQuery'
  ).split(' '),
);
export const ORDERINGS: ReadonlySet<string> = new Set(['_<_', '_<=_', '_>_', '_>=_']);

type Cost = (args: readonly Value[], result: Value | CelError) => number;

const one: Cost = () => 1;
const walked =
  (at: number, times = 1): Cost =>
  (args) =>
    Math.ceil(sizeOf(args[at]!) * times * TRAVERSAL);
const allocating = (factor: number, size: number): number => Math.floor(size * (factor < 0 ? 1 : factor)) + 1 + LIST_COST;
const matching = (text: Value, pattern: Value): number => Math.ceil((1 + sizeOf(text)) * TRAVERSAL) * Math.ceil(sizeOf(pattern) * PATTERN);

/** `overload` is undefined when only the arguments' values tell which is meant. */
export function runtimeCost(name: string, overload: Overload | undefined): Cost {
  return libraryCost(name, overload) ?? (overload === undefined ? one : standardCost(name, overload));
}

function libraryCost(name: string, overload: Overload | undefined): Cost | undefined {
  if (FLAT_FUNCTIONS.has(name)) return one;
  switch (name) {
    case 'check':
      return () => CHECK_COST;
    case 'fieldSelector':
    case 'labelSelector':
      return (args) => LIST_COST + Math.ceil(sizeOf(args[1]!) * TRAVERSAL) + Math.ceil(sizeOf(args[1]!) / 2) * (LIST_COST + STRUCT_COST);
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      return ([value]) => deepCost(value!);
    case 'ip':
      return overload?.args[0]?.kind === 'foreign' ? one : walked(0);
    case 'url':
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
    case 'jsonpatch.escapeKey':
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
    case 'semver':
    case 'isSemver':
      return walked(0);
    case 'replace':
    case 'split':
    case 'ip.isCanonical':
      return walked(0, 2);
    case 'join':
      return (_, result) => (result instanceof CelError ? 1 : Math.ceil(sizeOf(result) * 2 * TRAVERSAL));
    case 'find':
    case 'findAll':
      return ([text, pattern]) => matching(text!, pattern!);
    case 'containsIP':
      return ([cidr, other]) => Math.ceil(2 * sizeOf(cidr!) * TRAVERSAL) + parsed(overload, other!);
    case 'containsCIDR':
      return ([cidr, other]) => Math.ceil(2 * sizeOf(cidr!) * TRAVERSAL) + Math.ceil(sizeOf(cidr!) * TRAVERSAL) + 1 + parsed(overload, other!);
    case 'validate':
      return ([format, text]) => Math.ceil((1 + sizeOf(text!)) * TRAVERSAL) * Math.ceil(patternSize(format!) * PATTERN);
    default:
      return undefined;
  }
}

/** Addresses given as text are read first. */
function parsed(overload: Overload | undefined, other: Value): number {
  return overload?.args[1]?.kind === 'string' ? Math.ceil(sizeOf(other) * TRAVERSAL) : 0;
}

function patternSize(format: Value): number {
  return format instanceof Foreign && 'patternSize' in format ? Number(format.patternSize) : 0;
}

function standardCost(name: string, { args: [first] }: Overload): Cost {
  const isText = first?.kind === 'string' || first?.kind === 'bytes';
  switch (name) {
    case 'startsWith':
    case 'endsWith':
      return walked(1);
    case 'strings.quote':
    case 'format':
      return walked(0);
    case 'bytes':
      return first?.kind === 'string' ? walked(0) : one;
    case 'string':
      return first?.kind === 'bytes' ? walked(0) : one;
    case '@in':
      return (args) => sizeOf(args[1]!);
    case '_==_':
    case '_!=_':
      return ([a, b]) => (name === '_==_' && a instanceof Foreign ? 1 : smaller(a!, b!));
    case '_<_':
    case '_<=_':
    case '_>_':
    case '_>=_':
      return isText ? ([a, b]) => smaller(a!, b!) : one;
    case '_+_':
      return isText ? ([a, b]) => Math.ceil((sizeOf(a!) + sizeOf(b!)) * TRAVERSAL) : one;
    case 'matches':
      return ([text, pattern]) => matching(text!, pattern!);
    case 'contains':
      return ([text, part]) => Math.ceil(sizeOf(text!) * TRAVERSAL) * Math.ceil(sizeOf(part!) * TRAVERSAL);
    case 'slice':
    case 'lists.range':
    case 'reverse':
      return (_, result) => allocating(1, result instanceof CelError ? 1 : sizeOf(result));
    case 'flatten':
      return ([list, depth]) => allocating(depth === undefined ? 1 : Number(depth), sizeOf(list!));
    case 'distinct':
    case 'sort':
      return ([list]) => comparing(list!);
    case '@sortByAssociatedKeys':
      return ([, keys]) => comparing(keys!);
    case 'sets.contains':
    case 'sets.intersects':
      return ([a, b]) => 1 + sizeOf(a!) * sizeOf(b!);
    case 'sets.equivalent':
      return ([a, b]) => 1 + 2 * sizeOf(a!) * sizeOf(b!);
    default:
      return one;
  }
}

function smaller(a: Value, b: Value): number {
  return Math.ceil(Math.min(sizeOf(a), sizeOf(b)) * TRAVERSAL);
}

/** Of every element of a list with every other. */
function comparing(list: Value): number {
  const size = sizeOf(list);
  const first = Array.isArray(list) ? list[0] : undefined;
  const isText = typeof first === 'string' || first instanceof Uint8Array;
  return allocating(isText ? 2 + TRAVERSAL : 2, size * size);
}

/** What `size()` says; one for what has none. */
function sizeOf(value: Value): number {
  if (typeof value === 'string') return lengthOf(value);
  if (value === null || typeof value !== 'object') return 1;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (isStruct(value)) return value.size;
  if (value instanceof Optional) return value.value === undefined ? 1 : sizeOf(value.value);
  if (value instanceof Ip) return value.width / 8;
  return value instanceof Cidr ? Math.ceil(value.bits / 8) : 1;
}

/** Of characters, not of UTF-16's units. */
export function lengthOf(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length) {
      length--;
      i++;
    }
  }
  return length;
}

/** Of walking through a value with all that is in it. */
function deepCost(value: Value): number {
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * TRAVERSAL);
  if (value instanceof Uint8Array) return Math.floor(value.length * TRAVERSAL);
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + deepCost(item), 0);
  if (value !== null && typeof value === 'object' && isStruct(value))
    return value.keys().reduce<number>((sum, key) => sum + deepCost(key) + deepCost(value.get(key)!), 0);
  return 1;
}
