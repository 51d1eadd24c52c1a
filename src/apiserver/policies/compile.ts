/** A policy's expressions, compiled once: match conditions, variables, validations and their messages. */
import { CelError, compileExpression, CompileError, REQUEST_LIMIT, types, type Budget, type Program, type Value } from '../cel/index.ts';
import { Lazy } from '../cel/values.ts';
import { conditionsHold } from '../webhooks/conditions.ts';
import { NAMESPACE_OBJECT, REQUEST_VARIABLES } from '../webhooks/variables.ts';
import type { ParamKind, PolicySpec, ValidatingAdmissionPolicy, Validation } from './types.ts';

export type Variables = Readonly<Record<string, types.Type>>;

const MESSAGE_MAX = 5 * 1024;

/** What an expression of a policy that was accepted may speak of; `variables` are those declared before it. */
function declared(variables: ReadonlyMap<string, types.Type>): Variables {
  return {
    ...REQUEST_VARIABLES,
    params: types.DYN,
    namespaceObject: types.DYN,
    variables: { kind: 'object', name: 'kubernetes.variables', fields: () => variables },
  };
}

/** What a policy's text may speak of: parameters and variables only where there can be some. */
export function visible(paramKind: ParamKind | undefined, fields?: ReadonlyMap<string, types.Type>): Variables {
  const { params = types.DYN, variables = types.DYN, ...others } = declared(fields ?? new Map());
  return {
    ...others,
    namespaceObject: NAMESPACE_OBJECT,
    ...(paramKind === undefined ? {} : { params }),
    ...(fields === undefined ? {} : { variables }),
  };
}

/** Of one validation that does not hold. */
export interface Finding {
  message: string;
  reason: string;
  /** Which of the validations. */
  index: number;
}

export interface Judgement {
  findings: Finding[];
  /** What the policy wants to have on record. */
  annotations: { key: string; value: string }[];
}

export interface CompiledPolicy {
  /** Values: object, oldObject, request, params, namespaceObject. No findings: nothing against the request. Throws CelError where the policy itself fails. */
  judge(values: readonly Value[]): Judgement;
}

/** A policy's variables and conditions, compiled. */
export interface Setting {
  /** What its other expressions may speak of. */
  declared: Variables;
  /** The values in the order of `declared`, with variables that are computed when they are asked for. */
  full(values: readonly Value[], budget: Budget): readonly Value[];
  /** Throws CelError. */
  conditionsHold(full: readonly Value[]): boolean;
}

/** Throws CompileError. */
export function compileSetting(spec: PolicySpec): Setting {
  const fields = new Map<string, types.Type>();
  const variables = (spec.variables ?? []).map(({ name, expression }) => {
    const program = compileExpression(expression, declared(new Map(fields)));
    fields.set(name, program.type);
    return { name, program };
  });
  const all = declared(fields);
  const { matchConditions = [] } = spec;
  const conditions = matchConditions.map(({ expression }) => compileExpression(expression, all));
  return {
    declared: all,
    full(values, budget) {
      const lazy = new Lazy();
      const full = [...values, lazy];
      for (const { name, program } of variables) lazy.set(name, () => program.evaluate(full, budget));
      return full;
    },
    conditionsHold: (full) => conditions.length === 0 || conditionsHold(conditions, matchConditions, full),
  };
}

/** Throws CompileError. */
export function compilePolicy({ spec }: ValidatingAdmissionPolicy): CompiledPolicy {
  const setting = compileSetting(spec);
  const all = setting.declared;
  const validations = (spec.validations ?? []).map((validation) => ({
    validation,
    program: compileExpression(validation.expression, all, types.BOOL),
    message: validation.messageExpression ? compileExpression(validation.messageExpression, all) : undefined,
  }));
  const annotations = (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({ key, program: compileExpression(valueExpression, all) }));
  return {
    judge(values) {
      const budget: Budget = { left: REQUEST_LIMIT };
      const full = setting.full(values, budget);
      if (!setting.conditionsHold(full)) return { findings: [], annotations: [] };
      const findings: Finding[] = [];
      for (const [index, { validation, program, message }] of validations.entries()) {
        if (evaluate(validation, program, full, budget) === true) continue;
        findings.push({ message: messageOf(validation, message, full, budget), reason: validation.reason ?? 'Invalid', index });
      }
      const noted = annotations.flatMap(({ key, program }) => {
        const value = program.evaluate(full, budget);
        return typeof value === 'string' && value.trim() !== '' ? [{ key, value: value.trim() }] : [];
      });
      return { findings, annotations: noted };
    },
  };
}

function evaluate({ expression }: Validation, program: Program, values: readonly Value[], budget: Budget): Value {
  try {
    return program.evaluate(values, budget);
  } catch (error) {
    throw new CelError(`expression '${expression}' resulted in error: ${(error as Error).message}`);
  }
}

function messageOf({ expression, message }: Validation, program: Program | undefined, values: readonly Value[], budget: Budget): string {
  if (program !== undefined) {
    try {
      const text = program.evaluate(values, budget);
      if (typeof text === 'string' && text.trim() !== '' && !text.trim().includes('\n') && Buffer.byteLength(text) <= MESSAGE_MAX) return text.trim();
    } catch (error) {
      // A message that cannot be made is replaced by the one that can.
      if (!(error instanceof Error)) throw error;
    }
  }
  return message?.trim() || `failed expression: ${expression.trim()}`;
}

/** What an expression leads to; anything, where it does not compile. */
export function typeOf(expression: string, variables: Variables): types.Type {
  try {
    return compileExpression(expression, variables).type;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return types.DYN;
  }
}
