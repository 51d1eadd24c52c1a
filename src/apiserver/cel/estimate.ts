/**
 * What an expression may cost at most, and at least, before it ever runs: cel-go's estimate, from the sizes that schemas bound. Rules of
 * schemas are refused by it.
 */
import { childrenOf, type Call, type Node } from './ast.ts';
import type { Checked } from './check.ts';
import { add, factored, fixed, multiply, union, unknown, type Range } from './estimate-ranges.ts';
import { estimateLibrary, type Argument, type CallEstimate, type SizeOf } from './estimate-calls.ts';
import type { Overload } from './functions.ts';
import { LIST_COST, lengthOf, MAP_COST, ORDERINGS, PATTERN, STRUCT_COST, TRAVERSAL } from './runtime-cost.ts';
import type { Type } from './types.ts';

/** The sizes of a container's keys and values. */
interface EntrySizes {
  container: 'list' | 'map';
  key: Range;
  value: Range;
}

interface Local {
  path: readonly string[] | undefined;
  size: Range | undefined;
  entries: EntrySizes | undefined;
}

/** The largest cost; `sizeOf` says how large what a path leads to may be, undefined where it is not known. */
export function estimateCost(root: Node, checked: Checked, sizeOf: SizeOf): Range {
  return new Estimator(checked, sizeOf).cost(root);
}

const ONE = fixed(1);

