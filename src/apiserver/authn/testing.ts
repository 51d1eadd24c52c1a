/** For tests: an OpenID Connect provider on this machine, over TLS. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { newCa, newServer } from '../pki/certificates.ts';

export interface TokenWishes {
  claims?: Record<string, unknown>;
  kid?: string;
  audience?: string;
  issuer?: string;
  lifeSeconds?: number;
  /** Epoch ms. */
  now: number;
}

export interface TestProvider {
  issuerUrl: string;
  /** PEM of its authority. */
  ca: string;
  /** How many requests it has answered. */
  readonly asked: number;
  /** Makes a key and shows it. */
  publish(kid: string): Promise<void>;
  token(wishes: TokenWishes): Promise<string>;
  close(): void;
}

/** With one key, 'first'. */
export async function startProvider(): Promise<TestProvider> {
  // In real time, whatever clock the test has: TLS looks at it.
  const ca = newCa('provider-ca', Date.now());
  const published: JWK[] = [];
  const keys = new Map<string, CryptoKey>();
  let issuerUrl = '';
  let asked = 0;
  const server = createServer(newServer(ca, 'provider', ['localhost', '127.0.0.1'], Date.now()), (request, response) => {
    asked++;
    if (request.url === '/.well-known/openid-configuration') response.end(JSON.stringify({ issuer: issuerUrl, jwks_uri: `${issuerUrl}/keys` }));
    else if (request.url === '/keys') response.end(JSON.stringify({ keys: published }));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuerUrl = `https://localhost:${(server.address() as AddressInfo).port}`;
  const provider: TestProvider = {
    issuerUrl,
    ca: ca.cert,
    get asked() {
      return asked;
    },
    async publish(kid) {
      const { publicKey, privateKey } = await generateKeyPair('RS256');
      published.push({ ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' });
      keys.set(kid, privateKey);
    },
    token({ claims = {}, kid = 'first', audience = 'kubernetes', issuer = issuerUrl, lifeSeconds = 600, now }) {
      const seconds = Math.floor(now / 1000);
      return new SignJWT({ sub: 'jane', ...claims })
        .setProtectedHeader({ alg: 'RS256', kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + lifeSeconds)
        .sign(keys.get(kid)!);
    },
    close: () => server.close(),
  };
  await provider.publish('first');
  return provider;
}
