/** What calls of the libraries may cost, and how large their results may be: Kubernetes' estimates and those of cel-go's extensions. */
import type { Node } from './ast.ts';
import { add, factored, fixed, multiply, SIZE_MAX, unknown, type Range } from './estimate-ranges.ts';
import type { Overload } from './functions.ts';
import { CHECK_COST, FLAT_FUNCTIONS, LIST_COST, PATTERN, STRUCT_COST, TRAVERSAL } from './runtime-cost.ts';
import { parametersOf, same, type Type } from './types.ts';

/** How large what a path of fields leads to may be. */
export type SizeOf = (path: readonly string[]) => number | undefined;

export interface Argument {
  node: Node;
  type: Type;
  path: readonly string[] | undefined;
  size: Range | undefined;
}

export interface CallEstimate extends Range {
  /** Of the result. */
  size: Range | undefined;
}

const NAMED_PATTERN_MAX = 128;
const NAMED_FORMAT_MAX = 64;
/** Bytes of an address. */
const ADDRESS: Range = { min: 4, max: 16 };

const estimate = (cost: Range, size?: Range): CallEstimate => ({ ...cost, size });
const walked = (size: Range): Range => factored(size, TRAVERSAL);

/** Undefined for functions that no library has something to say about. */
export function estimateLibrary(
  name: string,
  overload: Overload | undefined,
  target: Argument | undefined,
  args: readonly Argument[],
  sizeOf: SizeOf,
): CallEstimate | undefined {
  if (FLAT_FUNCTIONS.has(name)) return estimate(fixed(1));
  const own = target === undefined ? undefined : (target.size ?? unknown());
  const [first = unknown(), second = unknown()] = args.map(({ size }) => size ?? unknown());
  switch (name) {
    case 'check':
      return estimate(fixed(CHECK_COST));
    case 'fieldSelector':
    case 'labelSelector':
      return estimate(add(add(fixed(LIST_COST), walked(first)), factored(factored(first, 0.5), LIST_COST + STRUCT_COST)));
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      return target === undefined ? undefined : estimate(searched(target, sizeOf));
    case 'url':
    case 'jsonpatch.escapeKey':
      return estimate(walked(first), first);
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
      return own && estimate(walked(own), own);
    case 'replace':
      return own && estimate(factored(own, 2 * TRAVERSAL), replaced(own, first, second));
    case 'split': {
      const limit = args[1]?.node;
      const most = limit?.kind === 'literal' && typeof limit.value === 'bigint' ? (limit.value < 0n ? SIZE_MAX : Number(limit.value)) : undefined;
      return own && estimate(factored(own, 2 * TRAVERSAL), { min: 0, max: most ?? own.max });
    }
    case 'join':
      return target && joined(target, own!, args.length > 0 ? first : undefined, sizeOf);
    case 'find':
    case 'findAll':
      return own && estimate(multiply(walked(add(own, fixed(1))), factored(first, PATTERN)), { min: 0, max: own.max });
    case 'ip':
      return overload?.args[0]?.kind === 'foreign' ? estimate(fixed(1)) : estimate(walked(first));
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
    case 'semver':
    case 'isSemver':
      return estimate(walked(first));
    case 'ip.isCanonical':
      return estimate(factored(first, 2 * TRAVERSAL));
    case 'containsIP':
    case 'containsCIDR': {
      const compared = walked(add(ADDRESS, ADDRESS));
      const masked = name === 'containsIP' ? compared : add(add(compared, walked(ADDRESS)), fixed(1));
      return estimate(overload?.args[1]?.kind === 'string' ? add(masked, walked(first)) : masked);
    }
    case 'validate':
      return estimate(factored(walked(first), NAMED_PATTERN_MAX * PATTERN));
    case '_==_':
      return equality(args);
    default:
      return estimateExtension(name, overload, own, args);
  }
}

