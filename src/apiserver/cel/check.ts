/** Types of an expression, found as cel-go's checker finds them, and all that is wrong with it. */
import type { Call, Node } from './ast.ts';
import { fieldOf } from './field-names.ts';
import type { Library, Overload } from './functions.ts';
import { BOOL, BYTES, DOUBLE, DURATION, DYN, ERROR, INT, list, map, NULL, optional, show, STRING, TIMESTAMP, typeOf, UINT, type Type } from './types.ts';
import { moreGeneral, Substitutions } from './unify.ts';
import { TypeName } from './values.ts';

/** Something wrong, at an offset into the source. */
export interface Problem {
  at: number;
  message: string;
}

/** What an expression may speak of. */
export interface Surroundings {
  variables: Readonly<Record<string, Type>>;
  library: Library;
  /** Types that may be written as `Name{...}`. */
  structs?: (name: string) => Type | undefined;
}

export interface Checked {
  problems: Problem[];
  typeOf(node: Node): Type;
  /** The overloads that a call may come to, all that fit. */
  overloads: ReadonlyMap<Node, readonly Overload[]>;
  /** Names that are types, used as values. */
  constants: ReadonlyMap<Node, TypeName>;
  /** The declared variables that are read. */
  uses: ReadonlySet<string>;
}

const NAMED: Record<string, Type> = {
  bool: BOOL,
  int: INT,
  uint: UINT,
  double: DOUBLE,
  string: STRING,
  bytes: BYTES,
  list: list(DYN),
  map: map(DYN, DYN),
  null_type: NULL,
  type: { kind: 'type' },
  dyn: DYN,
  optional_type: optional(DYN),
  'google.protobuf.Timestamp': TIMESTAMP,
  'google.protobuf.Duration': DURATION,
};

/** Names of functions that the tree had as receivers (`sets.contains`) are put right in it. */
export function check(root: Node, surroundings: Surroundings): Checked {
  const checker = new Checker(surroundings);
  checker.check(root, undefined);
  return checker.checked();
}

/** A variable of a macro, and those around it. */
interface Scope {
  name: string;
  type: Type;
  outer: Scope | undefined;
}

class Checker {
  readonly #around: Surroundings;
  readonly #types = new Map<Node, Type>();
  readonly #overloads = new Map<Node, Overload[]>();
  readonly #constants = new Map<Node, TypeName>();
  readonly #uses = new Set<string>();
  readonly #problems: Problem[] = [];
  readonly #known = new Substitutions();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  checked(): Checked {
    const settled = new Map<Node, Type>();
    return {
      problems: this.#problems,
      overloads: this.#overloads,
      constants: this.#constants,
      uses: this.#uses,
      typeOf: (node) => {
        let type = settled.get(node);
        if (type === undefined) settled.set(node, (type = this.#known.resolve(this.#types.get(node) ?? DYN, true)));
        return type;
      },
    };
  }

  check(node: Node, scope: Scope | undefined): Type {
    const type = this.#typed(node, scope);
    this.#types.set(node, type);
    return type;
  }

  #typed(node: Node, scope: Scope | undefined): Type {
    switch (node.kind) {
      case 'literal':
        return typeOfLiteral(node.value);
      case 'ident':
        return this.#ident(node, node.name, scope) ?? this.#wrong(node, `undeclared reference to '${node.name}' (in container '')`);
      case 'select': {
        const qualified = node.test ? undefined : qualifiedName(node);
        const found = qualified === undefined ? undefined : this.#qualified(node, qualified, scope);
        if (found !== undefined) return found;
        const type = this.#field(node, node.operand, node.field, false, scope);
        return node.test ? BOOL : type;
      }
      case 'call':
        return this.#call(node, scope);
      case 'list':
        return this.#list(node, scope);
      case 'map':
        return this.#map(node, scope);
      case 'struct':
        return this.#struct(node, scope);
      case 'fold':
        return this.#fold(node, scope);
    }
  }

