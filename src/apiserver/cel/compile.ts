/**
 * From an expression's text to a program: types are checked once, here, and what is left to do at each evaluation is a tree of
 * closures. Errors are worded as cel-go's, with the line and column.
 */
import { candidates, type Library, type Meter } from './functions.ts';
import { expandMacro } from './macros.ts';
import { indexOf, optionalIndex } from './library-standard.ts';
import { parse, SyntaxError, type Literal, type Node } from './parse.ts';
import { assignable, BOOL, BYTES, DOUBLE, DYN, INT, join, list, map, NULL, optional, show, STRING, TYPE, UINT, type Type } from './types.ts';
import { CelError, CelMap, isStruct, Optional, TypeName, Uint, type Value } from './values.ts';

/** What an evaluation carries: the values of variables by slot, and what it may still spend. */
export interface Frame {
  slots: Value[];
  meter: Meter;
}

export interface Compiled {
  type: Type;
  run(frame: Frame): Value;
}

/** Where a variable is found; those of macros shadow those outside. */
export interface Scope {
  find(name: string): { slot: number; type: Type } | undefined;
  /** A scope with one more variable. */
  with(name: string, type: Type): { scope: Scope; slot: number };
}

export class CompileError extends Error {}

/** The expression does not compile, at an offset into its source. */
export class ProblemAt extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export interface Compiler {
  compile(node: Node, scope: Scope): Compiled;
  /** The compiled node, which must be of the type. */
  compileAs(node: Node, scope: Scope, type: Type): Compiled;
}

const TYPE_NAMES: Record<string, string> = {
  bool: 'bool',
  int: 'int',
  uint: 'uint',
  double: 'double',
  string: 'string',
  bytes: 'bytes',
  list: 'list',
  map: 'map',
  null_type: 'null_type',
  type: 'type',
};
const STEP_COST = 1;

/** Throws CompileError. `wanted` is what the expression must evaluate to. */
export function compileSource(source: string, scope: Scope, library: Library): Compiled {
  try {
    return new ExpressionCompiler(library).compile(parse(source), scope);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof ProblemAt) throw new CompileError(located(source, error.at, error.message));
    throw error;
  }
}

