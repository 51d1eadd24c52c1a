/** From a checked tree to a program: what is left to do at each evaluation is a tree of closures. */
import { partsOf } from './macros.ts';
import { runtimeCost, LIST_COST, MAP_COST, spend, STRUCT_COST, type Meter } from './runtime-cost.ts';
import type { Call, Node } from './ast.ts';
import type { Checked } from './check.ts';
import { fits, noOverload, runtimeTypesHold } from './dispatch.ts';
import { fieldOf } from './field-names.ts';
import { planFold, type Scope } from './plan-fold.ts';
import type { Library, Overload } from './functions.ts';
import { patternOf } from './library-standard.ts';
import type { Type } from './types.ts';
import { CelError, CelMap, equal, isStruct, Optional, qualify, qualifyIfPresent, typeNameOf, Uint, type Value } from './values.ts';

/** What an evaluation carries: the values of variables by slot, and what it may still spend. */
export interface Frame {
  slots: (Value | CelError)[];
  meter: Meter;
}

export interface Plan {
  run(frame: Frame): Value;
  /** Of what is found by a path from a variable: without the charge for the path's beginning. */
  resolve?(frame: Frame): Value;
  /** Known already. */
  constant?: { value: Value };
}

/** The program cannot be made: a constant part of it fails. */
export class PlanError extends Error {}

const CONVERSIONS = new Set(['bool', 'bytes', 'double', 'duration', 'dyn', 'int', 'string', 'timestamp', 'type', 'uint']);
const PATTERNS = new Set(['matches', 'find', 'findAll']);

export class Planner {
  readonly #checked: Checked;
  readonly #library: Library;
  #slots: number;

  constructor(checked: Checked, library: Library, slots: number) {
    this.#checked = checked;
    this.#library = library;
    this.#slots = slots;
  }

  /** Throws PlanError. */
  plan(node: Node, scope: Scope): Plan {
    switch (node.kind) {
      case 'literal': {
        const { value } = node;
        return constant(value !== null && typeof value === 'object' && !(value instanceof Uint8Array) ? new Uint(value.uint) : value);
      }
      case 'ident':
        return this.#ident(node, node.name, scope);
      case 'select':
        return this.#select(node, scope);
      case 'call':
        return this.#call(node, scope);
      case 'list':
        return this.#list(node, scope);
      case 'map':
        return this.#map(node, scope);
      case 'struct':
        return this.#struct(node, scope);
      case 'fold': {
        const newSlot = (): number => this.#slots++;
        return planFold(node, partsOf(node), scope, (inner, within) => this.plan(inner, within), newSlot);
      }
    }
  }

