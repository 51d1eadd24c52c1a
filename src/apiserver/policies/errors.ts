/** What is wrong with the text of policies and of their bindings, in upstream's order and words. */
import type { FieldError } from '../../kube/status.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../kube/names.ts';
import { duplicate, forbiddenField, invalidValue, named, notSupported, oneOf, required, type Errors } from '../../kube/validation/field.ts';
import { pathSegment } from '../../kube/validation/metadata.ts';
import { validateLabelSelector } from '../../kube/validation/selector.ts';
import { validateConditionNames, validateRuleWithOperations } from '../../kube/validation/webhooks.ts';
import { types } from '../cel/index.ts';
import { expressionErrors, validateConditions } from '../webhooks/conditions.ts';
import { typeOf, visible, type Variables } from './compile.ts';
import type {
  BindingSpec,
  MatchResources,
  ParamKind,
  ParamRef,
  PolicySpec,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from './types.ts';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const FAILURE_POLICIES = ['Fail', 'Ignore'];
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED = new Set('true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '));

export function policyErrors({ spec = {} }: Partial<ValidatingAdmissionPolicy>): FieldError[] {
  const { validations = [], auditAnnotations = [] } = spec;
  const errors = commonErrors(spec);
  const known = variableErrors(errors, spec);
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const why = 'validations or auditAnnotations must contain at least one item';
    errors.push(required('spec.validations', why), required('spec.auditAnnotations', why));
  }
  for (const [i, validation] of validations.entries()) errors.push(...validationErrors(validation, `spec.validations[${i}]`, known));
  for (const [i, { valueExpression }] of auditAnnotations.entries())
    errors.push(...expressionErrors(valueExpression, known, `spec.auditAnnotations[${i}].valueExpression`, [types.STRING, types.NULL]));
  return errors;
}

/** Of what policies of both sorts have, up to their conditions. `operations`: all that rules may name. */
export function commonErrors(spec: PolicySpec, operations?: readonly string[]): Errors {
  const { failurePolicy, paramKind, matchConstraints, matchConditions = [] } = spec;
  const errors: Errors = [];
  if (failurePolicy !== undefined && !FAILURE_POLICIES.includes(failurePolicy))
    errors.push(notSupported('spec.failurePolicy', failurePolicy, FAILURE_POLICIES));
  if (paramKind !== undefined) checkParamKind(errors, paramKind);
  if (matchConstraints === undefined) errors.push(required('spec.matchConstraints'));
  else {
    checkMatchResources(errors, 'spec.matchConstraints', matchConstraints, operations);
    if ((matchConstraints.resourceRules ?? []).length === 0) errors.push(required('spec.matchConstraints.resourceRules'));
  }
  validateConditionNames(errors, 'spec.matchConditions', matchConditions as unknown as Record<string, unknown>[]);
  errors.push(...validateConditions(matchConditions, 'spec.matchConditions', visible(paramKind)));
  return errors;
}

/** Answers what the other expressions may speak of. `always`: of variables even where there are none. */
export function variableErrors(errors: Errors, { paramKind, variables = [] }: PolicySpec, always = false): Variables {
  const fields = new Map<string, types.Type>();
  for (const [i, { name, expression }] of variables.entries()) {
    const at = `spec.variables[${i}]`;
    if (!name?.trim()) errors.push(required(`${at}.name`, 'name is not specified'));
    else if (!IDENTIFIER.test(name) || RESERVED.has(name)) errors.push(invalidValue(`${at}.name`, name, 'must be a valid CEL identifier'));
    if (!expression?.trim()) {
      errors.push(required(`${at}.expression`, 'expression is not specified'));
      continue;
    }
    const before = visible(paramKind, new Map(fields));
    errors.push(...expressionErrors(expression, before, `${at}.expression`));
    fields.set(name, typeOf(expression, before));
  }
  return visible(paramKind, always || variables.length > 0 ? fields : undefined);
}

