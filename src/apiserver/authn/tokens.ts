/** Service-account tokens: JWTs signed with ES256 (RFC 7519, RFC 7518 3.4), without a library. */
import { createPrivateKey, createPublicKey, createHash, sign, verify, type KeyObject } from 'node:crypto';

/** The issuer of a cluster's tokens, and the audience of its own API. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

interface Reference {
  name: string;
  uid: string;
}

/** Of tokens that lie in secrets: they have no audience and no end. */
export const LEGACY_ISSUER = 'kubernetes/serviceaccount';

/** What a token says; times in epoch seconds. */
export interface Claims {
  iss: typeof ISSUER;
  sub: string;
  aud: readonly string[];
  exp: number;
  iat: number;
  nbf: number;
  jti: string;
  'kubernetes.io': {
    namespace: string;
    serviceaccount: Reference;
    pod?: Reference;
    node?: Reference;
    secret?: Reference;
    /** From when on the holder should have asked for another. */
    warnafter?: number;
  };
}

export interface LegacyClaims {
  iss: typeof LEGACY_ISSUER;
  sub: string;
  'kubernetes.io/serviceaccount/namespace': string;
  'kubernetes.io/serviceaccount/secret.name': string;
  'kubernetes.io/serviceaccount/service-account.name': string;
  'kubernetes.io/serviceaccount/service-account.uid': string;
}

const CACHE_MAX = 4096;
const MAX_TOKEN_BYTES = 16 * 1024;

export class TokenSigner {
  readonly #key: KeyObject;
  readonly #public: KeyObject;
  readonly #keyId: string;
  /** Tokens with a good signature: clients send the same one with each request. */
  readonly #verified = new Map<string, Claims | LegacyClaims>();

  /** `pem`: a P-256 private key. */
  constructor(pem: string) {
    this.#key = createPrivateKey(pem);
    this.#public = createPublicKey(this.#key);
    this.#keyId = createHash('sha256')
      .update(this.#public.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  }

  sign(claims: Claims | LegacyClaims): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'ES256', kid: this.#keyId })}.${part(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), { key: this.#key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  /** The claims of a token that this key signed; undefined for any other text. Whether it still holds is the caller's to check. */
  verify(token: string): Claims | LegacyClaims | undefined {
    if (token.length > MAX_TOKEN_BYTES) return undefined;
    const known = this.#verified.get(token);
    if (known !== undefined) return known;
    const claims = this.#check(token);
    if (claims === undefined) return undefined;
    if (this.#verified.size >= CACHE_MAX) this.#verified.clear();
    this.#verified.set(token, claims);
    return claims;
  }

  #check(token: string): Claims | LegacyClaims | undefined {
    const [head, body, signature, ...more] = token.split('.');
    if (!head || !body || !signature || more.length > 0) return undefined;
    try {
      const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg?: unknown };
      const good =
        alg === 'ES256' &&
        verify('sha256', Buffer.from(`${head}.${body}`), { key: this.#public, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
      if (!good) return undefined;
      // Signed by this key, so written by `sign`.
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims | LegacyClaims;
      return claims.iss === ISSUER || claims.iss === LEGACY_ISSUER ? claims : undefined;
    } catch {
      return undefined;
    }
  }

  /** RFC 7517, for `/openid/v1/jwks`. */
  jwks(): { keys: object[] } {
    return { keys: [{ ...this.#public.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: this.#keyId }] };
  }
}

/** Writes the tokens of secrets (type kubernetes.io/service-account-token) with the key in `pem`. */
export function secretTokens(pem: string): (account: { namespace: string; name: string; uid: string }, secretName: string) => string {
  const signer = new TokenSigner(pem);
  return ({ namespace, name, uid }, secretName) =>
    signer.sign({
      iss: LEGACY_ISSUER,
      sub: `system:serviceaccount:${namespace}:${name}`,
      'kubernetes.io/serviceaccount/namespace': namespace,
      'kubernetes.io/serviceaccount/secret.name': secretName,
      'kubernetes.io/serviceaccount/service-account.name': name,
      'kubernetes.io/serviceaccount/service-account.uid': uid,
    });
}
