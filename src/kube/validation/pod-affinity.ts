/** Where a pod may and should run: affinities, tolerations and spread, in upstream's words. */
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../names.ts';
import type { PodSpec } from '../types.ts';
import { forbiddenField, invalidValue, named, notSupported, required, type Errors } from './field.ts';
import { validateLabelSelector } from './selector.ts';

type Affinity = NonNullable<PodSpec['affinity']>;
type NodeSelector = NonNullable<NonNullable<Affinity['nodeAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']>;
type NodeSelectorTerm = NodeSelector['nodeSelectorTerms'][number];
type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number];
type PodAffinityTerm = NonNullable<NonNullable<Affinity['podAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']>[number];

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const NO_OPERATOR = 'not a valid selector operator';
const WEIGHT_MAX = 100;

export function validateAffinity(errors: Errors, path: string, affinity: PodSpec['affinity']): void {
  const { nodeAffinity } = affinity ?? {};
  const needed = nodeAffinity?.[REQUIRED];
  if (needed !== undefined) validateNodeSelector(errors, `${path}.nodeAffinity.${REQUIRED}`, needed);
  for (const [i, { weight, preference }] of (nodeAffinity?.[PREFERRED] ?? []).entries()) {
    const at = `${path}.nodeAffinity.${PREFERRED}[${i}]`;
    validateWeight(errors, at, weight);
    // Values that are no labels were accepted once.
    validateNodeTerm(errors, `${at}.preference`, preference ?? {}, true);
  }
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const at = `${path}.${kind}`;
    for (const [i, term] of (affinity?.[kind]?.[REQUIRED] ?? []).entries()) validatePodTerm(errors, `${at}.${REQUIRED}[${i}]`, term);
    for (const [i, { weight, podAffinityTerm }] of (affinity?.[kind]?.[PREFERRED] ?? []).entries()) {
      validateWeight(errors, `${at}.${PREFERRED}[${i}]`, weight);
      validatePodTerm(errors, `${at}.${PREFERRED}[${i}].podAffinityTerm`, podAffinityTerm ?? {});
    }
  }
}

function validateWeight(errors: Errors, path: string, weight = 0): void {
  if (weight <= 0 || weight > WEIGHT_MAX) errors.push(invalidValue(`${path}.weight`, weight, 'must be in the range 1-100'));
}

/** Also of volumes and of runtime classes. */
export function validateNodeSelector(errors: Errors, path: string, { nodeSelectorTerms = [] }: Partial<NodeSelector>): void {
  if (nodeSelectorTerms.length === 0) errors.push(required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term'));
  for (const [i, term] of nodeSelectorTerms.entries()) validateNodeTerm(errors, `${path}.nodeSelectorTerms[${i}]`, term, false);
}

function validateNodeTerm(errors: Errors, path: string, term: NodeSelectorTerm, anyValues: boolean): void {
  for (const [i, requirement] of (term.matchExpressions ?? []).entries()) validateRequirement(errors, `${path}.matchExpressions[${i}]`, requirement, anyValues);
  for (const [i, requirement] of (term.matchFields ?? []).entries()) validateFieldRequirement(errors, `${path}.matchFields[${i}]`, requirement);
}

function validateRequirement(errors: Errors, path: string, { key, operator, values = [] }: Requirement, anyValues: boolean): void {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) errors.push(forbiddenField(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) errors.push(required(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      break;
    default:
      errors.push(invalidValue(`${path}.operator`, operator ?? '', NO_OPERATOR));
  }
  named(errors, `${path}.key`, key ?? '', isQualifiedName);
  if (anyValues) return;
  for (const [i, value] of values.entries()) named(errors, `${path}.values[${i}]`, value, isLabelValue);
}

function validateFieldRequirement(errors: Errors, path: string, { key, operator, values = [] }: Requirement): void {
  if (operator !== 'In' && operator !== 'NotIn') errors.push(invalidValue(`${path}.operator`, operator ?? '', NO_OPERATOR));
  else if (values.length !== 1) errors.push(required(`${path}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  if (key !== 'metadata.name') errors.push(invalidValue(`${path}.key`, key ?? '', 'not a valid field selector key'));
  else for (const [i, value] of values.entries()) named(errors, `${path}.values[${i}]`, value, isDns1123Subdomain);
}

function validatePodTerm(errors: Errors, path: string, term: Partial<PodAffinityTerm>): void {
  validateLabelSelector(errors, `${path}.labelSelector`, term.labelSelector);
  validateLabelSelector(errors, `${path}.namespaceSelector`, term.namespaceSelector);
  for (const namespace of term.namespaces ?? []) named(errors, `${path}.namespace`, namespace, isDns1123Label);
  if (!term.topologyKey) errors.push(required(`${path}.topologyKey`, 'can not be empty'));
  named(errors, `${path}.topologyKey`, term.topologyKey ?? '', isQualifiedName);
}

export function validateTolerations(errors: Errors, path: string, tolerations: NonNullable<PodSpec['tolerations']>): void {
  for (const [i, { key, operator, value = '', effect, tolerationSeconds }] of tolerations.entries()) {
    const at = `${path}[${i}]`;
    if (key) named(errors, `${at}.key`, key, isQualifiedName);
    else if (operator !== 'Exists')
      errors.push(invalidValue(`${at}.operator`, operator ?? '', 'operator must be Exists when `key` is empty, which means "match all values and all keys"'));
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      errors.push(invalidValue(`${at}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    if (!operator || operator === 'Equal') {
      const wrong = isLabelValue(value);
      if (wrong.length > 0) errors.push(invalidValue(`${at}.operator`, value, wrong.join(';')));
    } else if (operator === 'Exists') {
      if (value !== '') errors.push(invalidValue(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"));
    } else errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists'], 'given'));
    if (effect) validateTaintEffect(errors, `${at}.effect`, effect);
  }
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Also of a node's taints. */
export function validateTaintEffect(errors: Errors, path: string, effect: string): void {
  if (!EFFECTS.includes(effect)) errors.push(notSupported(path, effect, EFFECTS, 'given'));
}

const UNSATISFIABLE = ['DoNotSchedule', 'ScheduleAnyway'];

export function validateSpread(errors: Errors, path: string, constraints: NonNullable<PodSpec['topologySpreadConstraints']>): void {
  for (const [i, { maxSkew = 0, topologyKey, whenUnsatisfiable, labelSelector, minDomains }] of constraints.entries()) {
    const at = `${path}[${i}]`;
    if (maxSkew <= 0) errors.push(invalidValue(`${at}.maxSkew`, maxSkew, 'must be greater than zero'));
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'));
    if (!UNSATISFIABLE.includes(whenUnsatisfiable ?? '')) errors.push(notSupported(`${at}.whenUnsatisfiable`, whenUnsatisfiable ?? '', UNSATISFIABLE));
    const again = constraints.slice(i + 1).some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (again)
      errors.push({
        reason: 'FieldValueDuplicate',
        field: `${at}.{topologyKey, whenUnsatisfiable}`,
        message: `Duplicate value: ${JSON.stringify(`{${topologyKey}, ${whenUnsatisfiable}}`)}`,
      });
    if (minDomains !== undefined && minDomains <= 0) errors.push(invalidValue(`${at}.minDomains`, minDomains, 'must be greater than 0'));
    if (minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule')
      errors.push(invalidValue(`${at}.minDomains`, minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable ?? ''}`));
    validateLabelSelector(errors, `${at}.labelSelector`, labelSelector);
  }
}
