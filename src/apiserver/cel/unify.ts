/** Which type may stand where another is wanted, and what type parameters come to stand for: as cel-go's checker decides it. */
import { DYN, list, map, optional, parametersOf, same, typeOf, type Type } from './types.ts';

/** What is known of the type parameters of one expression. */
export class Substitutions {
  #known = new Map<string, Type>();
  #made = 0;

  /** A parameter that nothing is known of. */
  fresh(): Type {
    return { kind: 'param', name: `_var${this.#made++}` };
  }

  /** Whether all of `from` may stand where `to` is wanted. What was learned on the way to a no is forgotten. */
  assign(from: readonly Type[], to: readonly Type[]): boolean {
    const before = new Map(this.#known);
    if (this.#all(from, to)) return true;
    this.#known = before;
    return false;
  }

  /** The type with its parameters replaced; those that nothing is known of become dyn when `settle` says so. */
  resolve(type: Type, settle: boolean): Type {
    switch (type.kind) {
      case 'param': {
        const found = this.#known.get(type.name);
        return found === undefined ? (settle ? DYN : type) : this.resolve(found, settle);
      }
      case 'list':
        return list(this.resolve(type.element, settle));
      case 'map':
        return map(this.resolve(type.key, settle), this.resolve(type.value, settle));
      case 'optional':
        return optional(this.resolve(type.inner, settle));
      case 'type':
        return type.of === undefined ? type : typeOf(this.resolve(type.of, settle));
      default:
        return type;
    }
  }

  #all(from: readonly Type[], to: readonly Type[]): boolean {
    return from.length === to.length && from.every((type, i) => this.#assignable(type, to[i]!));
  }

  #assignable(from: Type, to: Type): boolean {
    if (to.kind === 'param') {
      const stands = this.#stands(from, to);
      if (stands !== undefined) return stands;
    }
    if (from.kind === 'param') return this.#stands(to, from) ?? false;
    if (isOpen(from) || isOpen(to)) return true;
    if (from.kind === 'null') return isNullable(to);
    if (to.kind === 'null') return isNullable(from);
    if (from.kind !== to.kind) return false;
    if (from.kind === 'type') return true;
    if ('name' in from && 'name' in to) return from.name === to.name;
    return this.#all(parametersOf(from), parametersOf(to));
  }

  /** Whether the parameter may stand for the type; undefined when nothing is known of it and it occurs within the type. */
  #stands(type: Type, param: Type & { kind: 'param' }): boolean | undefined {
    if (same(type, param)) return true;
    const known = this.#known.get(param.name);
    if (known === undefined) {
      if (!this.#occurs(param, type)) {
        this.#known.set(param.name, type);
        return true;
      }
      return undefined;
    }
    if (same(type, known)) return true;
    if (!this.#assignable(type, known)) return false;
    const general = moreGeneral(type, known);
    if (!this.#occurs(param, general)) this.#known.set(param.name, general);
    return true;
  }

  #occurs(param: Type & { kind: 'param' }, within: Type): boolean {
    if (same(param, within)) return true;
    if (within.kind === 'param') {
      const known = this.#known.get(within.name);
      return known !== undefined && this.#occurs(param, known);
    }
    return parametersOf(within).some((type) => this.#occurs(param, type));
  }
}

function isOpen({ kind }: Type): boolean {
  return kind === 'dyn' || kind === 'error';
}

function isNullable({ kind }: Type): boolean {
  return kind === 'null' || kind === 'object' || kind === 'foreign' || kind === 'optional' || kind === 'timestamp' || kind === 'duration';
}

/** Of two types that go together, the one that takes more. */
export function moreGeneral(a: Type, b: Type): Type {
  return isLessSpecific(a, b) ? a : b;
}

function isLessSpecific(a: Type, b: Type): boolean {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param' || a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  if ('name' in a && 'name' in b) return a.name === b.name;
  const right = parametersOf(b);
  return parametersOf(a).every((type, i) => isLessSpecific(type, right[i]!));
}
