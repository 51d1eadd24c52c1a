import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { newCa } from '../pki/certificates.ts';
import { oidcAuthenticator, userOfClaims, type OidcAuthenticator, type OidcOptions } from './oidc.ts';
import { startProvider, type TestProvider, type TokenWishes } from './testing.ts';
import type { TokenAnswer } from './token-users.ts';

let provider: TestProvider;
let issuerUrl = '';

before(async () => {
  provider = await startProvider();
  ({ issuerUrl } = provider);
});

after(() => provider.close());

type Wishes = Omit<TokenWishes, 'now'>;

class World {
  readonly clock = new VirtualClock();
  readonly identify: OidcAuthenticator;

  constructor(more: Partial<OidcOptions> = {}) {
    this.identify = oidcAuthenticator({ issuerUrl, clientId: 'kubernetes', ca: provider.ca, ...more }, this.clock);
  }

  token(wishes: Wishes = {}): Promise<string> {
    return provider.token({ ...wishes, now: this.clock.now() });
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
  await provider.publish('second');
  const before = provider.asked;
  assert.match(nameOf(await world.ask({ kid: 'second' })), /no applicable key/);
  assert.equal(provider.asked, before);
  await world.clock.advance(10_000);
  assert.equal(nameOf(await world.ask({ kid: 'second' })), `${issuerUrl}#jane`);
  assert.equal(provider.asked, before + 2);
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