class Estimator {
  readonly #checked: Checked;
  readonly #sizeOf: SizeOf;
  readonly #paths = new Map<Node, readonly string[] | undefined>();
  readonly #sizes = new Map<Node, Range>();
  readonly #entries = new Map<Node, EntrySizes>();
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: Checked, sizeOf: SizeOf) {
    this.#checked = checked;
    this.#sizeOf = sizeOf;
  }

  cost(node: Node): Range {
    switch (node.kind) {
      case 'literal':
        return fixed(0);
      case 'ident':
        this.#paths.set(node, this.#local(node) === undefined ? [node.name] : this.#local(node)!.path);
        return ONE;
      case 'select':
        return this.#select(node);
      case 'call':
        return this.#call(node);
      case 'list': {
        const cost = this.#all(node);
        this.#entries.set(node, { container: 'list', key: ONE, value: this.#spread(node.items.map(({ value }) => value)) });
        return add(cost, fixed(LIST_COST));
      }
      case 'map': {
        const cost = this.#all(node);
        const [keys, values] = [this.#spread(node.entries.map(({ key }) => key)), this.#spread(node.entries.map(({ value }) => value))];
        this.#entries.set(node, { container: 'map', key: keys, value: values });
        return add(cost, fixed(MAP_COST));
      }
      case 'struct':
        return add(this.#all(node), fixed(STRUCT_COST));
      case 'fold':
        return node.macro === 'bind' ? this.#bind(node) : this.#fold(node);
    }
  }

  #all(node: Node): Range {
    return childrenOf(node).reduce((sum, child) => add(sum, this.cost(child)), fixed(0));
  }

  /** The sizes of all of them. */
  #spread(nodes: readonly Node[]): Range {
    if (nodes.length === 0) return fixed(0);
    return nodes.map((node) => this.#size(node) ?? unknown()).reduce(union);
  }

  #local(node: Node): Local | undefined {
    return node.kind === 'ident' ? this.#locals.get(node.name)?.at(-1) : undefined;
  }

  #push(name: string, local: Local): void {
    const known = this.#locals.get(name);
    if (known === undefined) this.#locals.set(name, [local]);
    else known.push(local);
  }

  #path(node: Node): readonly string[] | undefined {
    const local = this.#local(node);
    return local === undefined ? this.#paths.get(node) : local.path;
  }

  #select(node: Node & { kind: 'select' }): Range {
    const inner = this.cost(node.operand);
    if (node.test) return inner;
    const { kind } = this.#checked.typeOf(node.operand);
    this.#paths.set(node, [...(this.#path(node.operand) ?? []), node.field]);
    return kind === 'map' || kind === 'object' ? add(inner, ONE) : inner;
  }

  #size(node: Node): Range | undefined {
    const known = this.#sizes.get(node) ?? sizeOfLiteral(node);
    if (known !== undefined) return known;
    const path = this.#path(node);
    const bound = path === undefined || path.length === 0 ? undefined : this.#sizeOf(path);
    if (bound !== undefined) {
      const size = { min: 0, max: bound };
      this.#sizes.set(node, size);
      return size;
    }
    return isScalar(this.#checked.typeOf(node)) ? ONE : this.#local(node)?.size;
  }

  #entriesOf(node: Node): EntrySizes | undefined {
    return this.#entries.get(node) ?? this.#local(node)?.entries;
  }

  #argument(node: Node): Argument {
    const path = this.#path(node);
    const isInner = path?.[0] === '@result' || path?.[0] === '__result__';
    return { node, type: this.#checked.typeOf(node), path: isInner ? undefined : path, size: this.#size(node) };
  }

  #call(node: Call): Range {
    const { name, args, target } = node;
    if (name === 'dyn') {
      const cost = this.cost(args[0]!);
      this.#copySizes(node, args[0]!);
      return add(cost, ONE);
    }
    const costs = args.map((arg) => this.cost(arg));
    const given = args.map((arg) => this.#argument(arg));
    const overloads: readonly (Overload | undefined)[] = this.#checked.overloads.get(node) ?? [undefined];
    const outer = target === undefined ? fixed(0) : this.cost(target);
    const receiver = target === undefined ? undefined : this.#argument(target);
    let cost: Range | undefined;
    let size: Range | undefined;
    for (const overload of overloads) {
      const found = this.#function(node, name, overload, receiver, given, costs);
      cost = cost === undefined ? found : union(cost, found);
      if (found.size !== undefined) size = size === undefined ? found.size : union(size, found.size);
      const container = name === '_[_]' ? overload?.args[0]?.kind : undefined;
      if (container === 'list' || container === 'map') {
        size = this.#entriesOf(args[0]!)?.value;
        this.#paths.set(node, [...(this.#path(args[0]!) ?? []), container === 'list' ? '@items' : '@values']);
      }
      size ??= this.#size(node);
    }
    if (size !== undefined) this.#sizes.set(node, size);
    return add(outer, cost!);
  }

  #function(
    node: Call,
    name: string,
    overload: Overload | undefined,
    target: Argument | undefined,
    args: readonly Argument[],
    costs: readonly Range[],
  ): CallEstimate {
    const all = costs.reduce(add, fixed(0));
    const ofLibrary = estimateLibrary(name, overload, target, args, this.#sizeOf);
    if (ofLibrary !== undefined) return { ...add(ofLibrary, all), size: ofLibrary.size };
    const [first, second, third] = args.map(({ size }) => size ?? unknown());
    const isText = overload?.args[0]?.kind === 'string' || overload?.args[0]?.kind === 'bytes';
    switch (name) {
      case 'format':
        return { ...add(factored(target?.size ?? unknown(), TRAVERSAL), all), size: undefined };
      case 'bytes':
        if (overload?.args[0]?.kind === 'string') return { ...add(factored(first!, TRAVERSAL), all), size: { min: first!.min, max: first!.max * 4 } };
        break;
      case 'string':
        if (overload?.args[0]?.kind === 'bytes')
          return { ...add(factored(first!, TRAVERSAL), all), size: { min: Math.floor(first!.min / 4), max: first!.max } };
        break;
      case 'strings.quote':
        return { ...add(factored(first!, TRAVERSAL), all), size: { min: first!.min + 2, max: first!.max * 2 + 2 } };
      case 'startsWith':
      case 'endsWith':
        return { ...add(factored(first!, TRAVERSAL), all), size: undefined };
      case '@in':
        if (overload?.args[1]?.kind === 'list') return { ...add(second!, all), size: undefined };
        break;
      case 'matches': {
        const [text, pattern] = target === undefined ? [first!, second!] : [target.size ?? unknown(), first!];
        return { ...add(multiply(factored(add(text, ONE), TRAVERSAL), factored(pattern, PATTERN)), all), size: undefined };
      }
      case 'contains':
        return { ...add(multiply(factored(target?.size ?? unknown(), TRAVERSAL), factored(first!, TRAVERSAL)), all), size: undefined };
      case '_&&_':
      case '_||_':
        return { min: costs[0]!.min, max: add(costs[0]!, costs[1]!).max, size: undefined };
      case '_?_:_': {
        const [then, otherwise] = [this.#entriesOf(args[1]!.node), this.#entriesOf(args[2]!.node)];
        this.#joinEntries(node, then, otherwise);
        return { ...add(costs[0]!, union(costs[1]!, costs[2]!)), size: union(second!, third!) };
      }
      case '_+_':
        if (isText || overload?.args[0]?.kind === 'list') {
          const size = add(first!, second!);
          this.#joinEntries(node, this.#entriesOf(args[0]!.node), this.#entriesOf(args[1]!.node));
          return { ...add(isText ? factored(size, TRAVERSAL) : ONE, all), size };
        }
        break;
      case '_==_':
      case '_!=_':
        return { ...add(comparison(first!, second!), all), size: undefined };
    }
    if (ORDERINGS.has(name) && isText) return { ...add(comparison(first!, second!), all), size: undefined };
    return { ...add(ONE, all), size: undefined };
  }

  #joinEntries(node: Node, a: EntrySizes | undefined, b: EntrySizes | undefined): void {
    if (a !== undefined && b !== undefined) this.#entries.set(node, { container: a.container, key: union(a.key, b.key), value: union(a.value, b.value) });
  }

  #copySizes(to: Node, from: Node): void {
    const [size, entries] = [this.#size(from), this.#entriesOf(from)];
    if (size !== undefined) this.#sizes.set(to, size);
    if (entries !== undefined) this.#entries.set(to, entries);
  }

  #bind(node: Node & { kind: 'fold' }): Range {
    const before = add(this.cost(node.range), this.cost(node.init));
    this.#push(node.accumulator, { path: this.#path(node.init), size: this.#size(node.init), entries: this.#entriesOf(node.init) });
    const cost = add(before, this.cost(node.result));
    this.#locals.get(node.accumulator)!.pop();
    this.#copySizes(node, node.result);
    return cost;
  }

  #fold(node: Node & { kind: 'fold' }): Range {
    const before = add(this.cost(node.range), this.cost(node.init));
    this.#push(node.accumulator, { path: this.#path(node.init), size: this.#size(node.init), entries: this.#entriesOf(node.init) });
    const entries = this.#entriesOf(node.range);
    const container = entries?.container ?? this.#checked.typeOf(node.range).kind;
    const path = this.#path(node.range) ?? [];
    const isList = container === 'list';
    if (node.second === undefined) {
      this.#push(node.variable, { path: [...path, isList ? '@items' : '@keys'], size: isList ? entries?.value : entries?.key, entries: undefined });
    } else {
      this.#push(node.variable, { path: [...path, isList ? '@indices' : '@keys'], size: entries?.key, entries: undefined });
      this.#push(node.second, { path: [...path, isList ? '@items' : '@values'], size: entries?.value, entries: undefined });
    }
    const loop = add(this.cost(node.condition), this.cost(node.step));
    this.#locals.get(node.variable)!.pop();
    if (node.second !== undefined) this.#locals.get(node.second)!.pop();
    const after = add(before, this.cost(node.result));
    this.#locals.get(node.accumulator)!.pop();
    const count = this.#size(node.range) ?? unknown();
    if (node.init.kind === 'literal') {
      this.#sizes.set(node, this.#size(node.init) ?? ONE);
    } else {
      this.#sizes.set(node, count);
      const made = this.#entriesOf(node.step);
      if (made !== undefined) this.#entries.set(node, made);
    }
    return add(after, multiply(count, loop));
  }
}

function comparison(a: Range, b: Range): Range {
  const max = Math.min(a.max, b.max);
  return factored({ min: max > 0 ? 1 : 0, max }, TRAVERSAL);
}

function sizeOfLiteral(node: Node): Range | undefined {
  switch (node.kind) {
    case 'literal':
      return fixed(typeof node.value === 'string' ? lengthOf(node.value) : node.value instanceof Uint8Array ? node.value.length : 1);
    case 'list':
      return fixed(node.items.length);
    case 'map':
      return fixed(node.entries.length);
    default:
      return undefined;
  }
}

function isScalar(type: Type): boolean {
  switch (type.kind) {
    case 'bool':
    case 'double':
    case 'duration':
    case 'int':
    case 'timestamp':
    case 'uint':
      return true;
    case 'optional':
      return isScalar(type.inner);
    default:
      return false;
  }
}