  #ident(node: Node, name: string, scope: Scope): Plan {
    const type = this.#checked.constants.get(node);
    if (type !== undefined) return constant(type);
    const slot = scope.slotOf(name);
    const resolve = ({ slots }: Frame): Value => {
      const value = slots[slot]!;
      if (value instanceof CelError) throw value;
      return value;
    };
    return path(resolve);
  }

  #select(node: Node & { kind: 'select' }, scope: Scope): Plan {
    const type = this.#checked.constants.get(node);
    if (type !== undefined) return constant(type);
    const operand = this.plan(node.operand, scope);
    const name = memberName(this.#checked.typeOf(node.operand), node.field);
    const base = operand.resolve ?? operand.run;
    if (!node.test) return path((frame) => qualified(frame, base(frame), name, false));
    const test = (frame: Frame): Value => {
      const value = base(frame);
      const inner = value instanceof Optional ? value.value : value;
      if (inner === undefined) return false;
      spend(frame.meter, 1);
      return inner !== null && typeof inner === 'object' && isStruct(inner) ? inner.has(name) : false;
    };
    return { run: test, resolve: test };
  }

  #call(node: Call, scope: Scope): Plan {
    const { name, target, args } = node;
    const plans = (target === undefined ? args : [target, ...args]).map((arg) => this.plan(arg, scope));
    const [first, second, third] = plans;
    switch (name) {
      case '_&&_':
        return logical(plans, false);
      case '_||_':
        return logical(plans, true);
      case '_?_:_':
        return conditional(first!, second!, third!);
      case '_[_]':
        return this.#index(node, first!, second!, false);
      case '_[?_]':
        return this.#index(node, first!, second!, true);
      case '_?._': {
        const field = memberName(this.#checked.typeOf(args[0]!), String(second!.constant!.value));
        const base = first!.resolve ?? first!.run;
        return path((frame) => qualified(frame, base(frame), field, true));
      }
      case 'or':
      case 'orValue':
        if (target !== undefined) return either(first!, second!, name === 'or');
    }
    return this.#function(node, plans);
  }

  #index(node: Call, operand: Plan, index: Plan, maybe: boolean): Plan {
    const base = operand.resolve ?? operand.run;
    const key = index.resolve ?? index.run;
    const optional = maybe || this.#checked.typeOf(node.args[0]!).kind === 'optional';
    return path((frame) => {
      const value = base(frame);
      if (value instanceof Optional && value.value === undefined) return value;
      return qualified(frame, value, key(frame), optional);
    });
  }

  #function(node: Call, plans: Plan[]): Plan {
    const { name } = node;
    const overloads = this.#checked.overloads.get(node) ?? this.#library[name] ?? [];
    const only = overloads.length === 1 ? overloads[0]! : undefined;
    const isMember = node.target !== undefined;
    if (name === '@in' && only?.args[1]?.kind === 'list') {
      const members = plans[1]!.constant?.value;
      const membership = Array.isArray(members) ? inConstant(plans[0]!, members) : undefined;
      if (membership !== undefined) return membership;
    }
    const at = name === 'matches' && !isMember ? 1 : PATTERNS.has(name) ? 1 : -1;
    const pattern = plans[at]?.constant?.value;
    if (typeof pattern === 'string') planned(() => patternOf(pattern));
    const candidates = only === undefined ? (this.#library[name] ?? []).filter(({ member }) => member === isMember) : [only];
    const call = caller(name, only, candidates, this.#isCertain(node, only));
    const cost = runtimeCost(name, only);
    const made: Plan = {
      run: (frame) => {
        const values = plans.map((plan) => plan.run(frame));
        let result: Value | CelError;
        try {
          result = call(values);
        } catch (error) {
          if (!(error instanceof CelError)) throw error;
          result = error;
        }
        spend(frame.meter, cost(values, result));
        if (result instanceof CelError) throw result;
        return result;
      },
    };
    const [first] = plans;
    if (!CONVERSIONS.has(name) || plans.length !== 1 || first!.constant === undefined) return made;
    return constant(planned(() => call([first!.constant!.value])));
  }

  /** Whether the types leave no doubt that the overload takes what it is given. */
  #isCertain(node: Call, only: Overload | undefined): boolean {
    const args = node.target === undefined ? node.args : [node.target, ...node.args];
    return only !== undefined && args.every((arg, i) => runtimeTypesHold(this.#checked.typeOf(arg), only.args[i]!));
  }

  #list({ items }: Node & { kind: 'list' }, scope: Scope): Plan {
    const plans = items.map(({ value, optional }) => ({ plan: this.plan(value, scope), optional }));
    const build = (frame: Frame): Value => {
      const made: Value[] = [];
      for (const { plan, optional } of plans) {
        const value = plan.run(frame);
        if (!optional) made.push(value);
        else if (!(value instanceof Optional)) throw new CelError(`cannot initialize optional list element from non-optional value ${shown(value)}`);
        else if (value.value !== undefined) made.push(value.value);
      }
      return made;
    };
    return literal(
      build,
      plans.map(({ plan }) => plan),
      LIST_COST,
    );
  }

  #map({ entries }: Node & { kind: 'map' }, scope: Scope): Plan {
    const plans = entries.map(({ key, value, optional }) => ({ key: this.plan(key, scope), value: this.plan(value, scope), optional }));
    const build = (frame: Frame): Value => {
      const made: [Value, Value][] = [];
      for (const { key, value, optional } of plans) {
        const [k, v] = [key.run(frame), value.run(frame)];
        if (!optional) made.push([k, v]);
        else if (!(v instanceof Optional)) throw new CelError(`cannot initialize optional entry '${shown(k)}' from non-optional value ${shown(v)}`);
        else if (v.value !== undefined) made.push([k, v.value]);
      }
      return new CelMap(made);
    };
    const parts = plans.flatMap(({ key, value }) => [key, value]);
    return literal(build, parts, MAP_COST);
  }

  #struct({ name, fields }: Node & { kind: 'struct' }, scope: Scope): Plan {
    const plans = fields.map((field) => ({ ...field, plan: this.plan(field.value, scope) }));
    return {
      run: (frame) => {
        const made: [Value, Value][] = [];
        for (const { name: field, plan, optional } of plans) {
          const value = plan.run(frame);
          if (!optional) made.push([field, value]);
          else if (!(value instanceof Optional)) throw new CelError(`cannot initialize optional entry '${field}' from non-optional value ${shown(value)}`);
          else if (value.value !== undefined) made.push([field, value.value]);
        }
        spend(frame.meter, STRUCT_COST);
        return new CelMap(made, name);
      },
    };
  }
}

