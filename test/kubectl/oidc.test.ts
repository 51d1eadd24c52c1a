import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startProvider, type TestProvider } from '../../src/apiserver/authn/testing.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();

let provider: TestProvider;
let api: TestApi;

before(async () => {
  if (skip !== undefined) return;
  provider = await startProvider();
  const { issuerUrl, ca } = provider;
  api = await startTestApi({ oidc: { issuerUrl, ca, clientId: 'kubernetes', usernamePrefix: 'oidc:', groupsClaim: 'teams', groupsPrefix: 'oidc:' } });
});

after(async () => {
  await api?.close();
  provider?.close();
});

test('kubectl is let in by a token of the provider, with the rights of its user and groups', { skip }, async () => {
  const now = Date.now();
  const token = await provider.token({ now, claims: { teams: ['dev'] } });
  await api.kubectl('config', 'set-credentials', 'jane', `--token=${token}`);
  const who = await api.kubectl('--user=jane', 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username} {.status.userInfo.groups}');
  assert.equal(who, 'oidc:jane ["oidc:dev","system:authenticated"]');
  const refused = await api.kubectlRaw(['--user=jane', 'get', 'secrets']);
  assert.match(refused.stderr, /User "oidc:jane" cannot list resource "secrets" in API group "" in the namespace "default"/);
  await api.kubectl('create', 'role', 'reader', '--verb=list', '--resource=secrets');
  await api.kubectl('create', 'rolebinding', 'dev', '--role=reader', '--group=oidc:dev');
  await api.kubectl('--user=jane', 'get', 'secrets');
  await api.kubectl('config', 'set-credentials', 'late', `--token=${await provider.token({ now: now - 3_600_000 })}`);
  assert.match((await api.kubectlRaw(['--user=late', 'get', 'secrets'])).stderr, /You must be logged in to the server/);
});

test('a review of the provider’s token says whose it is', { skip }, async () => {
  const token = await provider.token({ now: Date.now() });
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const { stdout } = await api.kubectlRaw(['create', '--raw', '/apis/authentication.k8s.io/v1/tokenreviews', '-f', '-'], JSON.stringify(review));
  const { status } = JSON.parse(stdout) as { status: { authenticated: boolean; user: { username: string } } };
  assert.deepEqual([status.authenticated, status.user.username], [true, 'oidc:jane']);
});
