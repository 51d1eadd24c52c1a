/** The policy file: read once, refused with all that is wrong in it. */
import { readFileSync } from 'node:fs';
import { isDns1123Subdomain } from '../../kube/names.ts';
import type { FieldError } from '../../kube/status.ts';
import { forbiddenField, invalidValue, notSupported, required, type Errors } from '../../kube/validation/field.ts';
import { LEVELS, STAGES, type Policy, type PolicyRule } from './policy.ts';

const POLICY_FIELDS = ['apiVersion', 'kind', 'metadata', 'rules', 'omitStages', 'omitManagedFields'];
const RULE_FIELDS = ['level', 'users', 'userGroups', 'verbs', 'namespaces', 'resources', 'nonResourceURLs', 'omitStages', 'omitManagedFields'];
const RESOURCE_FIELDS = ['group', 'resources', 'resourceNames'];
const API_VERSION = 'audit.k8s.io/v1';

/** Rejects with an Error that names the file and what is wrong. */
export async function loadPolicy(file: string): Promise<Policy> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`failed to read file path ${JSON.stringify(file)}: ${(error as Error).message}`, { cause: error });
  }
  try {
    // A library that only those with a policy need.
    const { parse } = await import('../../kube/yaml.ts');
    return checkPolicy(parse(text));
  } catch (error) {
    throw new Error(`${(error as Error).message}: from file ${file}`, { cause: error });
  }
}

/** Throws an Error with everything that is wrong. */
export function checkPolicy(value: unknown): Policy {
  const { apiVersion, kind } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  if (apiVersion !== API_VERSION || kind !== 'Policy')
    throw new Error(
      `an audit policy must have apiVersion: ${API_VERSION} and kind: Policy, found ${JSON.stringify(apiVersion ?? '')} and ${JSON.stringify(kind ?? '')}`,
    );
  const errors: Errors = [];
  const policy = value as Policy;
  known(errors, '', policy, POLICY_FIELDS);
  stages(errors, 'omitStages', policy.omitStages);
  flag(errors, 'omitManagedFields', policy.omitManagedFields);
  if (policy.rules !== undefined && policy.rules !== null && !Array.isArray(policy.rules)) errors.push(invalidValue('rules', policy.rules, 'must be a list'));
  const rules = Array.isArray(policy.rules) ? policy.rules : [];
  for (const [i, rule] of rules.entries()) checkRule(errors, `rules[${i}]`, rule);
  if (errors.length > 0) throw new Error(textOf(errors));
  if (rules.length === 0) throw new Error('loaded illegal policy with 0 rules');
  return policy;
}

function checkRule(errors: Errors, at: string, rule: PolicyRule): void {
  if (typeof rule !== 'object' || rule === null) return void errors.push(invalidValue(at, rule, 'must be a rule'));
  known(errors, `${at}.`, rule, RULE_FIELDS);
  if (!rule.level) errors.push(required(`${at}.level`));
  else if (!LEVELS.includes(rule.level)) errors.push(notSupported(`${at}.level`, rule.level, LEVELS));
  for (const field of ['users', 'userGroups', 'verbs', 'namespaces', 'nonResourceURLs'] as const) texts(errors, `${at}.${field}`, rule[field]);
  stages(errors, `${at}.omitStages`, rule.omitStages);
  flag(errors, `${at}.omitManagedFields`, rule.omitManagedFields);
  for (const [i, url] of listOf(rule.nonResourceURLs).entries()) checkUrl(errors, `${at}.nonResourceURLs[${i}]`, url);
  for (const [i, group] of listOf(rule.resources).entries()) checkResources(errors, `${at}.resources[${i}]`, group);
  if (listOf(rule.nonResourceURLs).length > 0 && listOf(rule.resources).length + listOf(rule.namespaces).length > 0)
    errors.push(invalidValue(`${at}.nonResourceURLs`, rule.nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
}

function checkUrl(errors: Errors, at: string, url: unknown): void {
  if (url === '*' || typeof url !== 'string') return;
  if (!url.startsWith('/')) errors.push(invalidValue(at, url, "non-resource URL rules must begin with a '/' character"));
  if (url.slice(0, -1).includes('*')) errors.push(invalidValue(at, url, "non-resource URL wildcards '*' must be the final character of the rule"));
}

function checkResources(errors: Errors, at: string, group: NonNullable<PolicyRule['resources']>[number]): void {
  if (typeof group !== 'object' || group === null) return void errors.push(invalidValue(at, group, 'must have a group or resources'));
  known(errors, `${at}.`, group, RESOURCE_FIELDS);
  texts(errors, `${at}.resources`, group.resources);
  texts(errors, `${at}.resourceNames`, group.resourceNames);
  const name = group.group ?? '';
  if (typeof name !== 'string') errors.push(invalidValue(`${at}.group`, name, 'must be a text'));
  else if (name !== '' && name !== '*') {
    const problems = isDns1123Subdomain(name);
    if (problems.length > 0) errors.push(invalidValue(`${at}.group`, name, problems.join(',')));
  }
  if (listOf(group.resourceNames).length > 0 && listOf(group.resources).length === 0)
    errors.push(invalidValue(`${at}.resourceNames`, group.resourceNames, 'using resourceNames requires at least one resource'));
}

function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [];
}

function known(errors: Errors, at: string, object: object, fields: readonly string[]): void {
  for (const name of Object.keys(object)) if (!fields.includes(name)) errors.push(forbiddenField(`${at}${name}`, 'unknown field'));
}

function texts(errors: Errors, at: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) errors.push(invalidValue(at, value, 'must be a list of texts'));
}

function flag(errors: Errors, at: string, value: unknown): void {
  if (value !== undefined && value !== null && typeof value !== 'boolean') errors.push(invalidValue(at, value, 'must be true or false'));
}

function stages(errors: Errors, at: string, value: readonly unknown[] | undefined): void {
  for (const [i, stage] of listOf(value).entries())
    if (!STAGES.some((name) => name === stage)) errors.push(invalidValue(`${at}[${i}]`, stage, `allowed stages are ${STAGES.join(',')}`));
}

/** Several errors as upstream writes them. */
function textOf(errors: readonly FieldError[]): string {
  const lines = errors.map(({ field, message }) => `${field}: ${message}`);
  return lines.length === 1 ? lines[0]! : `[${lines.join(', ')}]`;
}
