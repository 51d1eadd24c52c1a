/** Whose token this is: one of ours, still good, and all it is bound to still there. Texts are upstream's. */
import type { KubeObject, ServiceAccount, Secret } from '../../kube/types.ts';
import type { ApiEngine, UserInfo } from '../engine.ts';
import { accountGroups, look, LOOKING, type TokenWorld } from './look.ts';
import { ISSUER, LEGACY_ISSUER, type Claims, type LegacyClaims } from './tokens.ts';

/** Who it is, or why not; undefined: the token is someone else's to know. */
export type TokenAnswer = { user: UserInfo; audiences: string[] } | { error: string } | undefined;

/** How far clocks may be apart, and how long a token outlives the deletion of what it is bound to. */
const LEEWAY_SECONDS = 60;
const LAST_USED = 'kubernetes.io/legacy-token-last-used';
const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since';
const INVALIDATED = 'service account token has been invalidated';

/** `audiences`: those whom the token may be meant for; nothing: this API. */
export async function userOfToken(world: TokenWorld, token: string, audiences: readonly string[] = [ISSUER]): Promise<TokenAnswer> {
  const claims = world.signer.verify(token);
  if (claims === undefined) return undefined;
  const problem = claims.iss === LEGACY_ISSUER ? await legacyProblem(world, claims, token) : await boundProblem(world, claims, audiences);
  if (problem !== undefined) return { error: problem };
  if (claims.iss === LEGACY_ISSUER) {
    const uid = claims['kubernetes.io/serviceaccount/service-account.uid'];
    // Made before audiences were: good for this API alone.
    return { user: accountUser(claims.sub, uid, claims['kubernetes.io/serviceaccount/namespace']), audiences: audiences.filter((a) => a === ISSUER) };
  }
  const { namespace, serviceaccount, ...bound } = claims['kubernetes.io'];
  const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] };
  for (const kind of ['pod', 'node'] as const) {
    const reference = bound[kind];
    if (reference === undefined) continue;
    extra[`authentication.kubernetes.io/${kind}-name`] = [reference.name];
    extra[`authentication.kubernetes.io/${kind}-uid`] = [reference.uid];
  }
  return {
    user: { ...accountUser(claims.sub, serviceaccount.uid, namespace), extra },
    audiences: claims.aud.filter((audience) => audiences.includes(audience)),
  };
}

function accountUser(name: string, uid: string, namespace: string): UserInfo {
  return { name, uid, groups: [...accountGroups(namespace), 'system:authenticated'] };
}

async function boundProblem(world: TokenWorld, claims: Claims, audiences: readonly string[]): Promise<string | undefined> {
  if (!claims.aud.some((audience) => audiences.includes(audience)))
    return `token audiences ${listText(claims.aud)} is invalid for the target audiences ${listText(audiences)}`;
  const now = world.clock.now() / 1000;
  if (now - LEEWAY_SECONDS > claims.exp) return 'service account token has expired';
  if (now + LEEWAY_SECONDS < claims.nbf) return 'service account token is not valid yet';
  const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io'];
  const { name } = serviceaccount;
  const gone = (object: KubeObject): boolean => {
    const { deletionTimestamp } = object.metadata;
    return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) / 1000 < now - LEEWAY_SECONDS;
  };
  const account = await look(world.engine, 'serviceaccounts', { name, namespace });
  if (account === undefined) return `serviceaccounts ${JSON.stringify(name)} not found`;
  if (account.metadata.uid !== serviceaccount.uid) return `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`;
  if (gone(account)) return `service account ${namespace}/${name} has been deleted`;
  const bound = [
    ['secret', 'secrets', secret, { namespace }],
    ['pod', 'pods', pod, { namespace }],
    // A pod's token names the node too, but lives as long as the pod.
    ['node', 'nodes', pod === undefined ? node : undefined, {}],
  ] as const;
  for (const [kind, plural, reference, scope] of bound) {
    if (reference === undefined) continue;
    const object = await look(world.engine, plural, { name: reference.name, ...scope });
    if (object === undefined || gone(object)) return INVALIDATED;
    if (object.metadata.uid !== reference.uid)
      return `${kind} UID (${object.metadata.uid}) does not match service account ${kind} ref claim (${reference.uid})`;
  }
  return undefined;
}

async function legacyProblem(world: TokenWorld, claims: LegacyClaims, token: string): Promise<string | undefined> {
  const namespace = claims['kubernetes.io/serviceaccount/namespace'];
  const name = claims['kubernetes.io/serviceaccount/service-account.name'];
  const uid = claims['kubernetes.io/serviceaccount/service-account.uid'];
  const secretName = claims['kubernetes.io/serviceaccount/secret.name'];
  const secret = (await look(world.engine, 'secrets', { name: secretName, namespace })) as Secret | undefined;
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return 'Token has been invalidated';
  if (secret.data?.['token'] !== Buffer.from(token).toString('base64')) return "Token does not match server's copy";
  const account = (await look(world.engine, 'serviceaccounts', { name, namespace })) as ServiceAccount | undefined;
  if (account === undefined) return `serviceaccounts ${JSON.stringify(name)} not found`;
  if (account.metadata.deletionTimestamp !== undefined) return `ServiceAccount ${namespace}/${name} has been deleted`;
  if (account.metadata.uid !== uid) return `ServiceAccount UID (${account.metadata.uid}) does not match claim (${uid})`;
  await noteUse(world, secret);
  if (!secret.metadata.labels?.[INVALID_SINCE]) return undefined;
  return (
    `the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid. ` +
    'Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the ' +
    `'${INVALID_SINCE}' label from the secret to temporarily allow use of this token`
  );
}

/** Once a day. */
async function noteUse({ engine, clock }: { engine: ApiEngine; clock: TokenWorld['clock'] }, secret: Secret): Promise<void> {
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  const definition = engine.definition('', 'v1', 'secrets');
  const { name = '', namespace = '', uid } = secret.metadata;
  if (definition === undefined || secret.metadata.labels?.[LAST_USED] === today) return;
  const patch = { metadata: { uid, labels: { [LAST_USED]: today } } };
  // Who uses a token is served even when nobody can be told.
  await engine.patch(definition, LOOKING, { name, namespace }, patch, { type: 'merge' }).catch(() => undefined);
}

/** As Go writes a list of strings with %q. */
function listText(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
