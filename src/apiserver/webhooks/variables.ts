/** What expressions about a request may speak of: object, oldObject and the request itself, as an AdmissionReview would show them. */
import type { Authorizer } from '../authz/index.ts';
import { accountGroups } from '../authn/look.ts';
import { AUTHORIZER, AuthorizerValue, types, wrap, type Value } from '../cel/index.ts';
import { admissionReview } from './admission-review.ts';
import type { ReviewRequest } from './review.ts';

const kind = record('kind', { group: types.STRING, version: types.STRING, kind: types.STRING });
const resource = record('resource', { group: types.STRING, version: types.STRING, resource: types.STRING });
const userInfo = record('userInfo', {
  username: types.STRING,
  uid: types.STRING,
  groups: types.list(types.STRING),
  extra: types.map(types.STRING, types.list(types.STRING)),
});
const request = record('request', {
  kind,
  resource,
  subResource: types.STRING,
  requestKind: kind,
  requestResource: resource,
  requestSubResource: types.STRING,
  name: types.STRING,
  namespace: types.STRING,
  operation: types.STRING,
  userInfo,
  dryRun: types.BOOL,
  options: types.DYN,
});

/** Objects of the API are not typed here: their kind is not known before the request is. */
export const REQUEST_VARIABLES: Readonly<Record<string, types.Type>> = { object: types.DYN, oldObject: types.DYN, request, authorizer: AUTHORIZER };

const texts = types.list(types.STRING);
const labels = types.map(types.STRING, types.STRING);
/** The namespace of what is asked for, as expressions of policies see it. */
export const NAMESPACE_OBJECT = record('kubernetes.Namespace', {
  metadata: record('kubernetes.NamespaceMetadata', {
    name: types.STRING,
    generateName: types.STRING,
    namespace: types.STRING,
    labels,
    annotations: labels,
    UID: types.STRING,
    creationTimestamp: types.TIMESTAMP,
    deletionGracePeriodSeconds: types.INT,
    deletionTimestamp: types.TIMESTAMP,
    generation: types.INT,
    resourceVersion: types.STRING,
    finalizers: texts,
  }),
  spec: record('kubernetes.NamespaceSpec', { finalizers: texts }),
  status: record('kubernetes.NamespaceStatus', {
    conditions: types.list(
      record('kubernetes.NamespaceCondition', {
        status: types.STRING,
        type: types.STRING,
        lastTransitionTime: types.TIMESTAMP,
        message: types.STRING,
        reason: types.STRING,
      }),
    ),
    phase: types.STRING,
  }),
});

function record(name: string, fields: Record<string, types.Type>): types.Type {
  const map = new Map(Object.entries(fields));
  return { kind: 'object', name, fields: () => map };
}

/** In the order of REQUEST_VARIABLES. `definition`: through which the request was matched; its objects are in that version already. */
export function requestValues(asked: ReviewRequest, authorizer: Authorizer, definition = asked.definition): Value[] {
  const { request: shown } = admissionReview('v1', '', asked, definition, {}) as { request: Record<string, unknown> };
  return [wrap(asked.object ?? null), wrap(asked.old ?? null), wrap(shown, request), authorizerValue(asked, authorizer)];
}

function authorizerValue({ ctx, definition, key, subresource }: ReviewRequest, authorizer: Authorizer): Value {
  const { group, plural } = definition;
  return new AuthorizerValue({
    requestResource: {
      group,
      plural,
      name: key.name,
      ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
      ...(subresource === undefined ? {} : { subresource }),
    },
    decide: (question, account) =>
      authorizer.decide(
        account === undefined ? ctx.user : { name: `system:serviceaccount:${account.namespace}:${account.name}`, groups: accountGroups(account.namespace) },
        question,
      ),
  });
}