  #wrong({ at }: { at: number }, message: string): Type {
    this.#problems.push({ at, message });
    return ERROR;
  }

  #mismatch(node: Node, wanted: Type, found: Type): Type {
    return this.#wrong(node, `expected type '${show(wanted)}' but found '${show(found)}'`);
  }

  #resolved(type: Type): Type {
    return this.#known.resolve(type, false);
  }

  #ident(node: Node, name: string, scope: Scope | undefined): Type | undefined {
    const local = findIn(scope, name);
    if (local !== undefined) return local.type;
    const global = name.replace(/^\./, '');
    if (Object.hasOwn(this.#around.variables, global)) {
      this.#uses.add(global);
      return this.#around.variables[global];
    }
    const named = Object.hasOwn(NAMED, global) ? NAMED[global] : this.#around.structs?.(global);
    if (named === undefined) return undefined;
    this.#constants.set(node, new TypeName(global));
    return typeOf(named);
  }

  /** `google.protobuf.Timestamp`: only what is not a variable's field. */
  #qualified(node: Node, name: string, scope: Scope | undefined): Type | undefined {
    const first = name.slice(0, name.indexOf('.', 1));
    return findIn(scope, first) === undefined ? this.#ident(node, name, undefined) : undefined;
  }

  #field(node: Node, operand: Node, field: string, maybe: boolean, scope: Scope | undefined): Type {
    const operandType = this.#resolved(this.check(operand, scope));
    const isOptional = operandType.kind === 'optional';
    const type = this.#resolved(this.#fieldType(node, isOptional ? operandType.inner : operandType, field));
    return isOptional || maybe ? optional(type) : type;
  }

  #fieldType(node: Node, target: Type, field: string): Type {
    switch (target.kind) {
      case 'map':
        return target.value;
      case 'object':
        return fieldOf(target, field)?.type ?? this.#wrong(node, `undefined field '${field}'`);
      case 'param':
        this.#known.assign([DYN], [target]);
        return DYN;
      case 'dyn':
      case 'error':
        return DYN;
      case 'foreign':
        return target.name.startsWith('kubernetes.') ? this.#wrong(node, `undefined field '${field}'`) : this.#noSelection(node, target);
      default:
        return this.#noSelection(node, target);
    }
  }

  #noSelection(node: Node, target: Type): Type {
    this.#wrong(node, `type '${show(target)}' does not support field selection`);
    return DYN;
  }

  #call(node: Call, scope: Scope | undefined): Type {
    const { name, args, target } = node;
    if (name === '_?._') {
      const [operand, field] = args;
      return this.#field(node, operand!, field?.kind === 'literal' ? String(field.value) : '', true, scope);
    }
    const types = args.map((arg) => this.check(arg, scope));
    const { library } = this.#around;
    if (target === undefined) return this.#function(node, name.replace(/^\./, ''), types, false);
    const prefix = target.kind === 'ident' ? target.name : target.kind === 'select' ? qualifiedName(target) : undefined;
    const qualified = `${prefix?.replace(/^\./, '')}.${name}`;
    if (prefix !== undefined && Object.hasOwn(library, qualified)) {
      delete node.target;
      node.name = qualified;
      return this.#function(node, qualified, types, false);
    }
    return this.#function(node, name, [this.check(target, scope), ...types], true);
  }

  #function(node: Call, name: string, types: readonly Type[], member: boolean): Type {
    const overloads = Object.hasOwn(this.#around.library, name) ? this.#around.library[name]! : undefined;
    if (overloads === undefined) return this.#wrong(node, `undeclared reference to '${node.name}' (in container '')`);
    if (name === '_&&_' || name === '_||_') {
      const wrong = types.filter((type, i) => !this.#known.assign([type], [BOOL]) && this.#mismatch(node.args[i]!, BOOL, type));
      return wrong.length > 0 ? ERROR : BOOL;
    }
    const found: Overload[] = [];
    let result: Type | undefined;
    for (const overload of overloads) {
      if (overload.member !== member) continue;
      const instance = this.#instance(overload);
      if (!this.#known.assign(types, instance.args)) continue;
      found.push(overload);
      const of = this.#resolved(instance.result);
      if (result === undefined) result = of;
      else if (result.kind !== 'dyn' && show(of) !== show(result)) result = DYN;
    }
    if (result === undefined) {
      const shown = types.map((type) => show(this.#known.resolve(type, true)));
      const signature = member ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
      return this.#wrong(node, `found no matching overload for '${name}' applied to '${signature}'`);
    }
    this.#overloads.set(node, found);
    return result;
  }

  /** The overload with parameters of its own. */
  #instance({ args, result }: Overload): { args: Type[]; result: Type } {
    const made = new Map<string, Type>();
    const own = (type: Type): Type => {
      switch (type.kind) {
        case 'param': {
          let fresh = made.get(type.name);
          if (fresh === undefined) made.set(type.name, (fresh = this.#known.fresh()));
          return fresh;
        }
        case 'list':
          return list(own(type.element));
        case 'map':
          return map(own(type.key), own(type.value));
        case 'optional':
          return optional(own(type.inner));
        case 'type':
          return type.of === undefined ? type : typeOf(own(type.of));
        default:
          return type;
      }
    };
    return { args: args.map(own), result: own(result) };
  }

  /** The type of an element that may be left out, without its optional. */
  #unwrapped(node: Node, type: Type): Type {
    if (type.kind === 'optional') return type.inner;
    if (type.kind !== 'dyn') this.#mismatch(node, optional(type), type);
    return type;
  }

  #joined(before: Type | undefined, type: Type): Type {
    if (before === undefined) return type;
    return this.#known.assign([before], [type]) ? moreGeneral(before, type) : DYN;
  }

  #list({ items }: Node & { kind: 'list' }, scope: Scope | undefined): Type {
    let element: Type | undefined;
    for (const { value, optional: maybe } of items) {
      const type = this.check(value, scope);
      element = this.#joined(element, maybe ? this.#unwrapped(value, type) : type);
    }
    return list(element ?? this.#known.fresh());
  }

  #map({ entries }: Node & { kind: 'map' }, scope: Scope | undefined): Type {
    let keys: Type | undefined;
    let values: Type | undefined;
    for (const { key, value, optional: maybe } of entries) {
      keys = this.#joined(keys, this.check(key, scope));
      const type = this.check(value, scope);
      values = this.#joined(values, maybe ? this.#unwrapped(value, type) : type);
    }
    return map(keys ?? this.#known.fresh(), values ?? this.#known.fresh());
  }

  #struct(node: Node & { kind: 'struct' }, scope: Scope | undefined): Type {
    const type = this.#around.structs?.(node.name.replace(/^\./, ''));
    if (type === undefined) return this.#wrong(node, `undeclared reference to '${node.name}' (in container '')`);
    for (const field of node.fields) {
      const given = this.check(field.value, scope);
      const value = field.optional ? this.#unwrapped(field.value, given) : given;
      const wanted = this.#fieldType({ ...node, at: field.at }, type, field.name);
      if (!this.#known.assign([wanted], [value]))
        this.#wrong(field, `expected type of field '${field.name}' is '${show(wanted)}' but provided type is '${show(this.#resolved(value))}'`);
    }
    return type;
  }

  #fold(node: Node & { kind: 'fold' }, scope: Scope | undefined): Type {
    const range = this.#resolved(this.check(node.range, scope));
    const init = this.check(node.init, scope);
    const accumulated: Scope = { name: node.accumulator, type: init, outer: scope };
    const [first, second] = this.#elements(node, range);
    let inner: Scope = { name: node.variable, type: first, outer: accumulated };
    if (node.second !== undefined) inner = { name: node.second, type: second, outer: inner };
    this.#must(node.condition, inner, BOOL);
    this.#must(node.step, inner, init);
    return this.#resolved(this.check(node.result, accumulated));
  }

  #must(node: Node, scope: Scope, wanted: Type): void {
    const type = this.check(node, scope);
    if (!this.#known.assign([wanted], [type])) this.#mismatch(node, wanted, type);
  }

  /** The types of a loop's one or two variables. */
  #elements({ range: node, second }: Node & { kind: 'fold' }, range: Type): [Type, Type] {
    switch (range.kind) {
      case 'list':
        return second === undefined ? [range.element, DYN] : [INT, range.element];
      case 'map':
        return [range.key, range.value];
      case 'dyn':
      case 'error':
      case 'param':
        this.#known.assign([DYN], [range]);
        return [DYN, DYN];
      default:
        this.#wrong(node, `expression of type '${show(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`);
        return [ERROR, ERROR];
    }
  }
}

function findIn(scope: Scope | undefined, name: string): Scope | undefined {
  for (let at = scope; at !== undefined; at = at.outer) if (at.name === name) return at;
  return undefined;
}

/** `a.b.c`; undefined for what is more than names. */
function qualifiedName(node: Node & { kind: 'select' }): string | undefined {
  if (node.test) return undefined;
  const { operand, field } = node;
  const before = operand.kind === 'ident' ? operand.name : operand.kind === 'select' ? qualifiedName(operand) : undefined;
  return before === undefined ? undefined : `${before}.${field}`;
}

function typeOfLiteral(value: (Node & { kind: 'literal' })['value']): Type {
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
    default:
      return value instanceof Uint8Array ? BYTES : UINT;
  }
}
