/** What is wrong with the text of mutating policies, in upstream's order and words. */
import type { FieldError } from '../../kube/status.ts';
import { invalidValue, notSupported, required } from '../../kube/validation/field.ts';
import { APPLY_CONFIGURATION, JSON_PATCH, types } from '../cel/index.ts';
import { expressionErrors } from '../webhooks/conditions.ts';
import type { Variables } from './compile.ts';
import { commonBindingErrors, commonErrors, variableErrors } from './errors.ts';
import type { MutatingAdmissionPolicy, Mutation, PolicyBinding } from './types.ts';

/** What is deleted cannot be changed. */
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const REINVOCATION_POLICIES = ['IfNeeded', 'Never'];
const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch'];

export function mutatingPolicyErrors({ spec = {} }: Partial<MutatingAdmissionPolicy>): FieldError[] {
  const { mutations = [], reinvocationPolicy } = spec;
  const errors = commonErrors(spec, OPERATIONS);
  const known = variableErrors(errors, spec, true);
  if (mutations.length === 0) errors.push(required('spec.mutations', 'mutations must contain at least one item'));
  for (const [i, mutation] of mutations.entries()) errors.push(...mutationErrors(mutation, `spec.mutations[${i}]`, known));
  if (!reinvocationPolicy) errors.push(required('spec.reinvocationPolicy'));
  else if (!REINVOCATION_POLICIES.includes(reinvocationPolicy)) errors.push(notSupported('spec.reinvocationPolicy', reinvocationPolicy, REINVOCATION_POLICIES));
  return errors;
}

function mutationErrors({ patchType = '', applyConfiguration, jsonPatch }: Mutation, at: string, known: Variables): FieldError[] {
  if (patchType === '') return [required(`${at}.patchType`)];
  if (!PATCH_TYPES.includes(patchType)) return [notSupported(`${at}.patchType`, patchType, PATCH_TYPES)];
  const isJson = patchType === 'JSONPatch';
  const [field, said, other, unsaid] = isJson
    ? (['jsonPatch', jsonPatch, 'applyConfiguration', applyConfiguration] as const)
    : (['applyConfiguration', applyConfiguration, 'jsonPatch', jsonPatch] as const);
  const errors: FieldError[] = [];
  const expression = said?.expression?.trim() ?? '';
  if (said === undefined) errors.push(required(`${at}.${field}`, `must be specified when patchType is ${patchType}`));
  else if (expression === '') errors.push(required(`${at}.${field}.expression`));
  else errors.push(...expressionErrors(expression, known, `${at}.${field}.expression`, [isJson ? types.list(JSON_PATCH) : APPLY_CONFIGURATION], 'patches'));
  if (unsaid !== undefined) errors.push(invalidValue(`${at}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`));
  return errors;
}

export function mutatingBindingErrors({ spec }: Partial<PolicyBinding>): FieldError[] {
  return commonBindingErrors(spec, OPERATIONS);
}
