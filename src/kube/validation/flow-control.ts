/** Flow schemas and priority levels. Bodies are typed by the schema: what is here is of the right kind, but may be missing. */
import { isDns1123Label, isDns1123Subdomain } from '../names.ts';
import type { FieldError } from '../status.ts';
import type { KubeObject } from '../types.ts';
import { duplicate, forbiddenField, invalidValue, notSupported, required, type Errors } from './field.ts';

const PRECEDENCE_MAX = 10_000;
const QUEUES_MAX = 10_000_000;
/** A hand must be dealt from 60 bits of a hash. */
const HASH_BITS = 60;
const VERBS = ['get', 'list', 'create', 'update', 'delete', 'deletecollection', 'patch', 'watch', 'proxy'];

interface Named {
  name?: string;
}

interface Subject {
  kind?: string;
  user?: Named;
  group?: Named;
  serviceAccount?: Named & { namespace?: string };
}

interface Rule {
  subjects?: Subject[];
  resourceRules?: { verbs?: string[]; apiGroups?: string[]; resources?: string[]; namespaces?: string[]; clusterScope?: boolean }[];
  nonResourceRules?: { verbs?: string[]; nonResourceURLs?: string[] }[];
}

interface WithConditions {
  status?: { conditions?: { type?: string }[] };
}

interface FlowSchema extends KubeObject, WithConditions {
  spec?: { matchingPrecedence?: number; priorityLevelConfiguration?: Named; distinguisherMethod?: { type?: string }; rules?: Rule[] };
}

interface Queuing {
  queues?: number;
  handSize?: number;
  queueLengthLimit?: number;
}

interface Limited {
  nominalConcurrencyShares?: number;
  lendablePercent?: number;
  borrowingLimitPercent?: number;
  limitResponse?: { type?: string; queuing?: Queuing };
}

interface PriorityLevelConfiguration extends KubeObject, WithConditions {
  spec?: { type?: string; exempt?: { nominalConcurrencyShares?: number; lendablePercent?: number }; limited?: Limited };
}

export function validateFlowSchema(errors: Errors, object: FlowSchema): void {
  const { matchingPrecedence = 0, priorityLevelConfiguration, distinguisherMethod, rules = [] } = object.spec ?? {};
  const precedence = (why: string): void => void errors.push(invalidValue('spec.matchingPrecedence', matchingPrecedence, why));
  if (matchingPrecedence <= 0) precedence('must be a positive value');
  if (matchingPrecedence > PRECEDENCE_MAX) precedence(`must not be greater than ${PRECEDENCE_MAX}`);
  if (matchingPrecedence === 1 && object.metadata.name !== 'exempt') precedence("only the schema named 'exempt' may have matchingPrecedence 1");
  const method = distinguisherMethod?.type ?? '';
  if (distinguisherMethod !== undefined && method !== 'ByUser' && method !== 'ByNamespace')
    errors.push(notSupported('spec.distinguisherMethod.type', { Type: method }, ['ByNamespace', 'ByUser']));
  const level = priorityLevelConfiguration?.name ?? '';
  if (level === '') errors.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'));
  else for (const why of isDns1123Subdomain(level)) errors.push(invalidValue('spec.priorityLevelConfiguration.name', level, why));
  for (const [i, rule] of rules.entries()) validateRule(errors, `spec.rules[${i}]`, rule);
  validateConditions(errors, object);
}

function validateConditions(errors: Errors, { status }: WithConditions): void {
  const types = (status?.conditions ?? []).map(({ type = '' }) => type);
  for (const [i, type] of types.entries()) {
    const at = `status.conditions[${i}].type`;
    if (types.indexOf(type) < i) errors.push(duplicate(at, type));
    if (type === '') errors.push(required(at));
  }
}

