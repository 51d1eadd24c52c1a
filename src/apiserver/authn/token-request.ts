/** Making tokens of service accounts: POST serviceaccounts/NAME/token. */
import { badRequest, conflict, invalid, notFound, type FieldError } from '../../kube/status.ts';
import type { KubeObject, Pod } from '../../kube/types.ts';
import { invalidValue } from '../../kube/validation/field.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { ApiEngine, CreateHandler } from '../engine.ts';
import { look, type TokenWorld } from './look.ts';
import { ISSUER, type Claims } from './tokens.ts';

interface BoundReference {
  kind?: string;
  apiVersion?: string;
  name?: string;
  uid?: string;
}

interface TokenRequest extends KubeObject {
  spec?: { audiences?: string[]; expirationSeconds?: number; boundObjectRef?: BoundReference | null };
}

const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
/** What the server's own volumes ask for (`admission/service-accounts.ts`): clients that read their token once go on working for a year. */
const VOLUME_SECONDS = 3607;
const VOLUME_EXTENDED_SECONDS = 365 * 24 * 3600;
const BOUND_KINDS = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' } as const;

/** Answers TokenRequests. */
export function tokenRequestHandler(world: TokenWorld): CreateHandler {
  return async (ctx, key, body) => {
    const { metadata = {}, spec = {} } = body as TokenRequest;
    const { namespace = '' } = key;
    if (metadata.namespace && metadata.namespace !== namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    if (metadata.name && metadata.name !== key.name)
      refuseIf(key.name, [invalidValue('metadata.name', metadata.name, 'must match the service account name if specified')]);
    const account = await look(world.engine, 'serviceaccounts', key);
    if (account === undefined) throw notFound({ group: '', plural: 'serviceaccounts', name: key.name });
    const uid = account.metadata.uid ?? '';
    if (metadata.uid && metadata.uid !== uid) {
      const why = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
      throw conflict({ group: 'authentication.k8s.io', plural: 'TokenRequest', name: key.name }, why);
    }
    const { expirationSeconds: seconds = 0 } = spec;
    refuseIf('', expirationErrors(seconds));
    const audiences = spec.audiences?.length ? spec.audiences : [ISSUER];
    // Clients that know the field send it as null.
    if (spec.boundObjectRef === null) delete spec.boundObjectRef;
    const bound = spec.boundObjectRef ? await boundTo(world.engine, namespace, key.name, spec.boundObjectRef) : {};
    const now = world.clock.now();
    const issued = Math.floor(now / 1000);
    const extended = bound.pod !== undefined && seconds === VOLUME_SECONDS && audiences.length === 1 && audiences[0] === ISSUER;
    const claims: Claims = {
      aud: audiences,
      exp: issued + (extended ? VOLUME_EXTENDED_SECONDS : seconds),
      iat: issued,
      iss: ISSUER,
      jti: world.random.uuid(),
      'kubernetes.io': { namespace, serviceaccount: { name: key.name, uid }, ...bound, ...(extended ? { warnafter: issued + seconds } : {}) },
      nbf: issued,
      sub: `system:serviceaccount:${namespace}:${key.name}`,
    };
    ctx.annotate?.('authentication.kubernetes.io/issued-credential-id', `JTI=${claims.jti}`);
    const answer = {
      ...body,
      // The body's own: it has managers.
      metadata: Object.assign(metadata, { name: key.name, namespace, uid, creationTimestamp: timestamp(now) }),
      // Absent is told as well.
      spec: { boundObjectRef: null, ...spec, audiences },
      status: { token: world.signer.sign(claims), expirationTimestamp: timestamp((issued + seconds) * 1000) },
    };
    return answer;
  };
}

function expirationErrors(seconds: number): FieldError[] {
  const field = 'spec.expirationSeconds';
  if (seconds < MIN_SECONDS) return [invalidValue(field, seconds, 'may not specify a duration less than 10 minutes')];
  return seconds > MAX_SECONDS ? [invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
}

function refuseIf(name: string, errors: FieldError[]): void {
  if (errors.length > 0) throw invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest', name }, errors);
}

/** The token dies with the object it is bound to. */
async function boundTo(engine: ApiEngine, namespace: string, account: string, reference: BoundReference): Promise<Partial<Claims['kubernetes.io']>> {
  const { kind, apiVersion = '', name = '', uid } = reference;
  if (apiVersion.includes('/') || (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node'))
    throw badRequest(`cannot bind token to object of type ${typeText(apiVersion, kind)}`);
  const plural = BOUND_KINDS[kind];
  const object = await look(engine, plural, kind === 'Node' ? { name } : { name, namespace });
  if (object === undefined) throw notFound({ group: '', plural, name });
  const pod = kind === 'Pod' ? (object as Pod) : undefined;
  if (pod !== undefined && (pod.spec?.serviceAccountName ?? 'default') !== account)
    throw badRequest(`cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`);
  if (uid && uid !== object.metadata.uid) {
    const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', plural: kind, name }, why);
  }
  const found = { name, uid: object.metadata.uid ?? '' };
  if (kind === 'Secret') return { secret: found };
  if (kind === 'Node') return { node: found };
  const nodeName = pod?.spec?.nodeName;
  if (!nodeName) return { pod: found };
  const node = await look(engine, 'nodes', { name: nodeName });
  return { pod: found, node: { name: nodeName, uid: node?.metadata.uid ?? '' } };
}

/** As Go writes a group, version and kind. */
function typeText(apiVersion: string, kind = ''): string {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return `${group}/${apiVersion.slice(slash + 1)}, Kind=${kind}`;
}
