/** A policy's expressions, compiled once: match conditions, variables, validations and their messages. */
import { CelError, compileExpression, CompileError, REQUEST_LIMIT, types, type Budget, type Program, type Value } from '../cel/index.ts';
import { Lazy } from '../cel/values.ts';
import type { FieldError } from '../../kube/status.ts';
import { duplicate, invalidValue, notSupported, required } from '../../kube/validation/field.ts';
import { conditionsHold, expressionErrors, validateConditions } from '../webhooks/conditions.ts';
import { NAMESPACE_OBJECT, REQUEST_VARIABLES } from '../webhooks/variables.ts';
import type { ValidatingAdmissionPolicy, Validation } from './types.ts';

export type Variables = Readonly<Record<string, types.Type>>;

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
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

/** What a policy's text may speak of: parameters and variables only where there are some. */
export function visible({ paramKind, variables }: Partial<ValidatingAdmissionPolicy['spec']>, fields: ReadonlyMap<string, types.Type>): Variables {
  const { params = types.DYN, variables: declaredFields = types.DYN, ...others } = declared(fields);
  return {
    ...others,
    namespaceObject: NAMESPACE_OBJECT,
    ...(paramKind === undefined ? {} : { params }),
    ...(variables?.length ? { variables: declaredFields } : {}),
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

/** Throws CompileError. */
export function compilePolicy({ spec }: ValidatingAdmissionPolicy): CompiledPolicy {
  const fields = new Map<string, types.Type>();
  const variables = (spec.variables ?? []).map(({ name, expression }) => {
    const program = compileExpression(expression, declared(new Map(fields)));
    fields.set(name, program.type);
    return { name, program };
  });
  const all = declared(fields);
  const conditions = (spec.matchConditions ?? []).map(({ expression }) => compileExpression(expression, all));
  const validations = (spec.validations ?? []).map((validation) => ({
    validation,
    program: compileExpression(validation.expression, all, types.BOOL),
    message: validation.messageExpression ? compileExpression(validation.messageExpression, all) : undefined,
  }));
  const annotations = (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({ key, program: compileExpression(valueExpression, all) }));
  return {
    judge(values) {
      const budget: Budget = { left: REQUEST_LIMIT };
      const lazy = new Lazy();
      const full = [...values, lazy];
      for (const { name, program } of variables) lazy.set(name, () => program.evaluate(full, budget));
      if (conditions.length > 0 && !conditionsHold(conditions, spec.matchConditions!, full)) return { findings: [], annotations: [] };
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

/** What is wrong with a policy's own text. */
export function policyErrors({ spec }: Partial<ValidatingAdmissionPolicy>): FieldError[] {
  const errors: FieldError[] = [];
  const fields = new Map<string, types.Type>();
  const constraints = spec?.matchConstraints;
  if (constraints === undefined) errors.push(required('spec.matchConstraints'));
  else if ((constraints.resourceRules ?? []).length === 0) errors.push(required('spec.matchConstraints.resourceRules'));
  if (spec?.paramKind !== undefined) {
    if (!spec.paramKind.apiVersion) errors.push(required('spec.paramKind.apiVersion'));
    if (!spec.paramKind.kind) errors.push(required('spec.paramKind.kind'));
  }
  if (spec?.failurePolicy !== undefined && !['Fail', 'Ignore'].includes(spec.failurePolicy))
    errors.push(notSupported('spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore']));
  for (const [i, { name, expression }] of (spec?.variables ?? []).entries()) {
    const at = `spec.variables[${i}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name ?? ''))
      errors.push(name ? invalidValue(`${at}.name`, name, 'name is not a valid CEL identifier') : required(`${at}.name`, 'name is not specified'));
    if (fields.has(name)) errors.push(duplicate(`${at}.name`, name));
    if (!expression?.trim()) errors.push(required(`${at}.expression`, 'expression is not specified'));
    const before = visible(spec ?? {}, new Map(fields));
    errors.push(...expressionErrors(expression, before, `${at}.expression`));
    fields.set(name, typeOf(expression, before));
  }
  const all = visible(spec ?? {}, fields);
  errors.push(...validateConditions(spec?.matchConditions ?? [], 'spec.matchConditions', all));
  const validations = spec?.validations ?? [];
  if (validations.length === 0 && (spec?.auditAnnotations ?? []).length === 0)
    errors.push(
      required('spec.validations', 'validations or auditAnnotations must contain at least one item'),
      required('spec.auditAnnotations', 'validations or auditAnnotations must contain at least one item'),
    );
  for (const [i, validation] of validations.entries()) errors.push(...validationErrors(validation, `spec.validations[${i}]`, all));
  for (const [i, { valueExpression }] of (spec?.auditAnnotations ?? []).entries()) {
    errors.push(...expressionErrors(valueExpression, all, `spec.auditAnnotations[${i}].valueExpression`, types.STRING, types.NULL));
  }
  return errors;
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

function validationErrors({ expression, message, messageExpression, reason }: Validation, at: string, variables: Variables): FieldError[] {
  const errors: FieldError[] = [];
  if (!expression?.trim()) errors.push(required(`${at}.expression`, 'expression is not specified'));
  errors.push(...expressionErrors(expression, variables, `${at}.expression`, types.BOOL));
  if (message && message.trim() === '') errors.push(invalidValue(`${at}.message`, message, 'message must be non-empty if specified'));
  else if (message?.trim().includes('\n')) errors.push(invalidValue(`${at}.message`, message, 'message must not contain line breaks'));
  else if (expression?.trim().includes('\n') && !message?.trim())
    errors.push(required(`${at}.message`, 'message must be specified if expression contains line breaks'));
  // What somebody may do is no news for others.
  const { authorizer: _authorizer, ...told } = variables;
  errors.push(...expressionErrors(messageExpression, told, `${at}.messageExpression`, types.STRING));
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, REASONS));
  return errors;
}