/** cel-go's own extensions for lists and sets. */
function estimateExtension(name: string, overload: Overload | undefined, own: Range | undefined, args: readonly Argument[]): CallEstimate | undefined {
  const made = (factor: number, size: Range): CallEstimate => estimate(add(factored(size, factor), fixed(1 + LIST_COST)), size);
  const isText = (type: Type | undefined): boolean => type?.kind === 'list' && (type.element.kind === 'string' || type.element.kind === 'bytes');
  const ordered = (size: Range, type: Type | undefined): CallEstimate => made(isText(type) ? 2 + TRAVERSAL : 2, multiply(size, size));
  const size = (i: number): Range => args[i]?.size ?? unknown();
  switch (name) {
    case 'slice': {
      const length = numberOf(args[1], own!.max) - numberOf(args[0], 0);
      return made(1, fixed(length < 0 ? SIZE_MAX : length));
    }
    case 'lists.range':
      return made(1, fixed(numberOf(args[0], SIZE_MAX)));
    case 'reverse':
      return made(1, own!);
    case 'flatten':
      return made(args.length === 0 ? 1 : numberOf(args[0], SIZE_MAX), own!);
    case 'distinct':
      return made(2, multiply(own!, own!));
    case 'sort':
      return ordered(own!, overload?.args[0]);
    case '@sortByAssociatedKeys':
      return ordered(size(0), overload?.args[1]);
    case 'sets.contains':
    case 'sets.intersects':
    case 'sets.equivalent':
      return estimate(add(factored(multiply(size(0), size(1)), name === 'sets.equivalent' ? 2 : 1), fixed(1)));
    default:
      return undefined;
  }
}

/** A number that is written out, else the other. */
function numberOf(arg: Argument | undefined, otherwise: number): number {
  return arg?.node.kind === 'literal' && typeof arg.node.value === 'bigint' ? Math.max(Number(arg.node.value), 0) : otherwise;
}

/** The size of a list's elements, with their type; undefined for what has none. */
function elementOf({ type, path }: Argument, sizeOf: SizeOf): { type: Type; size: Range } | undefined {
  const [element] = parametersOf(type);
  if (element === undefined) return undefined;
  const max = path === undefined || path.length === 0 ? undefined : sizeOf([...path, '@items']);
  return { type: element, size: max === undefined ? unknown() : { min: 0, max } };
}

function searched(target: Argument, sizeOf: SizeOf): Range {
  const size = target.size ?? unknown();
  const element = elementOf(target, sizeOf);
  if (element === undefined) return walked(size);
  const isText = element.type.kind === 'string' || element.type.kind === 'bytes';
  return multiply(size, isText ? add(fixed(1), walked(element.size)) : fixed(1));
}

/** The size of a text in which every occurrence of another is replaced. */
function replaced(text: Range, old: Range, replacement: Range): Range {
  const count = { min: 0, max: 0 };
  const kept = { min: 0, max: 0 };
  if (old.min === 0) {
    count.max = Math.min(text.max + 1, SIZE_MAX);
    kept.max = text.max;
  } else if (replacement.max <= old.min) kept.max = text.max;
  else count.max = Math.ceil(text.max / old.min);
  if (old.max === 0) {
    count.min = Math.min(text.min + 1, SIZE_MAX);
    kept.min = text.min;
  } else if (old.max <= replacement.min) kept.min = text.min;
  else count.min = Math.ceil(text.min / old.max);
  return add(multiply(count, replacement), kept);
}

function joined(target: Argument, list: Range, separator: Range | undefined, sizeOf: SizeOf): CallEstimate {
  const element = elementOf(target, sizeOf);
  let size = element === undefined ? fixed(0) : multiply(list, element.size);
  if (separator !== undefined) size = add(size, multiply(separator, { min: Math.max(list.min - 1, 0), max: Math.max(list.max - 1, 0) }));
  return estimate(walked(size), size);
}

function equality([a, b]: readonly Argument[]): CallEstimate | undefined {
  if (a === undefined || b === undefined || !same(a.type, b.type)) return undefined;
  if (a.type.kind === 'object') return a.type.name === 'kubernetes.authorization.Authorizer' ? estimate(fixed(1)) : undefined;
  if (a.type.kind !== 'foreign') return undefined;
  switch (a.type.name) {
    case 'kubernetes.NamedFormat':
      return estimate(walked({ min: 1, max: NAMED_FORMAT_MAX }));
    case 'kubernetes.URL':
      return estimate(walked({ min: 1, max: b.size === undefined ? 1 : b.size.max }));
    default:
      return estimate(fixed(1));
  }
}
