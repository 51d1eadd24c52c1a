/** CEL's macros: has, the comprehensions (of one and two variables), sortBy and those of optionals. */
import { fieldOf, ProblemAt, spend, type Compiled, type Compiler, type Frame, type Scope } from './compile.ts';
import { sortedBy } from './library-lists.ts';
import type { Node } from './parse.ts';
import { BOOL, DYN, INT, list, map, optional, show, type Type } from './types.ts';
import { CelError, CelMap, isStruct, Optional, type Value } from './values.ts';

type Call = Node & { kind: 'call' };
const ITERATION_COST = 2;

/** Undefined when the call is no macro. */
export function expandMacro(node: Call, scope: Scope, compiler: Compiler): Compiled | undefined {
  const { target, name, args } = node;
  if (target === undefined) return name === 'has' && args.length === 1 ? has(node, scope, compiler) : undefined;
  switch (`${name}/${args.length}`) {
    case 'all/2':
    case 'exists/2':
    case 'exists_one/2':
    case 'filter/2':
    case 'map/2':
    case 'map/3':
      return comprehension(node, 1, scope, compiler);
    case 'all/3':
    case 'exists/3':
    case 'existsOne/3':
    case 'transformList/3':
    case 'transformList/4':
    case 'transformMap/3':
    case 'transformMap/4':
      return comprehension(node, 2, scope, compiler);
    case 'existsOne/2':
      return comprehension(node, 1, scope, compiler);
    case 'sortBy/2':
      return sortBy(node, scope, compiler);
    case 'optMap/2':
    case 'optFlatMap/2':
      return optionalMap(node, scope, compiler);
    default:
      return undefined;
  }
}

function has({ args: [arg], at }: Call, scope: Scope, compiler: Compiler): Compiled {
  if (arg?.kind !== 'select') throw new ProblemAt('invalid argument to has() macro', at);
  const operand = compiler.compile(arg.operand, scope);
  const { name } = fieldOf(operand.type, arg.field, arg.at);
  return {
    type: BOOL,
    run: (frame) => {
      spend(frame.meter, 1);
      const value = operand.run(frame);
      const inner = value instanceof Optional ? (value.value ?? null) : value;
      if (inner === null && value instanceof Optional) return false;
      if (inner === null || typeof inner !== 'object' || !isStruct(inner)) throw new CelError('no such overload');
      return inner.has(name);
    },
  };
}

function variable(node: Node | undefined): string {
  if (node?.kind !== 'ident') throw new ProblemAt('argument must be a simple name', node?.at ?? 0);
  return node.name;
}

/** The list by the order of what the expression makes of each item. */
function sortBy({ target, args }: Call, scope: Scope, compiler: Compiler): Compiled {
  const source = compiler.compile(target!, scope);
  const { scope: inner, slot } = scope.with(variable(args[0]), source.type.kind === 'list' ? source.type.element : DYN);
  const key = compiler.compile(args[1]!, inner);
  return {
    type: source.type,
    run: (frame) => {
      const items = source.run(frame);
      if (!Array.isArray(items)) throw new CelError('no such overload');
      const keys = items.map((item) => {
        spend(frame.meter, ITERATION_COST);
        frame.slots[slot] = item;
        return key.run(frame);
      });
      return sortedBy(items, keys);
    },
  };
}

function optionalMap({ target, name, args }: Call, scope: Scope, compiler: Compiler): Compiled {
  const source = compiler.compile(target!, scope);
  const { scope: inner, slot } = scope.with(variable(args[0]), source.type.kind === 'optional' ? source.type.inner : DYN);
  const body = compiler.compile(args[1]!, inner);
  const flat = name === 'optFlatMap';
  return {
    type: flat ? body.type : optional(body.type),
    run: (frame) => {
      const value = source.run(frame);
      if (!(value instanceof Optional)) throw new CelError('no such overload');
      if (value.value === undefined) return value;
      frame.slots[slot] = value.value;
      const result = body.run(frame);
      return flat ? result : new Optional(result);
    },
  };
}