function constant(value: Value): Plan {
  return { run: () => value, constant: { value } };
}

/** What is found by a path is charged for its beginning when it is the whole. */
function path(resolve: (frame: Frame) => Value): Plan {
  return {
    resolve,
    run: (frame) => {
      const value = resolve(frame);
      spend(frame.meter, 1);
      return value;
    },
  };
}

/** What is made of constants is made once. */
function literal(build: (frame: Frame) => Value, parts: readonly Plan[], cost: number): Plan {
  if (parts.every((part) => part.constant !== undefined)) return constant(planned(() => build({ slots: [], meter: { cost: 0, limit: Infinity } })));
  return {
    run: (frame) => {
      const value = build(frame);
      spend(frame.meter, cost);
      return value;
    },
  };
}

/** Throws PlanError for what fails. */
function planned<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof CelError || error instanceof RangeError ? new PlanError(error.message) : error;
  }
}

function shown(value: Value): string {
  return typeof value === 'object' && value !== null ? typeNameOf(value) : String(value);
}

function memberName(type: Type, field: string): string {
  const of = type.kind === 'optional' ? type.inner : type;
  return of.kind === 'object' ? (fieldOf(of, field)?.name ?? field) : field;
}

/** One step of a path; what is optional stays so, and costs only when it is there. */
function qualified(frame: Frame, value: Value, key: Value, maybe: boolean): Value {
  if (!maybe && !(value instanceof Optional)) {
    const found = qualify(value, key);
    spend(frame.meter, 1);
    return found;
  }
  const inner = value instanceof Optional ? value.value : value;
  const found = inner === undefined ? undefined : qualifyIfPresent(inner, key);
  if (found === undefined) return new Optional();
  spend(frame.meter, 1);
  return new Optional(found);
}

/** An error on one side does not count when the other side decides. */
function logical(terms: readonly Plan[], decisive: boolean): Plan {
  return {
    run: (frame) => {
      let failure: CelError | undefined;
      for (const term of terms) {
        try {
          const value = term.run(frame);
          if (value === decisive) return decisive;
          if (typeof value !== 'boolean') failure ??= new CelError('no such overload');
        } catch (error) {
          if (!(error instanceof CelError)) throw error;
          failure ??= error;
        }
      }
      if (failure !== undefined) throw failure;
      return !decisive;
    },
  };
}

function conditional(condition: Plan, then: Plan, otherwise: Plan): Plan {
  const [yes, no] = [then.resolve ?? then.run, otherwise.resolve ?? otherwise.run];
  const run = (frame: Frame): Value => {
    const value = condition.run(frame);
    if (typeof value !== 'boolean') throw new CelError('no such overload');
    return value ? yes(frame) : no(frame);
  };
  return { run, resolve: run };
}

/** The optional's value, or else the other; `wrapped`: of two optionals the first that has one. */
function either(optional: Plan, other: Plan, wrapped: boolean): Plan {
  return {
    run: (frame) => {
      const value = optional.run(frame);
      if (!(value instanceof Optional)) throw new CelError('no such overload');
      if (value.value === undefined) return other.run(frame);
      return wrapped ? value : value.value;
    },
  };
}

/** A look-up where the list is known and simple; undefined where it is not. It costs nothing. */
function inConstant(element: Plan, members: readonly Value[]): Plan | undefined {
  if (members.length === 0) return constant(false);
  if (!members.every((member) => ['string', 'bigint', 'boolean', 'number'].includes(typeof member) || member instanceof Uint)) return undefined;
  const texts = members.every((member) => typeof member === 'string') ? new Set<Value>(members) : undefined;
  return {
    run: (frame) => {
      const value = element.run(frame);
      return texts === undefined ? members.some((member) => equal(member, value)) : texts.has(value);
    },
  };
}

function caller(name: string, only: Overload | undefined, candidates: readonly Overload[], certain: boolean): (values: Value[]) => Value {
  if (only !== undefined && certain) return (values) => only.call(values);
  return (values) => {
    const overload = candidates.find(({ args }) => fits(args, values));
    if (overload === undefined) throw noOverload(name, values);
    return overload.call(values);
  };
}
