/** Configurations of admission webhooks; and the parts that policies and conversions share with them. */
import { X509Certificate } from 'node:crypto';
import { isDns1035Label, isDns1123Subdomain, isQualifiedName } from '../names.ts';
import type { LabelSelector, Unstructured } from '../types.ts';
import { duplicate, invalidValue, named, oneOf, required, type Errors } from './field.ts';
import { validateLabelSelector } from './selector.ts';

type Fields = Record<string, unknown>;

const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const TIMEOUT_MAX = 30;

export function validateWebhookConfiguration(errors: Errors, object: Unstructured): void {
  const names = new Set<string>();
  for (const [i, hook] of list(object['webhooks']).entries()) {
    const at = `webhooks[${i}]`;
    validateWebhook(errors, at, hook, object.kind === 'MutatingWebhookConfiguration');
    const name = text(hook['name']);
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
  }
}

function validateWebhook(errors: Errors, at: string, hook: Fields, mutating: boolean): void {
  validateQualifiedName(errors, `${at}.name`, text(hook['name']));
  for (const [i, rule] of list(hook['rules']).entries()) validateRuleWithOperations(errors, `${at}.rules[${i}]`, rule);
  oneOf(errors, `${at}.failurePolicy`, hook['failurePolicy'], ['Fail', 'Ignore']);
  oneOf(errors, `${at}.matchPolicy`, hook['matchPolicy'], ['Equivalent', 'Exact']);
  if (hook['sideEffects'] === undefined) errors.push(required(`${at}.sideEffects`, 'must specify one of None, NoneOnDryRun'));
  oneOf(errors, `${at}.sideEffects`, hook['sideEffects'], ['None', 'NoneOnDryRun']);
  const seconds = hook['timeoutSeconds'] as number | undefined;
  if (seconds !== undefined && (seconds < 1 || seconds > TIMEOUT_MAX))
    errors.push(invalidValue(`${at}.timeoutSeconds`, seconds, 'the timeout value must be between 1 and 30 seconds'));
  for (const selector of ['namespaceSelector', 'objectSelector'])
    validateLabelSelector(errors, `${at}.${selector}`, hook[selector] as LabelSelector | undefined);
  if (mutating) oneOf(errors, `${at}.reinvocationPolicy`, hook['reinvocationPolicy'], ['IfNeeded', 'Never']);
  validateClientConfig(errors, `${at}.clientConfig`, hook['clientConfig'] as Fields | undefined);
  validateConditionNames(errors, `${at}.matchConditions`, list(hook['matchConditions']));
  validateReviewVersions(errors, `${at}.admissionReviewVersions`, strings(hook['admissionReviewVersions']), REVIEW_VERSIONS);
}

function validateQualifiedName(errors: Errors, at: string, name: string): void {
  if (name === '') return void errors.push(required(at));
  const why = isDns1123Subdomain(name);
  for (const reason of why) errors.push(invalidValue(at, name, reason));
  if (why.length === 0 && name.split('.').length < 3) errors.push(invalidValue(at, name, 'should be a domain with at least three segments separated by dots'));
}