function memberTypes(type: Type, variables: 1 | 2): [Type, Type] | undefined {
  switch (type.kind) {
    case 'list':
      return variables === 1 ? [type.element, DYN] : [INT, type.element];
    case 'map':
      return [type.key, type.value];
    case 'dyn':
      return [DYN, DYN];
    default:
      return undefined;
  }
}

function comprehension({ target, name, args, at }: Call, variables: 1 | 2, scope: Scope, compiler: Compiler): Compiled {
  const range = compiler.compile(target!, scope);
  const types = memberTypes(range.type, variables);
  if (types === undefined)
    throw new ProblemAt(`expression of type '${show(range.type)}' cannot be range of a comprehension (must be list, map, or dynamic)`, target!.at);
  const first = scope.with(variable(args[0]), types[0]);
  const second = variables === 2 ? first.scope.with(variable(args[1]), types[1]) : undefined;
  const inner = (second ?? first).scope;
  const [one, two] = args.slice(variables);
  const filtered = two !== undefined;
  const step = two ?? one!;
  const isTest = !['map', 'transformList', 'transformMap'].includes(name);
  const condition = filtered ? compiler.compileAs(one!, inner, BOOL) : undefined;
  const body = isTest ? compiler.compileAs(step, inner, BOOL) : compiler.compile(step, inner);
  const each = (frame: Frame, visit: (value: Value, key: Value) => boolean): void => {
    for (const [a, b] of members(range.run(frame), variables, at)) {
      spend(frame.meter, ITERATION_COST);
      frame.slots[first.slot] = a;
      if (second !== undefined) frame.slots[second.slot] = b;
      if (condition !== undefined && condition.run(frame) !== true) continue;
      if (!visit(body.run(frame), a)) return;
    }
  };
  switch (name) {
    case 'all':
    case 'exists':
      return { type: BOOL, run: (frame) => quantified(frame, body, name === 'exists', members(range.run(frame), variables, at), first.slot, second?.slot) };
    case 'exists_one':
    case 'existsOne':
      return {
        type: BOOL,
        run: (frame) => {
          let count = 0;
          each(frame, (value) => {
            if (value === true) count++;
            return true;
          });
          return count === 1;
        },
      };
    case 'filter': {
      return {
        type: range.type.kind === 'map' ? list(range.type.key) : range.type,
        run: (frame) => {
          const kept: Value[] = [];
          each(frame, (value, item) => {
            if (value === true) kept.push(item);
            return true;
          });
          return kept;
        },
      };
    }
    case 'transformMap':
      return {
        type: map(types[0], body.type),
        run: (frame) => {
          const made: [Value, Value][] = [];
          each(frame, (value, key) => made.push([key, value]) > 0);
          return new CelMap(made);
        },
      };
    default:
      return {
        type: list(body.type),
        run: (frame) => {
          const made: Value[] = [];
          each(frame, (value) => made.push(value) > 0);
          return made;
        },
      };
  }
}

function members(range: Value, variables: 1 | 2, _at: number): [Value, Value][] {
  if (Array.isArray(range)) return variables === 1 ? range.map((item) => [item, null]) : range.map((item, i) => [BigInt(i), item]);
  if (range === null || typeof range !== 'object' || !isStruct(range)) throw new CelError('no such overload');
  return range.keys().map((key) => [key, variables === 1 ? null : range.get(key)!]);
}

/** As with && and ||, errors of some do not count when another decides. */
function quantified(frame: Frame, body: Compiled, decisive: boolean, items: [Value, Value][], slot: number, secondSlot: number | undefined): Value {
  let failure: CelError | undefined;
  for (const [a, b] of items) {
    spend(frame.meter, ITERATION_COST);
    frame.slots[slot] = a;
    if (secondSlot !== undefined) frame.slots[secondSlot] = b;
    try {
      const value = body.run(frame);
      if (value === decisive) return decisive;
      if (typeof value !== 'boolean') throw new CelError('no such overload');
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return !decisive;
}
