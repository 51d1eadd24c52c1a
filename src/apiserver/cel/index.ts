/**
 * The Common Expression Language, as Kubernetes uses it: rules in schemas, match conditions, admission policies. An expression is
 * parsed (`parse.ts`; macros are trees of their own: `macros.ts`), its types are checked (`check.ts`), what it may cost is estimated
 * (`estimate.ts`), and it becomes a tree of closures (`plan.ts`): once, to be evaluated often.
 *
 * Costs are cel-go's and Kubernetes': estimated from the sizes that schemas bound, and counted while an expression runs, against the
 * same limits.
 */
import type { Node } from './ast.ts';
import { check, type Checked, type Problem } from './check.ts';
import { estimateCost } from './estimate.ts';
import type { SizeOf } from './estimate-calls.ts';
import { merge } from './functions.ts';
import { collections } from './library-collections.ts';
import { kubernetes } from './library-kubernetes.ts';
import { authorization } from './library-authorization.ts';
import { lists } from './library-lists.ts';
import { standard } from './library-standard.ts';
import { literalProblems } from './literals.ts';
import { parse, SyntaxErrors } from './parse.ts';
import { patchLibrary, patchTypes } from './patches.ts';
import { PlanError, Planner } from './plan.ts';
import { BudgetExceeded } from './runtime-cost.ts';
import { show, type Type } from './types.ts';
import { CelError, type Value } from './values.ts';

export { escapeName } from './field-names.ts';
export { CelError, wrap, type Value } from './values.ts';
export { AUTHORIZER, AuthorizerValue } from './library-authorization.ts';
export type { SizeOf } from './estimate-calls.ts';
export { APPLY_CONFIGURATION, JSON_PATCH, jsonOf, misnamed } from './patches.ts';
export * as types from './types.ts';

/** What one evaluation may cost, and all that one request makes. */
export const CALL_LIMIT = 1_000_000;
export const REQUEST_LIMIT = 10_000_000;

const library = merge(standard, collections, lists, kubernetes, authorization);
/** What expressions may be made of, by what they are for. */
const DIALECTS = { rules: { library }, patches: { library: merge(library, patchLibrary), structs: patchTypes } };
export type Dialect = keyof typeof DIALECTS;

/** The expression is not one that can be evaluated; in cel-go's words, with `kind` for what step refused it. */
export class CompileError extends Error {
  readonly kind: 'compilation failed' | 'program instantiation failed';
  constructor(message: string, kind: CompileError['kind'] = 'compilation failed') {
    super(message);
    this.kind = kind;
  }
}

export interface Program {
  type: Type;
  /** Names of the declared variables that the expression reads. */
  uses: ReadonlySet<string>;
  /** Values in the order the variables were declared. Throws CelError, or BudgetExceeded. */
  evaluate(values: readonly Value[], budget?: Budget): Value;
  /** What it may cost at most, by cel-go's estimate. */
  costAtMost(sizeOf: SizeOf): number;
}

/** What is left for all evaluations of one request. */
export interface Budget {
  left: number;
}

/** Throws CompileError. */
export function compileExpression(source: string, variables: Readonly<Record<string, Type>>, wanted?: Type, dialect: Dialect = 'rules'): Program {
  const { node, checked } = checkedTree(source, variables, dialect);
  const type = checked.typeOf(node);
  if (wanted !== undefined && type.kind !== wanted.kind && type.kind !== 'dyn') throw new CompileError(`must evaluate to ${show(wanted)}`);
  const names = Object.keys(variables);
  // As in cel-go, they are types for who makes them and none for who names them.
  for (const { name } of checked.constants.values())
    if (dialect === 'patches' && patchTypes(name) !== undefined) throw new CompileError(`reference to undefined type: ${name}`, 'program instantiation failed');
  const planner = new Planner(checked, DIALECTS[dialect].library, names.length);
  const plan = planned(() => planner.plan(node, { slotOf: (name) => names.indexOf(name.replace(/^\./, '')) }));
  return {
    type,
    uses: checked.uses,
    evaluate(values, budget) {
      const meter = { cost: 0, limit: CALL_LIMIT };
      let result: Value | CelError;
      try {
        result = plan.run({ slots: [...values], meter });
      } catch (error) {
        // Numbers, dates or depths beyond what JavaScript has: the expression's fault, not the server's.
        if (error instanceof CelError) result = error;
        else if (error instanceof RangeError) result = new CelError(error.message);
        else throw error;
      } finally {
        if (budget !== undefined) budget.left -= meter.cost;
      }
      if (budget !== undefined && budget.left < 0) throw new BudgetExceeded('out of budget');
      if (result instanceof CelError) throw result;
      return result;
    },
    costAtMost: (sizeOf) => estimateCost(node, checked, sizeOf).max,
  };
}

function checkedTree(source: string, variables: Readonly<Record<string, Type>>, dialect: Dialect): { node: Node; checked: Checked } {
  let node: Node;
  try {
    node = parse(source);
  } catch (error) {
    if (error instanceof SyntaxErrors) throw new CompileError(described(source, error.errors));
    throw error;
  }
  const checked = check(node, { variables, ...DIALECTS[dialect] });
  const problems = checked.problems.length > 0 ? checked.problems : literalProblems(node, checked, DIALECTS[dialect].library);
  if (problems.length > 0) throw new CompileError(described(source, problems));
  return { node, checked };
}

function planned<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof PlanError ? new CompileError(error.message, 'program instantiation failed') : error;
  }
}

const PROBLEMS_MAX = 100;

/** Each with the line it is on. */
function described(source: string, problems: readonly Problem[]): string {
  const sorted = problems.toSorted((a, b) => a.at - b.at).map(({ at, message }) => located(source, at, message));
  if (sorted.length <= PROBLEMS_MAX) return sorted.join('\n');
  return [...sorted.slice(0, PROBLEMS_MAX), `${sorted.length - PROBLEMS_MAX} more errors were truncated`].join('\n');
}

function located(source: string, at: number, message: string): string {
  if (at < 0) return `ERROR: <input>:-1:0: ${message}`;
  const before = source.slice(0, at).split('\n');
  const text = (source.split('\n')[before.length - 1] ?? '').replaceAll('\t', ' ');
  const skipped = [...before.at(-1)!];
  const isWide = (char: string | undefined): boolean => char !== undefined && char > '\x7f';
  const dots = skipped.map((char) => (isWide(char) ? '．' : '.')).join('');
  const mark = isWide([...text][skipped.length]) ? '＾' : '^';
  return `ERROR: <input>:${before.length}:${skipped.length + 1}: ${message}\n | ${text}\n | ${dots}${mark}`;
}

export function isBudgetExceeded(error: unknown): boolean {
  return error instanceof BudgetExceeded;
}
