/** Service-account tokens: JWTs signed with ES256 (RFC 7519, RFC 7518 3.4), without a library. */
import { createPrivateKey, createPublicKey, createHash, sign, verify, type KeyObject } from 'node:crypto';

/** The issuer of a cluster's tokens, and the audience of its own API. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

interface Reference {
  name: string;
  uid: string;
}

/** What a token says; times in epoch seconds. */
export interface Claims {
  iss: string;
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
  };
}

const CACHE_MAX = 4096;
const MAX_TOKEN_BYTES = 16 * 1024;

export class TokenSigner {
  readonly #key: KeyObject;
  readonly #public: KeyObject;
  readonly #keyId: string;
  /** Tokens with a good signature: clients send the same one with each request. */
  readonly #verified = new Map<string, Claims>();

  /** `pem`: a P-256 private key. */
  constructor(pem: string) {
    this.#key = createPrivateKey(pem);
    this.#public = createPublicKey(this.#key);
    this.#keyId = createHash('sha256')
      .update(this.#public.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  }

  sign(claims: Claims): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'ES256', kid: this.#keyId })}.${part(claims)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), { key: this.#key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  /** The claims of a token that this key signed for this issuer; undefined for any other text. Whether it still holds is the caller's to check. */
  verify(token: string): Claims | undefined {
    if (token.length > MAX_TOKEN_BYTES) return undefined;
    const known = this.#verified.get(token);
    if (known !== undefined) return known;
    const claims = this.#check(token);
    if (claims === undefined) return undefined;
    if (this.#verified.size >= CACHE_MAX) this.#verified.clear();
    this.#verified.set(token, claims);
    return claims;
  }

  #check(token: string): Claims | undefined {
    const [head, body, signature, ...more] = token.split('.');
    if (!head || !body || !signature || more.length > 0) return undefined;
    try {
      const { alg } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg?: unknown };
      const good =
        alg === 'ES256' &&
        verify('sha256', Buffer.from(`${head}.${body}`), { key: this.#public, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
      if (!good) return undefined;
      // Signed by this key, so written by `sign`.
      const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
      return claims.iss === ISSUER ? claims : undefined;
    } catch {
      return undefined;
    }
  }

  /** RFC 7517, for `/openid/v1/jwks`. */
  jwks(): { keys: object[] } {
    return { keys: [{ ...this.#public.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: this.#keyId }] };
  }
}
