import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { newCa, newServer, type KeyPair } from '../pki/certificates.ts';
import { oidcAuthenticator, userOfClaims, type OidcAuthenticator, type OidcOptions } from './oidc.ts';
import type { TokenAnswer } from './token-users.ts';

let ca: KeyPair;
let server: Server;
let issuerUrl = '';
let asked = 0;
const published: JWK[] = [];
const keys = new Map<string, CryptoKey>();

async function publish(kid: string): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  published.push({ ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' });
  keys.set(kid, privateKey);
}

before(async () => {
  // What is signed for is real time: TLS looks at it.
  ca = newCa('provider-ca', Date.now());
  server = createServer(newServer(ca, 'provider', ['localhost', '127.0.0.1'], Date.now()), (request, response) => {
    asked++;
    if (request.url === '/.well-known/openid-configuration') response.end(JSON.stringify({ issuer: issuerUrl, jwks_uri: `${issuerUrl}/keys` }));
    else if (request.url === '/keys') response.end(JSON.stringify({ keys: published }));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuerUrl = `https://localhost:${(server.address() as AddressInfo).port}`;
  await publish('first');
});

after(() => server.close());

interface Wishes {
  claims?: Record<string, unknown>;
  kid?: string;
  audience?: string;
  issuer?: string;
  lifeSeconds?: number;
}

class World {
  readonly clock = new VirtualClock();
  readonly identify: OidcAuthenticator;

  constructor(more: Partial<OidcOptions> = {}) {
    this.identify = oidcAuthenticator({ issuerUrl, clientId: 'kubernetes', ca: ca.cert, ...more }, this.clock);
  }

  async token({ claims = {}, kid = 'first', audience = 'kubernetes', issuer = issuerUrl, lifeSeconds = 600 }: Wishes = {}): Promise<string> {
    const now = Math.floor(this.clock.now() / 1000);
    return new SignJWT({ sub: 'jane', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setExpirationTime(now + lifeSeconds)
      .sign(keys.get(kid)!);
  }

  async ask(wishes: Wishes = {}): Promise<TokenAnswer> {
    return this.identify(await this.token(wishes));
  }
}

function nameOf(answer: TokenAnswer): string {
  return answer === undefined ? 'nobody' : 'error' in answer ? answer.error : answer.user.name;
}

test('a token of the provider names the user', async () => {
  const world = new World();
  assert.equal(nameOf(await world.ask()), `${issuerUrl}#jane`);
  assert.equal(nameOf(await new World({ usernamePrefix: 'oidc:' }).ask()), 'oidc:jane');
  const answer = await new World({ usernamePrefix: '-', groupsClaim: 'teams', groupsPrefix: 'team-' }).ask({ claims: { teams: ['dev', 'ops'] } });
  assert.deepEqual(answer, {
    user: { name: 'jane', groups: ['team-dev', 'team-ops', 'system:authenticated'] },
    audiences: ['https://kubernetes.default.svc.cluster.local'],
  });
});

test('tokens of others, for others, too old or forged let nobody in', async () => {
  const world = new World();
  assert.equal(await world.ask({ issuer: 'https://elsewhere.example' }), undefined);
  assert.equal(await world.identify('not.a-token'), undefined);
  assert.match(nameOf(await world.ask({ audience: 'another' })), /^oidc: verify token: .*"aud"/);
  assert.match(nameOf(await world.ask({ lifeSeconds: -1 })), /^oidc: verify token: .*"exp"/);
  const [head, , signature] = (await world.token()).split('.');
  const forged = (await world.token({ claims: { sub: 'root' } })).split('.')[1];
  assert.match(nameOf(await world.identify(`${head}.${forged}.${signature}`)), /^oidc: verify token: signature verification failed/);
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${forged}.x`;
  assert.match(nameOf(await world.identify(none)), /^oidc: /);
  assert.match(nameOf(await new World({ signingAlgs: ['ES256'] }).ask()), /^oidc: verify token: "alg"/);
  assert.match(nameOf(await world.identify(await world.token(), ['vault'])), /not for these audiences/);
});

test('a token that was good is not good for longer than it says', async () => {
  const world = new World();
  const token = await world.token({ lifeSeconds: 5 });
  assert.equal(nameOf(await world.identify(token)), `${issuerUrl}#jane`);
  await world.clock.advance(6000);
  assert.match(nameOf(await world.identify(token)), /"exp"/);
});

test('new keys are asked for, but not again and again', async () => {
  const world = new World();
  await world.ask();
  await publish('second');
  const before = asked;
  assert.match(nameOf(await world.ask({ kid: 'second' })), /no applicable key/);
  assert.equal(asked, before);
  await world.clock.advance(10_000);
  assert.equal(nameOf(await world.ask({ kid: 'second' })), `${issuerUrl}#jane`);
  assert.equal(asked, before + 2);
});

test('a provider under another authority is not believed', async () => {
  assert.match(nameOf(await new World({ ca: newCa('other', Date.now()).cert }).ask()), /^oidc: verify token: Get "https:.*certificate/);
});

for (const [claims, options, message] of [
  [{}, {}, 'oidc: parse username claims "sub": claim not present'],
  [{ email: 'j@example.com', email_verified: false }, { usernameClaim: 'email' }, 'oidc: email not verified'],
  [{ sub: 'jane' }, { requiredClaims: { hd: 'example.com' } }, 'oidc: required claim hd not present in ID token'],
  [
    { sub: 'jane', hd: 'example.org' },
    { requiredClaims: { hd: 'example.com' } },
    'oidc: required claim hd value does not match. Got = example.org, want = example.com',
  ],
] as const) {
  test(`claims are refused: ${message}`, () => assert.throws(() => userOfClaims(claims, { issuerUrl: 'https://x', clientId: 'k', ...options }), { message }));
}

test('an email address needs no prefix, and one group needs no list', () => {
  const options = { issuerUrl: 'https://x', clientId: 'k', usernameClaim: 'email', groupsClaim: 'role' };
  assert.deepEqual(userOfClaims({ email: 'j@example.com', email_verified: true, role: 'dev' }, options), {
    name: 'j@example.com',
    groups: ['dev', 'system:authenticated'],
  });
});
