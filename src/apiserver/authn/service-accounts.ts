/** Tokens of service accounts: making them (TokenRequest) and finding out whose one is. */
import { badRequest, conflict, invalid, StatusError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey, Pod } from '../../kube/types.ts';
import { timestamp, type Clock } from '../../runtime/clock.ts';
import type { Random } from '../../runtime/random.ts';
import type { ApiEngine, CreateHandler, RequestContext, UserInfo } from '../engine.ts';
import { ISSUER, type Claims, type TokenSigner } from './tokens.ts';

interface TokenRequest extends KubeObject {
  spec?: {
    audiences?: string[];
    expirationSeconds?: number;
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string };
  };
}

interface World {
  engine: ApiEngine;
  clock: Clock;
  random: Random;
  signer: TokenSigner;
}

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const BOUND_KINDS = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' } as const;
type BoundKind = keyof typeof BOUND_KINDS;

/** The server looks on its own behalf, whoever asks. */
const LOOKING: RequestContext = { user: { name: 'system:apiserver', groups: ['system:masters'] }, warnings: [] };

async function look(engine: ApiEngine, plural: string, key: ObjectKey): Promise<KubeObject | undefined> {
  const definition = engine.definition('', 'v1', plural);
  if (definition === undefined) return undefined;
  try {
    return (await engine.get(definition, LOOKING, key)).object;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return undefined;
    throw error;
  }
}

/** Answers POST serviceaccounts/NAME/token. */
export function tokenRequestHandler(world: World): CreateHandler {
  return async (_ctx, key, body) => {
    const { spec = {} } = body as TokenRequest;
    const account = await look(world.engine, 'serviceaccounts', key);
    if (account === undefined) throw new StatusError(404, 'NotFound', `serviceaccounts "${key.name}" not found`, { name: key.name, kind: 'serviceaccounts' });
    const seconds = spec.expirationSeconds ?? DEFAULT_SECONDS;
    if (!Number.isInteger(seconds) || seconds < MIN_SECONDS)
      throw refused(key.name, 'spec.expirationSeconds', `Invalid value: ${seconds}: may not specify a duration less than 10 minutes`);
    if (seconds > MAX_SECONDS)
      throw refused(key.name, 'spec.expirationSeconds', `Invalid value: ${seconds}: may not specify a duration larger than 2^32 seconds`);
    const audiences = spec.audiences?.length ? spec.audiences : [ISSUER];
    const now = world.clock.now();
    const issued = Math.floor(now / 1000);
    const { namespace = '' } = key;
    const claims: Claims = {
      aud: audiences,
      exp: issued + seconds,
      iat: issued,
      nbf: issued,
      iss: ISSUER,
      jti: world.random.uuid(),
      'kubernetes.io': {
        namespace,
        serviceaccount: { name: key.name, uid: account.metadata.uid ?? '' },
        ...(spec.boundObjectRef ? await boundTo(world.engine, namespace, key.name, spec.boundObjectRef) : {}),
      },
      sub: `system:serviceaccount:${namespace}:${key.name}`,
    };
    const answer = {
      ...body,
      metadata: { ...body.metadata, name: key.name, namespace, creationTimestamp: timestamp(now) },
      spec: { ...spec, audiences, expirationSeconds: seconds },
      status: { token: world.signer.sign(claims), expirationTimestamp: timestamp(claims.exp * 1000) },
    };
    return answer;
  };
}

/** The token dies with the object it is bound to. */
async function boundTo(
  engine: ApiEngine,
  namespace: string,
  account: string,
  reference: NonNullable<NonNullable<TokenRequest['spec']>['boundObjectRef']>,
): Promise<Partial<Claims['kubernetes.io']>> {
  const { kind, name = '', uid } = reference;
  if (kind !== 'Pod' && kind !== 'Secret' && kind !== 'Node')
    throw badRequest(`cannot bind token for serviceaccount "${account}" to object of type ${reference.apiVersion ?? ''}, Kind=${kind ?? ''}`);
  const plural = BOUND_KINDS[kind];
  const object = await look(engine, plural, kind === 'Node' ? { name } : { name, namespace });
  if (object === undefined) throw new StatusError(404, 'NotFound', `${plural} "${name}" not found`, { name, kind: plural });
  if (uid && uid !== object.metadata.uid) {
    throw conflict(
      { group: '', plural, name },
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  const found = { name, uid: object.metadata.uid ?? '' };
  if (kind === 'Secret') return { secret: found };
  if (kind === 'Node') return { node: found };
  const pod = object as Pod;
  if ((pod.spec?.serviceAccountName ?? 'default') !== account)
    throw badRequest(`cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`);
  const nodeName = pod.spec?.nodeName;
  const node = nodeName ? await look(engine, 'nodes', { name: nodeName }) : undefined;
  return { pod: found, ...(node ? { node: { name: nodeName ?? '', uid: node.metadata.uid ?? '' } } : {}) };
}

function refused(name: string, field: string, message: string): StatusError {
  return invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest', name }, [{ reason: 'FieldValueInvalid', field, message }]);
}

/** Whose token this is, if it is one of ours, for one of `audiences`, not expired, and all it is bound to is still there. */
export async function userOfToken(
  world: World,
  token: string,
  audiences: readonly string[] = [ISSUER],
): Promise<{ user: UserInfo; audiences: string[] } | undefined> {
  const claims = world.signer.verify(token);
  if (claims === undefined) return undefined;
  const now = world.clock.now() / 1000;
  const matching = claims.aud.filter((audience) => audiences.includes(audience));
  if (matching.length === 0 || claims.exp <= now || claims.nbf > now + 60) return undefined;
  const { namespace, serviceaccount, ...bound } = claims['kubernetes.io'];
  const account = await look(world.engine, 'serviceaccounts', { name: serviceaccount.name, namespace });
  if (account?.metadata.uid !== serviceaccount.uid) return undefined;
  for (const kind of ['Pod', 'Secret'] as const) {
    const reference = bound[kind.toLowerCase() as Lowercase<BoundKind>];
    if (reference === undefined) continue;
    const object = await look(world.engine, BOUND_KINDS[kind], { name: reference.name, namespace });
    if (object?.metadata.uid !== reference.uid) return undefined;
  }
  const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] };
  for (const kind of ['pod', 'node'] as const) {
    const reference = bound[kind];
    if (reference === undefined) continue;
    extra[`authentication.kubernetes.io/${kind}-name`] = [reference.name];
    extra[`authentication.kubernetes.io/${kind}-uid`] = [reference.uid];
  }
  return { audiences: matching, user: { name: claims.sub, uid: serviceaccount.uid, groups: [...accountGroups(namespace), 'system:authenticated'], extra } };
}

export function accountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** Answers TokenReviews. */
export function tokenReviewHandler(world: World): CreateHandler {
  return async (_ctx, _key, body) => {
    const { spec } = body as KubeObject & { spec?: { token?: string; audiences?: string[] } };
    if (!spec?.token) throw badRequest('token is required for TokenReview in authentication');
    const found = await userOfToken(world, spec.token, spec.audiences?.length ? spec.audiences : undefined);
    if (found === undefined) return { ...body, status: { user: {}, error: 'invalid bearer token' } } as KubeObject;
    const { name: username, uid, groups, extra } = found.user;
    return { ...body, status: { authenticated: true, user: { username, uid, groups, extra }, audiences: found.audiences } } as KubeObject;
  };
}
