/** Answers to reviews: may I, may somebody, what may I, and who am I. */
import { badRequest, invalid, type FieldError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import { invalidValue, required } from '../../kube/validation/field.ts';
import { timestamp, type Clock } from '../../runtime/clock.ts';
import type { CreateHandler, RequestContext, UserInfo } from '../engine.ts';
import { nodeNameOf } from './node.ts';
import { aggregate, type Attributes, type Authorizer } from './index.ts';

interface Selector {
  rawSelector?: string;
  requirements?: { key?: string; operator?: string; values?: string[] }[];
}

interface AccessSpec {
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
  namespace?: string;
  resourceAttributes?: {
    verb?: string;
    group?: string;
    resource?: string;
    subresource?: string;
    namespace?: string;
    name?: string;
    fieldSelector?: Selector;
    labelSelector?: Selector;
  };
  nonResourceAttributes?: { path?: string; verb?: string };
}

interface Review extends KubeObject {
  spec?: AccessSpec;
}

type Answer = (ctx: RequestContext, review: Review, key: ObjectKey) => object;

const GROUP = 'authorization.k8s.io';

/** The handlers a registry starts with; the front door knows more about tokens. */
export function reviewHandlers(authorizer: Authorizer, clock: Clock): [{ group: string; plural: string; subresource: string }, CreateHandler][] {
  const decide = (user: UserInfo, spec: AccessSpec): object => {
    const { allowed, reason } = authorizer.decide(user, attributesOf(spec));
    return { allowed, ...(reason === '' ? {} : { reason }) };
  };
  const somebody: Answer = (_ctx, { kind, metadata, spec = {} }, key) => {
    const local = kind === 'LocalSubjectAccessReview';
    refuse([...specErrors(spec, true), ...metadataErrors(metadata, local), ...(local ? localErrors(spec, metadata) : [])]);
    if (local && key.namespace !== metadata.namespace) throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${key.namespace ?? ''}`);
    const { user = '', groups = [], uid, extra } = spec;
    return { status: decide({ name: user, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) }, spec) };
  };
  const myself: Answer = ({ user }, { metadata, spec = {} }) => {
    refuse([...specErrors(spec, false), ...metadataErrors(metadata, false)]);
    return { status: decide(user, spec) };
  };
  const myName: Answer = ({ user }, { metadata }) => ({
    // It is made, not kept.
    metadata: { ...metadata, creationTimestamp: timestamp(clock.now()) },
    status: { userInfo: shown(user) },
  });
  const answers: [group: string, plural: string, answer: Answer][] = [
    [GROUP, 'subjectaccessreviews', somebody],
    [GROUP, 'localsubjectaccessreviews', somebody],
    [GROUP, 'selfsubjectaccessreviews', myself],
    [GROUP, 'selfsubjectrulesreviews', ({ user }, { spec }) => rulesReview(authorizer, user, spec?.namespace)],
    ['authentication.k8s.io', 'selfsubjectreviews', myName],
    ['authentication.k8s.io', 'tokenreviews', () => ({ status: { authenticated: false, error: 'tokens are not known to this server', user: {} } })],
  ];
  return answers.map(([group, plural, answer]) => [
    { group, plural, subresource: '' },
    async (ctx, key, body): Promise<KubeObject> => ({ ...body, ...answer(ctx, body as Review, key) }) as KubeObject,
  ]);
}

function shown({ name, groups, uid, extra }: UserInfo): object {
  return { username: name, groups: [...groups], ...(uid === undefined ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: AccessSpec): Attributes {
  if (resourceAttributes === undefined) return { verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' };
  const { verb = '', group = '', resource = '', subresource, namespace, name, fieldSelector } = resourceAttributes;
  return { verb, group, plural: resource, subresource, namespace, name, ...(fieldSelector ? { fieldSelector: textOf(fieldSelector) } : {}) };
}

/** Requirements are all to be met: one that cannot be said as text makes the question wider, not narrower. */
function textOf({ rawSelector, requirements = [] }: Selector): string {
  if (rawSelector) return rawSelector;
  const operators: Record<string, string> = { In: '=', NotIn: '!=' };
  return requirements
    .flatMap(({ key = '', operator = '', values = [] }) => (values.length === 1 && operator in operators ? [`${key}${operators[operator]}${values[0]}`] : []))
    .join(',');
}

function rulesReview(authorizer: Authorizer, user: UserInfo, namespace: string | undefined): object {
  if (!namespace) throw badRequest('no namespace on request');
  const { rules, errors } = authorizer.rulesFor(user, namespace);
  const incomplete = nodeNameOf(user) !== undefined;
  if (incomplete) errors.unshift('node authorizer does not support user rule resolution');
  const resourceRules = rules
    .filter(({ resources }) => resources?.length)
    .map(({ verbs = [], apiGroups, resources, resourceNames }) => ({
      verbs,
      ...(apiGroups?.length ? { apiGroups } : {}),
      resources,
      ...(resourceNames?.length ? { resourceNames } : {}),
    }));
  const nonResourceRules = rules.flatMap(({ verbs = [], nonResourceURLs }) => (nonResourceURLs?.length ? [{ verbs, nonResourceURLs }] : []));
  return {
    metadata: {},
    spec: {},
    status: { resourceRules, nonResourceRules, incomplete, ...(errors.length > 0 ? { evaluationError: aggregate(errors) } : {}) },
  };
}

function refuse(errors: FieldError[]): void {
  // Upstream does not name the kind here.
  if (errors.length > 0) throw invalid({ group: GROUP, kind: '', name: '' }, errors);
}

function specErrors(spec: AccessSpec, named: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { resourceAttributes, nonResourceAttributes, user, groups } = spec;
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined))
    errors.push(invalidValue('spec', internal(nonResourceAttributes), 'exactly one of nonResourceAttributes or resourceAttributes must be specified'));
  if (named && !user && !groups?.length) errors.push(invalidValue('spec.user', user ?? '', 'at least one of user or group must be specified'));
  for (const name of ['fieldSelector', 'labelSelector'] as const) {
    const selector = resourceAttributes?.[name];
    if (selector === undefined) continue;
    const field = `spec.resourceAttributes.${name}`;
    const { rawSelector, requirements } = selector;
    if (rawSelector && requirements?.length)
      errors.push(invalidValue(`${field}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'));
    if (!rawSelector && !requirements?.length)
      errors.push(required(`${field}.requirements`, `when ${field} is specified, requirements or rawSelector is required`));
  }
  return errors;
}

/** Upstream shows the value as it is inside the server. */
function internal(attributes: AccessSpec['nonResourceAttributes']): object | undefined {
  return attributes && { Path: attributes.path ?? '', Verb: attributes.verb ?? '' };
}

function metadataErrors({ managedFields: _managers, namespace, ...rest }: KubeObject['metadata'], namespaced: boolean): FieldError[] {
  const left: Record<string, unknown> = namespaced || namespace === undefined ? rest : { ...rest, namespace };
  if (Object.values(left).every((value) => value === undefined || value === null)) return [];
  return [invalidValue('metadata', left, `must be empty${namespaced ? ' except for namespace' : ''}`)];
}

function localErrors({ resourceAttributes, nonResourceAttributes }: AccessSpec, { namespace }: KubeObject['metadata']): FieldError[] {
  const errors: FieldError[] = [];
  if (resourceAttributes !== undefined && resourceAttributes.namespace !== namespace)
    errors.push(invalidValue('spec.resourceAttributes.namespace', resourceAttributes.namespace ?? '', 'must match metadata.namespace'));
  if (nonResourceAttributes !== undefined)
    errors.push(invalidValue('spec.nonResourceAttributes', internal(nonResourceAttributes), 'disallowed on this kind of request'));
  return errors;
}