function validateRule(errors: Errors, at: string, { subjects = [], resourceRules = [], nonResourceRules = [] }: Rule): void {
  if (subjects.length === 0) errors.push(required(`${at}.subjects`, 'subjects must contain at least one value'));
  for (const [i, subject] of subjects.entries()) validateSubject(errors, `${at}.subjects[${i}]`, subject);
  if (resourceRules.length + nonResourceRules.length === 0) errors.push(required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  for (const [i, rule] of resourceRules.entries()) {
    const here = `${at}.resourceRules[${i}]`;
    validateVerbs(errors, here, rule.verbs);
    validateList(errors, `${here}.apiGroups`, rule.apiGroups, 'api group');
    validateList(errors, `${here}.resources`, rule.resources, 'resource');
    validateNamespaces(errors, `${here}.namespaces`, rule.namespaces ?? [], rule.clusterScope === true);
  }
  for (const [i, rule] of nonResourceRules.entries()) {
    const here = `${at}.nonResourceRules[${i}]`;
    validateVerbs(errors, here, rule.verbs);
    validateUrls(errors, `${here}.nonResourceURLs`, rule.nonResourceURLs ?? []);
  }
}

const KINDS = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;

function validateSubject(errors: Errors, at: string, subject: Subject): void {
  const { kind = '' } = subject;
  const own = kind in KINDS ? KINDS[kind as keyof typeof KINDS] : undefined;
  if (own === undefined) return void errors.push(notSupported(`${at}.kind`, kind, Object.keys(KINDS)));
  const here = `${at}.${own}`;
  const named = subject[own];
  if (named === undefined) errors.push(required(here, `${own} is required when subject kind is '${kind}'`));
  else if (!named.name) errors.push(required(`${here}.name`));
  if (own === 'serviceAccount' && subject.serviceAccount !== undefined) validateAccount(errors, here, subject.serviceAccount);
  for (const [other, field] of Object.entries(KINDS)) {
    if (field !== own && subject[field] !== undefined)
      errors.push(forbiddenField(`${at}.${field}`, `${field} is forbidden when subject kind is not '${other}'`));
  }
}

function validateAccount(errors: Errors, at: string, { name = '', namespace = '' }: NonNullable<Subject['serviceAccount']>): void {
  if (name !== '' && name !== '*') for (const why of isDns1123Subdomain(name)) errors.push(invalidValue(`${at}.name`, name, why));
  if (namespace === '') errors.push(required(`${at}.namespace`, 'must specify namespace for service account'));
  for (const why of namespace === '' ? [] : isDns1123Label(namespace)) errors.push(invalidValue(`${at}.namespace`, namespace, why));
}

function validateVerbs(errors: Errors, at: string, verbs: readonly string[] = []): void {
  const here = `${at}.verbs`;
  if (verbs.length === 0) errors.push(required(here, 'verbs must contain at least one value'));
  else if (verbs.includes('*')) {
    if (verbs.length > 1) errors.push(invalidValue(here, verbs, "if '*' is present, must not specify other verbs"));
  } else if (!verbs.every((verb) => VERBS.includes(verb))) errors.push(notSupported(here, verbs, VERBS));
}

function validateList(errors: Errors, at: string, list: readonly string[] = [], what: string): void {
  if (list.length === 0) errors.push(required(at, `resource rules must supply at least one ${what}`));
  else if (list.length > 1 && list.includes('*')) errors.push(invalidValue(at, list, `if '*' is present, must not specify other ${what}s`));
}

function validateNamespaces(errors: Errors, at: string, namespaces: readonly string[], clusterScope: boolean): void {
  if (namespaces.length === 0 && !clusterScope)
    return void errors.push(required(at, 'resource rules that are not cluster scoped must supply at least one namespace'));
  if (namespaces.includes('*')) {
    if (namespaces.length > 1) errors.push(invalidValue(at, namespaces, "if '*' is present, must not specify other namespaces"));
    return;
  }
  for (const [i, namespace] of namespaces.entries())
    for (const why of isDns1123Label(namespace))
      errors.push(invalidValue(`${at}[${i}]`, namespace, `each member of this list must be '*' or a DNS-1123 label; ${why}`));
}

function validateUrls(errors: Errors, at: string, urls: readonly string[]): void {
  if (urls.length === 0) errors.push(required(at, 'nonResourceURLs must contain at least one value'));
  if (urls.includes('*')) {
    if (urls.length > 1) errors.push(invalidValue(at, urls, "if '*' is present, must not specify other non-resource URLs"));
    return;
  }
  for (const [i, url] of urls.entries()) {
    const why = urlProblem(url);
    if (why !== undefined) errors.push(invalidValue(`${at}[${i}]`, url, why));
  }
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const stars = url.split('*').length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}

/** Upstream gives no reason where a member does not go with the type. */
function forbidden(field: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: 'Forbidden' };
}

