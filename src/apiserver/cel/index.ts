/**
 * The Common Expression Language, as Kubernetes uses it: rules in schemas, match conditions, admission policies. An expression is
 * compiled once (`compileExpression`), with the types of its variables, and evaluated often.
 *
 * Cost: cel-go counts one for a step, a tenth of a string's length for what walks it, and the sum of its parts for a
 * comprehension, against a limit of a million a call. Evaluations here are counted alike but not equally, against the same limits:
 * an expression near the limit upstream may be a little over or under it here. What an expression may cost at most is not
 * estimated before it runs.
 */
import { BudgetExceeded, CompileError, compileSource, type Scope } from './compile.ts';
import { merge } from './functions.ts';
import { collections } from './library-collections.ts';
import { kubernetes } from './library-kubernetes.ts';
import { authorization } from './library-authorization.ts';
import { lists } from './library-lists.ts';
import { standard } from './library-standard.ts';
import { assignable, show, type Type } from './types.ts';
import { CelError, type Value } from './values.ts';

export { CompileError } from './compile.ts';
export { CelError, wrap, type Value } from './values.ts';
export { AUTHORIZER, AuthorizerValue } from './library-authorization.ts';
export * as types from './types.ts';

/** What one evaluation may cost, and all that one request makes. */
export const CALL_LIMIT = 1_000_000;
export const REQUEST_LIMIT = 10_000_000;

const library = merge(standard, collections, lists, kubernetes, authorization);

export interface Program {
  type: Type;
  /** Names of the declared variables that the expression reads. */
  uses: ReadonlySet<string>;
  /** Values in the order the variables were declared; functions are called when the variable is first read. Throws CelError, BudgetExceeded. */
  evaluate(values: readonly Value[], budget?: Budget): Value;
}

/** What is left for all evaluations of one request. */
export interface Budget {
  left: number;
}

/** Throws CompileError, in cel-go's words. */
export function compileExpression(source: string, variables: Readonly<Record<string, Type>>, wanted?: Type): Program {
  const uses = new Set<string>();
  const names = Object.keys(variables);
  let slots = names.length;
  const within = (outer: Scope, name: string, type: Type, slot: number): Scope => ({
    find: (asked) => (asked === name ? { slot, type } : outer.find(asked)),
    with(inner, innerType) {
      const at = slots++;
      return { slot: at, scope: within(this, inner, innerType, at) };
    },
  });
  const root: Scope = {
    find(name) {
      const slot = names.indexOf(name);
      if (slot < 0) return undefined;
      uses.add(name);
      return { slot, type: variables[name]! };
    },
    with(name, type) {
      const slot = slots++;
      return { slot, scope: within(root, name, type, slot) };
    },
  };
  const compiled = compileSource(source, root, library);
  if (wanted !== undefined && !assignable(compiled.type, wanted)) throw new CompileError(`must evaluate to ${show(wanted)}`);
  return {
    type: compiled.type,
    uses,
    evaluate(values, budget) {
      const limit = Math.min(CALL_LIMIT, budget?.left ?? CALL_LIMIT);
      const meter = { left: limit };
      try {
        return compiled.run({ slots: [...values], meter });
      } catch (error) {
        // Numbers, dates or depths beyond what JavaScript has: the expression's fault, not the server's.
        throw error instanceof RangeError ? new CelError(error.message) : error;
      } finally {
        if (budget !== undefined) budget.left -= Math.max(limit - meter.left, 0);
      }
    },
  };
}

export function isBudgetExceeded(error: unknown): boolean {
  return error instanceof BudgetExceeded;
}