/** Rules of webhooks and of policies. */
export function validateRuleWithOperations(errors: Errors, at: string, rule: Fields): void {
  const operations = strings(rule['operations']);
  if (operations.length === 0) errors.push(required(`${at}.operations`));
  if (operations.length > 1 && operations.includes('*'))
    errors.push(invalidValue(`${at}.operations`, operations, "if '*' is present, must not specify other operations"));
  for (const [i, operation] of operations.entries()) oneOf(errors, `${at}.operations[${i}]`, operation, ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']);
  for (const [field, what] of [
    ['apiGroups', 'API groups'],
    ['apiVersions', 'API versions'],
  ] as const) {
    const values = strings(rule[field]);
    if (values.length === 0) errors.push(required(`${at}.${field}`));
    if (values.length > 1 && values.includes('*')) errors.push(invalidValue(`${at}.${field}`, values, `if '*' is present, must not specify other ${what}`));
    if (field === 'apiVersions') for (const [i, value] of values.entries()) if (value === '') errors.push(required(`${at}.${field}[${i}]`));
  }
  validateResources(errors, `${at}.resources`, strings(rule['resources']));
  oneOf(errors, `${at}.scope`, rule['scope'], ['*', 'Cluster', 'Namespaced']);
}

function validateResources(errors: Errors, at: string, resources: string[]): void {
  if (resources.length === 0) errors.push(required(at));
  const seen = { ofResource: new Set<string>(), ofSubresource: new Set<string>() };
  for (const [i, both] of resources.entries()) {
    if (both === '') errors.push(required(`${at}[${i}]`));
    const slash = both.indexOf('/');
    if (slash < 0) continue;
    const [resource, subresource] = [both.slice(0, slash), both.slice(slash + 1)];
    if (seen.ofResource.has(resource)) errors.push(invalidValue(`${at}[${i}]`, both, `if '${resource}/*' is present, must not specify ${both}`));
    if (seen.ofSubresource.has(subresource)) errors.push(invalidValue(`${at}[${i}]`, both, `if '*/${subresource}' is present, must not specify ${both}`));
    if (subresource === '*') seen.ofResource.add(resource);
    if (resource === '*') seen.ofSubresource.add(subresource);
  }
  if (resources.length > 1 && resources.includes('*/*')) errors.push(invalidValue(at, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && resources.some((resource) => resource !== '*' && !resource.includes('/')))
    errors.push(invalidValue(at, resources, "if '*' is present, must not specify other resources without subresources"));
}

/** Webhooks of admission and of conversion say in the same way where they answer. */
export function validateClientConfig(errors: Errors, at: string, config: Fields | undefined): void {
  const { url, service, caBundle } = config ?? {};
  if ((url === undefined) === (service === undefined)) errors.push(required(at, 'exactly one of url or service is required'));
  else if (url !== undefined) validateUrl(errors, `${at}.url`, text(url));
  else validateService(errors, `${at}.service`, service as Fields);
  if (typeof caBundle === 'string' && caBundle !== '' && !isBundle(caBundle))
    errors.push(invalidValue(`${at}.caBundle`, caBundle, 'unable to load root certificates: unable to parse bytes as PEM block'));
}

function isBundle(caBundle: string): boolean {
  try {
    return new X509Certificate(Buffer.from(caBundle, 'base64')).raw.length > 0;
  } catch {
    return false;
  }
}

const FORM = '; desired format: https://host[/path]';

function validateUrl(errors: Errors, at: string, value: string): void {
  if (!URL.canParse(value) && !value.startsWith('https:///')) {
    errors.push(
      /^[a-z][a-z0-9+.-]*:/i.test(value)
        ? required(at, `url must be a valid URL${FORM}`)
        : invalidValue(at, '', `'https' is the only allowed URL scheme${FORM}`),
    );
    if (!/^[a-z][a-z0-9+.-]*:/i.test(value)) errors.push(invalidValue(at, '', `host must be specified${FORM}`));
    return;
  }
  const url = new URL(value);
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'https') errors.push(invalidValue(at, scheme, `'https' is the only allowed URL scheme${FORM}`));
  if (url.host === '' || value.startsWith('https:///')) errors.push(invalidValue(at, '', `host must be specified${FORM}`));
  if (url.username !== '') errors.push(invalidValue(at, url.username, 'user information is not permitted in the URL'));
  if (url.hash !== '') errors.push(invalidValue(at, url.hash.slice(1), 'fragments are not permitted in the URL'));
  if (url.search !== '') errors.push(invalidValue(at, url.search.slice(1), 'query parameters are not permitted in the URL'));
}

function validateService(errors: Errors, at: string, { name, namespace, path, port }: Fields): void {
  if (text(name) === '') errors.push(required(`${at}.name`));
  if (text(namespace) === '') errors.push(required(`${at}.namespace`));
  const number = (port as number | undefined) ?? 0;
  if (number < 1 || number > 65_535) errors.push(invalidValue(`${at}.port`, number, 'port is not valid: must be between 1 and 65535, inclusive'));
  const wanted = text(path);
  if (wanted === '' || wanted === '/') return;
  if (!wanted.startsWith('/')) errors.push(invalidValue(`${at}.path`, wanted, "must start with a '/'"));
  for (const [i, step] of wanted.slice(1).replace(/\/$/, '').split('/').entries()) {
    if (step === '') errors.push(invalidValue(`${at}.path`, wanted, `segment[${i}] may not be empty`));
    else for (const why of isDns1123Subdomain(step)) errors.push(invalidValue(`${at}.path`, wanted, `segment[${i}]: ${why}`));
  }
}

export function validateReviewVersions(errors: Errors, at: string, versions: string[], known: readonly string[]): void {
  if (versions.length === 0) return void errors.push(required(at, `must specify one of ${known.join(', ')}`));
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) errors.push(invalidValue(`${at}[${i}]`, version, 'duplicate version'));
    else for (const why of isDns1035Label(version)) errors.push(invalidValue(`${at}[${i}]`, version, why));
  }
  if (!versions.some((version) => known.includes(version))) errors.push(invalidValue(at, versions, `must include at least one of ${known.join(', ')}`));
}

/** Names of match conditions; their expressions are compiled where CEL is. */
export function validateConditionNames(errors: Errors, at: string, conditions: Fields[]): void {
  if (conditions.length > CONDITIONS_MAX)
    errors.push({ reason: 'FieldValueTooMany', field: at, message: `Too many: ${conditions.length}: must have at most ${CONDITIONS_MAX} items` });
  const names = new Set<string>();
  for (const [i, condition] of conditions.entries()) {
    const name = text(condition['name']);
    if (text(condition['expression']).trim() === '') errors.push(required(`${at}[${i}].expression`));
    if (name === '') errors.push(required(`${at}[${i}].name`));
    else named(errors, `${at}[${i}].name`, name, isQualifiedName);
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}[${i}].name`, name));
    names.add(name);
  }
}

const CONDITIONS_MAX = 64;

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? (value as Fields[]) : [];
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
