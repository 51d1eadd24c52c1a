/** Tokens of an OpenID Connect provider (`--oidc-…`): who they are for is read from their claims, as upstream does. */
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../runtime/clock.ts';
import type { UserInfo } from '../engine.ts';
import { getJson } from './get-json.ts';
import { ISSUER } from './tokens.ts';
import type { TokenAnswer } from './token-users.ts';

export interface OidcOptions {
  /** 'https://…', as the `iss` of the tokens. */
  issuerUrl: string;
  /** Must be among the `aud` of the tokens. */
  clientId: string;
  /** Default: 'sub'. */
  usernameClaim?: string;
  /** Default: the issuer and '#', unless the name is an email address; '-': none. */
  usernamePrefix?: string;
  groupsClaim?: string;
  groupsPrefix?: string;
  requiredClaims?: Readonly<Record<string, string>>;
  /** PEM; absent: the machine's authorities. */
  ca?: string;
  /** Default: RS256. */
  signingAlgs?: readonly string[];
}

export const SIGNING_ALGS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];

type Claims = Readonly<Record<string, unknown>>;

/** Whose token it is by its claims, once they are trusted. Throws an Error in upstream's words. */
export function userOfClaims(claims: Claims, options: OidcOptions): UserInfo {
  const { usernameClaim = 'sub', groupsClaim, groupsPrefix = '', requiredClaims = {} } = options;
  const name = claims[usernameClaim];
  if (typeof name !== 'string')
    throw new Error(`oidc: parse username claims ${JSON.stringify(usernameClaim)}: ${name === undefined ? 'claim not present' : 'not a string'}`);
  if (usernameClaim === 'email' && 'email_verified' in claims && claims['email_verified'] !== true) throw new Error('oidc: email not verified');
  for (const [claim, wanted] of Object.entries(requiredClaims)) {
    if (!(claim in claims)) throw new Error(`oidc: required claim ${claim} not present in ID token`);
    if (typeof claims[claim] !== 'string') throw new Error(`oidc: parse claim ${claim}: not a string`);
    if (claims[claim] !== wanted) throw new Error(`oidc: required claim ${claim} value does not match. Got = ${claims[claim]}, want = ${wanted}`);
  }
  const groups = groupsClaim === undefined ? [] : groupsOf(claims, groupsClaim).map((group) => groupsPrefix + group);
  return { name: prefixOf(options, usernameClaim) + name, groups: [...groups, 'system:authenticated'] };
}

/** One group may stand without a list. */
function groupsOf(claims: Claims, claim: string): string[] {
  const value = claims[claim];
  if (value === undefined) return [];
  const list = Array.isArray(value) ? value : [value];
  if (!list.every((group) => typeof group === 'string')) throw new Error(`oidc: parse groups claim ${JSON.stringify(claim)}: not strings`);
  return list;
}

function prefixOf({ issuerUrl, usernamePrefix }: OidcOptions, usernameClaim: string): string {
  if (usernamePrefix === undefined || usernamePrefix === '') return usernameClaim === 'email' ? '' : `${issuerUrl}#`;
  return usernamePrefix === '-' ? '' : usernamePrefix;
}

/** A good token is not looked at again for this long, as upstream. */
const REMEMBER_MS = 10_000;
const REMEMBERED_MAX = 1024;
/** A key that is not known is asked for at most this often. */
const REFETCH_MS = 10_000;

/** Undefined for tokens of other issuers. */
export type OidcAuthenticator = (token: string, audiences?: readonly string[]) => Promise<TokenAnswer>;

export function oidcAuthenticator(options: OidcOptions, clock: Clock): OidcAuthenticator {
  const remembered = new Map<string, { user: UserInfo; until: number }>();
  const keys = providerKeys(options, clock);
  const algorithms = [...(options.signingAlgs ?? ['RS256'])];

  async function verified(token: string): Promise<UserInfo> {
    const { jwtVerify } = await import('jose');
    const { payload } = await jwtVerify(token, await keys(token), {
      issuer: options.issuerUrl,
      audience: options.clientId,
      algorithms,
      requiredClaims: ['exp'],
      currentDate: new Date(clock.now()),
    });
    const user = userOfClaims(payload, options);
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(token, { user, until: Math.min(clock.now() + REMEMBER_MS, (payload.exp ?? 0) * 1000) });
    return user;
  }

  return async (token, audiences = [ISSUER]) => {
    if (issuerOf(token) !== options.issuerUrl) return undefined;
    // They are for this API, whatever they are called elsewhere.
    const matching = audiences.filter((audience) => audience === ISSUER);
    if (matching.length === 0) return { error: 'oidc: token is not for these audiences' };
    const known = remembered.get(token);
    if (known !== undefined && known.until > clock.now()) return { user: known.user, audiences: matching };
    try {
      return { user: await verified(token), audiences: matching };
    } catch (error) {
      const { message } = error as Error;
      return { error: message.startsWith('oidc: ') ? message : `oidc: verify token: ${message}` };
    }
  };
}

/** What the token says of its issuer, without trust. */
function issuerOf(token: string): string | undefined {
  const [, claims, signature, ...more] = token.split('.');
  if (!claims || !signature || more.length > 0) return undefined;
  try {
    return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss?: string }).iss;
  } catch {
    return undefined;
  }
}

interface Keys {
  find: JWTVerifyGetKey;
  /** Whether the key that the token names is there. */
  knows(token: string): boolean;
  askedAt: number;
}

/** The provider's keys: asked for when first needed, and again for a token whose key is not among them. */
function providerKeys({ issuerUrl, ca }: OidcOptions, clock: Clock): (token: string) => Promise<JWTVerifyGetKey> {
  let keys: Keys | undefined;
  let asking: Promise<Keys> | undefined;
  return async (token) => {
    if (keys !== undefined && (keys.knows(token) || clock.now() - keys.askedAt < REFETCH_MS)) return keys.find;
    asking ??= askForKeys(issuerUrl, ca, clock.now()).finally(() => (asking = undefined));
    try {
      keys = await asking;
    } catch (error) {
      // Keys there are go on being good while the provider is away.
      if (keys === undefined) throw error;
      keys.askedAt = clock.now();
    }
    return keys.find;
  };
}

async function askForKeys(issuerUrl: string, ca: string | undefined, now: number): Promise<Keys> {
  const about = await getJson(`${issuerUrl.replace(/\/$/, '')}/.well-known/openid-configuration`, ca);
  const { issuer, jwks_uri: uri } = about as { issuer?: string; jwks_uri?: string };
  if (issuer !== issuerUrl)
    throw new Error(`oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(issuerUrl)} got ${JSON.stringify(issuer)}`);
  if (!uri) throw new Error('oidc: the provider names no jwks_uri');
  const set = (await getJson(uri, ca)) as JSONWebKeySet;
  // A library that only those with a provider need.
  const { createLocalJWKSet, decodeProtectedHeader } = await import('jose');
  return {
    find: createLocalJWKSet(set),
    knows(token) {
      const { kid } = decodeProtectedHeader(token);
      return kid === undefined || set.keys.some((key) => key.kid === kid);
    },
    askedAt: now,
  };
}