function located(source: string, at: number, message: string): string {
  const before = source.slice(0, at);
  const line = before.split('\n').length;
  const column = at - (before.lastIndexOf('\n') + 1);
  const text = source.split('\n')[line - 1] ?? '';
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text.replaceAll('\t', ' ')}\n | ${'.'.repeat(column)}^`;
}

export function spend(meter: Meter, cost: number): void {
  meter.left -= cost;
  if (meter.left < 0) throw new BudgetExceeded('operation cancelled: actual cost limit exceeded');
}

/** Not a CelError: no operator may swallow it. */
export class BudgetExceeded extends Error {}

class ExpressionCompiler implements Compiler {
  readonly #library: Library;

  constructor(library: Library) {
    this.#library = library;
  }

  compile(node: Node, scope: Scope): Compiled {
    switch (node.kind) {
      case 'literal':
        return literal(node.value);
      case 'ident':
        return this.#ident(node, scope);
      case 'select':
        return this.#select(node, scope);
      case 'index':
        return this.#index(node, scope);
      case 'list':
        return this.#list(node, scope);
      case 'map':
        return this.#map(node, scope);
      case 'call':
        return this.#call(node, scope);
    }
  }

  compileAs(node: Node, scope: Scope, type: Type): Compiled {
    const compiled = this.compile(node, scope);
    if (!assignable(compiled.type, type)) throw new ProblemAt(`expected type '${show(type)}' but found '${show(compiled.type)}'`, node.at);
    return compiled;
  }

  #ident({ name, at }: Node & { kind: 'ident' }, scope: Scope): Compiled {
    const found = scope.find(name);
    if (found !== undefined) {
      const { slot, type } = found;
      return {
        type,
        run: ({ slots, meter }) => {
          spend(meter, STEP_COST);
          return slots[slot]!;
        },
      };
    }
    if (Object.hasOwn(TYPE_NAMES, name)) {
      const value = new TypeName(TYPE_NAMES[name]!);
      return { type: TYPE, run: () => value };
    }
    throw new ProblemAt(`undeclared reference to '${name}' (in container '')`, at);
  }

  #select({ operand, field, optional: maybe, at }: Node & { kind: 'select' }, scope: Scope): Compiled {
    const inner = this.compile(operand, scope);
    const { name, type } = fieldOf(inner.type, field, at);
    if (maybe || inner.type.kind === 'optional') {
      return {
        type: type.kind === 'optional' ? type : optional(type),
        run: (frame) => {
          spend(frame.meter, STEP_COST);
          return optionalIndex(inner.run(frame), name);
        },
      };
    }
    return {
      type,
      run: (frame) => {
        spend(frame.meter, STEP_COST);
        const value = inner.run(frame);
        if (value instanceof Optional) return optionalIndex(value, name);
        if (value === null || typeof value !== 'object' || !isStruct(value)) throw new CelError('no such overload');
        const found = value.get(name);
        if (found === undefined) throw new CelError(`no such key: ${name}`);
        return found;
      },
    };
  }

  #index({ operand, index, optional: maybe, at }: Node & { kind: 'index' }, scope: Scope): Compiled {
    const inner = this.compile(operand, scope);
    const key = this.compile(index, scope);
    const base = inner.type.kind === 'optional' ? inner.type.inner : inner.type;
    const type = base.kind === 'list' ? base.element : base.kind === 'map' ? base.value : base.kind === 'dyn' ? DYN : undefined;
    const keyType = base.kind === 'list' ? INT : base.kind === 'map' ? base.key : DYN;
    if (type === undefined || !assignable(key.type, keyType)) throw noOverload('_[_]', [inner.type, key.type], at);
    const asOptional = maybe || inner.type.kind === 'optional';
    const find = asOptional ? optionalIndex : indexOf;
    return {
      type: asOptional ? optional(type) : type,
      run: (frame) => {
        spend(frame.meter, STEP_COST);
        return find(inner.run(frame), key.run(frame));
      },
    };
  }

  #list({ items }: Node & { kind: 'list' }, scope: Scope): Compiled {
    const compiled = items.map(({ value, optional: maybe }) => ({ maybe, ...this.compile(value, scope) }));
    const types = compiled.map(({ maybe, type }) => (maybe && type.kind === 'optional' ? type.inner : type));
    return {
      type: list(join(types)),
      run: (frame) => {
        spend(frame.meter, STEP_COST + compiled.length);
        return compiled.flatMap(({ maybe, run }) => {
          const value = run(frame);
          if (!maybe || !(value instanceof Optional)) return [value];
          return value.value === undefined ? [] : [value.value];
        });
      },
    };
  }

  #map({ entries }: Node & { kind: 'map' }, scope: Scope): Compiled {
    const compiled = entries.map(({ key, value, optional: maybe }) => ({ maybe, key: this.compile(key, scope), value: this.compile(value, scope) }));
    return {
      type: map(
        join(compiled.map(({ key }) => key.type)),
        join(compiled.map(({ maybe, value: { type } }) => (maybe && type.kind === 'optional' ? type.inner : type))),
      ),
      run: (frame) => {
        spend(frame.meter, STEP_COST + compiled.length);
        const pairs = compiled.flatMap(({ maybe, key, value }): [Value, Value][] => {
          const [k, v] = [key.run(frame), value.run(frame)];
          if (!maybe || !(v instanceof Optional)) return [[k, v]];
          return v.value === undefined ? [] : [[k, v.value]];
        });
        return new CelMap(pairs);
      },
    };
  }

  #call(node: Node & { kind: 'call' }, scope: Scope): Compiled {
    const macro = expandMacro(node, scope, this);
    if (macro !== undefined) return macro;
    switch (node.name) {
      case '_&&_':
        return this.#logical(node, scope, false);
      case '_||_':
        return this.#logical(node, scope, true);
      case '_?_:_':
        return this.#conditional(node, scope);
    }
    const { target, args, at } = node;
    const namespaced = target?.kind === 'ident' && scope.find(target.name) === undefined ? `${target.name}.${node.name}` : undefined;
    const qualified = namespaced !== undefined && Object.hasOwn(this.#library, namespaced);
    const name = qualified ? namespaced : node.name;
    const member = target !== undefined && !qualified;
    const overloads = Object.hasOwn(this.#library, name) ? this.#library[name]! : undefined;
    if (overloads === undefined) throw new ProblemAt(`undeclared reference to '${name}' (in container '')`, at);
    const compiled = (member ? [target, ...args] : args).map((arg) => this.compile(arg, scope));
    const found = candidates(
      overloads,
      member,
      compiled.map(({ type }) => type),
    );
    const [first] = found;
    if (first === undefined) {
      const types = compiled.map(({ type }) => type);
      throw noOverload(name, types, at, member);
    }
    const type = join(found.map(({ result }) => result));
    const only =
      found.length === 1 &&
      compiled.every((arg, i) => arg.type.kind !== 'dyn' || first.overload.args[i]!.kind === 'param' || first.overload.args[i]!.kind === 'dyn')
        ? first.overload
        : undefined;
    return {
      type,
      run: (frame) => {
        const values = compiled.map((arg) => arg.run(frame));
        spend(frame.meter, STEP_COST + sizeCost(values));
        const overload = only ?? found.find((candidate) => fits(candidate.overload.args, values))?.overload;
        if (overload === undefined) throw new CelError('no such overload');
        return overload.call(values, frame.meter);
      },
    };
  }

  /** An error on one side does not count when the other side decides. */
  #logical({ args }: Node & { kind: 'call' }, scope: Scope, decisive: boolean): Compiled {
    const [left, right] = args.map((arg) => this.compileAs(arg, scope, BOOL));
    const attempt = (side: Compiled, frame: Frame): Value | CelError => {
      try {
        const value = side.run(frame);
        return typeof value === 'boolean' ? value : new CelError('no such overload');
      } catch (error) {
        if (error instanceof CelError) return error;
        throw error;
      }
    };
    return {
      type: BOOL,
      run: (frame) => {
        const first = attempt(left!, frame);
        if (first === decisive) return decisive;
        const second = attempt(right!, frame);
        if (second === decisive) return decisive;
        if (first instanceof CelError) throw first;
        if (second instanceof CelError) throw second;
        return !decisive;
      },
    };
  }

  #conditional({ args, at }: Node & { kind: 'call' }, scope: Scope): Compiled {
    const condition = this.compileAs(args[0]!, scope, BOOL);
    const [then, otherwise] = [this.compile(args[1]!, scope), this.compile(args[2]!, scope)];
    if (!assignable(then.type, otherwise.type) && !assignable(otherwise.type, then.type)) throw noOverload('_?_:_', [BOOL, then.type, otherwise.type], at);
    return {
      type: join([then.type, otherwise.type]),
      run: (frame) => {
        const value = condition.run(frame);
        if (typeof value !== 'boolean') throw new CelError('no such overload');
        return value ? then.run(frame) : otherwise.run(frame);
      },
    };
  }
}

/** cel-go counts strings by a tenth of their length and lists by their elements; so does this, for what a call is given. */
function sizeCost(values: readonly Value[]): number {
  let cost = 0;
  for (const value of values) {
    if (typeof value === 'string') cost += value.length * 0.1;
    else if (Array.isArray(value)) cost += value.length * 0.1;
  }
  return cost;
}

function fits(types: readonly Type[], values: readonly Value[]): boolean {
  const bound = new Map<string, Type>();
  return types.every((type, i) => assignable(typeOf(values[i]!), type, bound));
}

function typeOf(value: Value): Type {
  if (value === null) return NULL;
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'bigint':
      return INT;
    case 'number':
      return DOUBLE;
    case 'string':
      return STRING;
  }
  if (Array.isArray(value)) return list(value.length === 0 ? DYN : typeOf(value[0]!));
  if (value instanceof Uint) return UINT;
  if (value instanceof Uint8Array) return BYTES;
  if (isStruct(value)) return map(DYN, DYN);
  if (value instanceof Optional) return optional(value.value === undefined ? DYN : typeOf(value.value));
  if (value instanceof TypeName) return TYPE;
  if ('nanos' in value) return { kind: value.constructor.name === 'Timestamp' ? 'timestamp' : 'duration' };
  return { kind: 'foreign', name: value.typeName };
}

function literal(value: Literal): Compiled {
  if (value === null) return { type: NULL, run: () => null };
  if (typeof value === 'object') {
    if (value instanceof Uint8Array) return { type: BYTES, run: () => value };
    const unsigned = new Uint(value.uint);
    return { type: UINT, run: () => unsigned };
  }
  const type = { boolean: BOOL, bigint: INT, number: DOUBLE, string: STRING }[typeof value as 'boolean' | 'bigint' | 'number' | 'string'];
  return { type, run: () => value };
}

/** The member's own name and type. Throws for a field that the type does not have. */
export function fieldOf(type: Type, field: string, at: number): { name: string; type: Type } {
  switch (type.kind) {
    case 'dyn':
      return { name: field, type: DYN };
    case 'map':
      return { name: field, type: type.value };
    case 'optional': {
      const inner = fieldOf(type.inner, field, at);
      return { name: inner.name, type: optional(inner.type) };
    }
    case 'object': {
      const name = unescapeName(field);
      const found = type.fields().get(name);
      if (found === undefined || escapeName(name) !== field) throw new ProblemAt(`undefined field '${field}'`, at);
      return { name, type: found };
    }
    default:
      throw new ProblemAt(`type '${show(type)}' does not support field selection`, at);
  }
}

const KEYWORDS = new Set('true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '));
const ESCAPED: Record<string, string> = { __underscores__: '__', __dot__: '.', __dash__: '-', __slash__: '/' };

function unescapeName(field: string): string {
  const keyword = /^__([a-z]+)__$/.exec(field)?.[1];
  if (keyword !== undefined && KEYWORDS.has(keyword)) return keyword;
  return field.replace(/__(?:underscores|dot|dash|slash)__/g, (escape) => ESCAPED[escape]!);
}

function escapeName(name: string): string {
  if (KEYWORDS.has(name)) return `__${name}__`;
  return name.replace(/__|[.\-/]/g, (part) => ({ __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' })[part]!);
}

function noOverload(name: string, types: readonly Type[], at: number, member = false): ProblemAt {
  const [first, ...rest] = types.map(show);
  return new ProblemAt(
    `found no matching overload for '${name}' applied to '${member ? `${first}.` : ''}(${(member ? rest : types.map(show)).join(', ')})'`,
    at,
  );
}
