/** matchConditions: expressions over the request that say whether a webhook or policy is asked at all. */
import { forbidden, type FieldError } from '../../kube/status.ts';
import { CelError, CompileError, compileExpression, types, type Budget, type Dialect, type Program, type Value } from '../cel/index.ts';
import type { Authorizer } from '../authz/index.ts';
import { targetOf } from '../registry/world.ts';
import type { ReviewRequest } from './review.ts';
import { REQUEST_VARIABLES, requestValues } from './variables.ts';
import type { MatchCondition } from './types.ts';

/** Upstream's budget for all conditions of one webhook. */
const BUDGET = 2_500_000;

export function validateConditions(
  conditions: readonly MatchCondition[],
  at: string,
  variables: Readonly<Record<string, types.Type>> = REQUEST_VARIABLES,
): FieldError[] {
  return conditions.flatMap(({ expression }, i) => expressionErrors(expression, variables, `${at}[${i}].expression`, [types.BOOL]));
}

/** What is wrong with an expression; an empty one is the vocabulary's to refuse. Without `wanted` it may be of any type. */
export function expressionErrors(
  expression: string | undefined,
  variables: Readonly<Record<string, types.Type>>,
  at: string,
  wanted: readonly types.Type[] = [],
  dialect?: Dialect,
): FieldError[] {
  if (expression === undefined || expression.trim() === '') return [];
  try {
    const { type } = compileExpression(expression, variables, undefined, dialect);
    if (wanted.length === 0 || wanted.some((one) => types.same(one, type))) return [];
    const right = wanted.length === 1 ? shown(wanted[0]!) : `one of [${wanted.map(shown).join(' ')}]`;
    const why = `must evaluate to ${right} but got ${shown(type)}`;
    return [{ reason: 'FieldValueInvalid', field: at, message: `Invalid value: ${JSON.stringify(expression)}: ${why}` }];
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    if (error.kind !== 'compilation failed') return [{ reason: 'InternalError', field: at, message: `Internal error: ${error.kind}: ${error.message}` }];
    return [{ reason: 'FieldValueInvalid', field: at, message: `Invalid value: ${JSON.stringify(expression)}: compilation failed: ${error.message}` }];
  }
}

/** By the name that the type has in itself. */
function shown(type: types.Type): string {
  return type.kind === 'null' ? 'null_type' : types.show(type);
}

/** One condition that is false decides; else one that fails. Throws what the first failure threw. */
export function conditionsHold(programs: readonly Program[], conditions: readonly MatchCondition[], values: readonly Value[]): boolean {
  const budget: Budget = { left: BUDGET };
  let failure: unknown;
  for (const [i, program] of programs.entries()) {
    try {
      if (program.evaluate(values, budget) === false) return false;
    } catch (error) {
      failure ??= new CelError(`expression '${conditions[i]!.expression}' resulted in error: ${(error as Error).message}`);
    }
  }
  if (failure !== undefined) throw failure;
  return true;
}

/** A webhook's conditions, compiled; undefined when it has none. */
export function webhookConditions(
  conditions: readonly MatchCondition[] | undefined,
  failurePolicy: string | undefined,
  authorizer: Authorizer,
): ((request: ReviewRequest) => boolean) | undefined {
  if (conditions === undefined || conditions.length === 0) return undefined;
  const programs = conditions.map(({ expression }) => compileExpression(expression, REQUEST_VARIABLES));
  return (request) => {
    try {
      return conditionsHold(programs, conditions, requestValues(request, authorizer));
    } catch (error) {
      if (failurePolicy === 'Ignore') return false;
      throw forbidden(targetOf(request.definition, request.key.name), (error as Error).message);
    }
  };
}