function checkParamKind(errors: Errors, { apiVersion = '', kind = '' }: Partial<ParamKind>): void {
  const parts = apiVersion.split('/');
  const [group, version] = parts.length === 2 ? [parts[0] ?? '', parts[1] ?? ''] : ['', apiVersion];
  if (apiVersion === '') errors.push(required('spec.paramKind.apiVersion'));
  else if (parts.length > 2) errors.push(invalidValue('spec.paramKind.apiVersion', apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  else {
    const wrong = (value: string, why: string): void => void errors.push(invalidValue('spec.paramKind.apiVersion', value, why));
    const ofGroup = group === '' ? [] : isDns1123Subdomain(group);
    if (ofGroup.length > 0) wrong(group, ofGroup.join(','));
    if (version === '') wrong(apiVersion, 'version must be specified');
    else if (isDns1035Label(version).length > 0) wrong(version, isDns1035Label(version).join(','));
  }
  const ofKind = isDns1035Label(kind.toLowerCase());
  if (kind === '') errors.push(required('spec.paramKind.kind'));
  else if (ofKind.length > 0) errors.push(invalidValue('spec.paramKind.kind', kind, `may have mixed case, but should otherwise match: ${ofKind.join(',')}`));
}

function checkMatchResources(errors: Errors, at: string, matched: MatchResources, operations?: readonly string[]): void {
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = matched;
  oneOf(errors, `${at}.matchPolicy`, matchPolicy, ['Equivalent', 'Exact']);
  validateLabelSelector(errors, `${at}.namespaceSelector`, namespaceSelector);
  validateLabelSelector(errors, `${at}.objectSelector`, objectSelector);
  for (const [name, rules] of [
    ['resourceRules', resourceRules],
    ['excludeResourceRules', excludeResourceRules],
  ] as const) {
    for (const [i, rule] of rules.entries()) {
      const place = `${at}.${name}[${i}]`;
      const { resourceNames = [] } = rule;
      for (const [j, resourceName] of resourceNames.entries()) {
        named(errors, `${place}.resourceNames[${j}]`, resourceName, pathSegment);
        if (resourceNames.indexOf(resourceName) < j) errors.push(duplicate(`${place}.resourceNames[${j}]`, resourceName));
      }
      validateRuleWithOperations(errors, place, { ...rule });
    }
  }
  if (operations === undefined) return;
  for (const operation of resourceRules.flatMap((rule) => rule.operations ?? []))
    if (!operations.includes(operation)) errors.push(notSupported(`${at}.resourceRules.operations`, operation, operations));
}

function validationErrors({ expression, message, messageExpression, reason }: Validation, at: string, variables: Variables): FieldError[] {
  const errors: FieldError[] = [];
  if (!expression?.trim()) errors.push(required(`${at}.expression`, 'expression is not specified'));
  errors.push(...expressionErrors(expression, variables, `${at}.expression`, [types.BOOL]));
  if (message && message.trim() === '') errors.push(invalidValue(`${at}.message`, message, 'message must be non-empty if specified'));
  else if (message?.trim().includes('\n')) errors.push(invalidValue(`${at}.message`, message, 'message must not contain line breaks'));
  else if (expression?.trim().includes('\n') && !message?.trim())
    errors.push(required(`${at}.message`, 'message must be specified if expression contains line breaks'));
  // What somebody may do is no news for others.
  const { authorizer: _authorizer, ...told } = variables;
  errors.push(...expressionErrors(messageExpression, told, `${at}.messageExpression`, [types.STRING]));
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, REASONS));
  return errors;
}

export function bindingErrors({ spec }: Partial<ValidatingAdmissionPolicyBinding>): FieldError[] {
  const errors = commonBindingErrors(spec);
  const actions = spec?.validationActions ?? [];
  for (const [i, action] of actions.entries()) {
    oneOf(errors, `spec.validationActions[${i}]`, action, ['Audit', 'Deny', 'Warn']);
    if (actions.indexOf(action) < i) errors.push(duplicate(`spec.validationActions[${i}]`, action));
  }
  if (actions.includes('Deny') && actions.includes('Warn')) {
    const why = 'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalidValue('spec.validationActions', actions, why));
  }
  if (actions.length === 0) errors.push(required('spec.validationActions', 'at least one validation action is required'));
  return errors;
}

/** Of what bindings of both sorts have. */
export function commonBindingErrors(spec: Partial<BindingSpec> = {}, operations?: readonly string[]): Errors {
  const { policyName, paramRef, matchResources } = spec;
  const errors: Errors = [];
  if (!policyName) errors.push(required('spec.policyName'));
  else named(errors, 'spec.policyName', policyName, isDns1123Subdomain);
  if (paramRef !== undefined) checkParamRef(errors, 'spec.paramRef', paramRef);
  if (matchResources !== undefined) checkMatchResources(errors, 'spec.matchResources', matchResources, operations);
  return errors;
}

function checkParamRef(errors: Errors, at: string, { name = '', selector, parameterNotFoundAction }: ParamRef): void {
  const exclusive = 'name and selector are mutually exclusive';
  if (name !== '') named(errors, `${at}.name`, name, pathSegment);
  if (name !== '' && selector !== undefined) errors.push(forbiddenField(`${at}.name`, exclusive));
  validateLabelSelector(errors, `${at}.selector`, selector);
  if (name !== '' && selector !== undefined) errors.push(forbiddenField(`${at}.selector`, exclusive));
  if (name === '' && selector === undefined) errors.push(required(at, 'one of name or selector must be specified'));
  if (!parameterNotFoundAction) errors.push(required(`${at}.parameterNotFoundAction`));
  else oneOf(errors, `${at}.parameterNotFoundAction`, parameterNotFoundAction, ['Deny', 'Allow']);
}
