/** Functions as libraries declare them, and how a call finds its overload. */
import { assignable, substitute, type Type } from './types.ts';
import type { Value } from './values.ts';

/** What one evaluation may spend. */
export interface Meter {
  left: number;
}

export interface Overload {
  /** With a receiver, the first argument is it: `receiver.f(rest)`. */
  member: boolean;
  args: readonly Type[];
  result: Type;
  /** Throws CelError. `args` have the declared types. */
  call(args: Value[], meter: Meter): Value;
}

export type Library = Readonly<Record<string, readonly Overload[]>>;

/** `f(args)`. The implementation may take what its types declare: the overload is chosen by them. */
export function fn<T extends unknown[]>(args: readonly Type[], result: Type, call: (...args: T) => Value): Overload {
  return { member: false, args, result, call: (values) => call(...(values as T)) };
}

/** `receiver.f(args)` */
export function method<T extends unknown[]>(args: readonly Type[], result: Type, call: (...args: T) => Value): Overload {
  return { member: true, args, result, call: (values) => call(...(values as T)) };
}

/** The overloads that may take arguments of these types, with the result's type. */
export function candidates(overloads: readonly Overload[], member: boolean, args: readonly Type[]): { overload: Overload; result: Type }[] {
  const found: { overload: Overload; result: Type }[] = [];
  for (const overload of overloads) {
    if (overload.member !== member || overload.args.length !== args.length) continue;
    const bound = new Map<string, Type>();
    if (overload.args.every((wanted, i) => assignable(args[i]!, wanted, bound))) found.push({ overload, result: substitute(overload.result, bound) });
  }
  return found;
}

export function merge(...libraries: readonly Library[]): Library {
  const all: Record<string, Overload[]> = {};
  for (const library of libraries) for (const [name, overloads] of Object.entries(library)) (all[name] ??= []).push(...overloads);
  return all;
}
