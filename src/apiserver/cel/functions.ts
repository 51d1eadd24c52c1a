/** Functions as libraries declare them. */
import type { Type } from './types.ts';
import type { Value } from './values.ts';

export interface Overload {
  /** With a receiver, the first argument is it: `receiver.f(rest)`. */
  member: boolean;
  args: readonly Type[];
  result: Type;
  /** Throws CelError. `args` have the declared types. */
  call(args: readonly Value[]): Value;
}

export type Library = Readonly<Record<string, readonly Overload[]>>;

/** `f(args)`. The implementation may take what its types declare: the overload is chosen by them. */
export function fn<T extends unknown[]>(args: readonly Type[], result: Type, call: (...args: T) => Value): Overload {
  return { member: false, args, result, call: (values) => call(...(values as unknown as T)) };
}

/** `receiver.f(args)` */
export function method<T extends unknown[]>(args: readonly Type[], result: Type, call: (...args: T) => Value): Overload {
  return { member: true, args, result, call: (values) => call(...(values as unknown as T)) };
}

export function merge(...libraries: readonly Library[]): Library {
  const all: Record<string, Overload[]> = {};
  for (const library of libraries) for (const [name, overloads] of Object.entries(library)) (all[name] ??= []).push(...overloads);
  return all;
}