export function validatePriorityLevel(errors: Errors, object: PriorityLevelConfiguration): void {
  const { type = '', exempt, limited } = object.spec ?? {};
  const { name } = object.metadata;
  /** What the declarations of the type say comes after what is checked by hand. */
  const declared: Errors = [];
  if ((name === 'exempt') !== (type === 'Exempt')) errors.push(invalidValue('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  if (type === 'Exempt') {
    if (limited !== undefined) declared.push(forbidden('spec.limited'));
    validateShares(errors, 'spec.exempt', exempt ?? {});
    validateLendable(errors, 'spec.exempt', exempt ?? {});
  } else if (type === 'Limited') {
    if (exempt !== undefined) declared.push(forbidden('spec.exempt'));
    if (limited === undefined) declared.push(required('spec.limited'));
    else validateLimited(errors, declared, limited);
  } else errors.push(type === '' ? required('spec.type') : notSupported('spec.type', type, ['Exempt', 'Limited']));
  validateConditions(errors, object);
  errors.push(...declared);
}

function validateShares(errors: Errors, at: string, { nominalConcurrencyShares = 0 }: Limited): void {
  if (nominalConcurrencyShares < 0) errors.push(invalidValue(`${at}.nominalConcurrencyShares`, nominalConcurrencyShares, 'must be a non-negative integer'));
}

function validateLendable(errors: Errors, at: string, { lendablePercent = 0 }: Limited): void {
  if (lendablePercent < 0 || lendablePercent > 100) errors.push(invalidValue(`${at}.lendablePercent`, lendablePercent, 'must be between 0 and 100, inclusive'));
}

function validateLimited(errors: Errors, declared: Errors, limited: Limited): void {
  const at = 'spec.limited';
  validateShares(errors, at, limited);
  const { type = '', queuing } = limited.limitResponse ?? {};
  const here = `${at}.limitResponse`;
  if (type === 'Reject') {
    if (queuing !== undefined) declared.push(forbidden(`${here}.queuing`));
  } else if (type === 'Queue') {
    if (queuing === undefined) declared.push(required(`${here}.queuing`));
    else validateQueuing(errors, `${here}.queuing`, queuing);
  } else errors.push(type === '' ? required(`${here}.type`) : notSupported(`${here}.type`, type, ['Queue', 'Reject']));
  validateLendable(errors, at, limited);
  const borrowing = limited.borrowingLimitPercent ?? 0;
  if (borrowing < 0) errors.push(invalidValue(`${at}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer'));
}

function validateQueuing(errors: Errors, at: string, { queues = 0, handSize = 0, queueLengthLimit = 0 }: Queuing): void {
  if (queueLengthLimit <= 0) errors.push(invalidValue(`${at}.queueLengthLimit`, queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(invalidValue(`${at}.queues`, queues, 'must be positive'));
  else if (queues > QUEUES_MAX) errors.push(invalidValue(`${at}.queues`, queues, `must not be greater than ${QUEUES_MAX}`));
  const bits = Math.ceil(Math.log2(queues) * handSize);
  if (handSize <= 0) errors.push(invalidValue(`${at}.handSize`, handSize, 'must be positive'));
  else if (handSize > queues) errors.push(invalidValue(`${at}.handSize`, handSize, `should not be greater than queues (${queues})`));
  else if (bits > HASH_BITS) {
    const why = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS}`;
    errors.push(invalidValue(`${at}.handSize`, handSize, why));
  }
}
