import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { secretTokens } from '../../src/apiserver/authn/index.ts';
import { tokensController } from '../../src/workloads/index.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();

let api: TestApi;

before(async () => {
  if (skip !== undefined) return;
  api = await startTestApi({ controllers: (ctx, { pki }) => [tokensController(ctx, pki.ca, secretTokens(pki.serviceAccountKey))] });
});

after(() => api?.close());

/** Whom the API takes the bearer for; its words when it takes them for nobody. */
async function whoami(token: string): Promise<string> {
  // Without the administrator's certificate, which would win.
  await api.kubectl('config', 'set-credentials', 'bearer', `--token=${token}`);
  const { stdout, stderr } = await api.kubectlRaw(['--user=bearer', 'auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}']);
  return stdout || stderr;
}

test('kubectl create token makes tokens that work, until what they are bound to is gone', { skip }, async () => {
  assert.equal(await whoami((await api.kubectl('create', 'token', 'default', '--duration=10m')).trim()), 'system:serviceaccount:default:default');
  await api.kubectl('create', 'secret', 'generic', 'leash');
  const bound = (await api.kubectl('create', 'token', 'default', '--bound-object-kind=Secret', '--bound-object-name=leash')).trim();
  assert.equal(await whoami(bound), 'system:serviceaccount:default:default');
  await api.kubectl('delete', 'secret', 'leash');
  assert.match(await whoami(bound), /You must be logged in to the server|Unauthorized/);
  const elsewhere = (await api.kubectl('create', 'token', 'default', '--audience=vault')).trim();
  assert.match(await whoami(elsewhere), /You must be logged in to the server|Unauthorized/);
});

test('a secret that names an account is filled with a token, and goes when the account goes', { skip }, async () => {
  await api.kubectl('create', 'serviceaccount', 'robot');
  const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' };
  const metadata = { name: 'robot-token', annotations: { 'kubernetes.io/service-account.name': 'robot' } };
  await api.apply(JSON.stringify({ ...secret, metadata }));
  await api.kubectl('wait', 'secret/robot-token', '--for=jsonpath={.data.token}', '--timeout=20s');
  const token = atob(await api.kubectl('get', 'secret', 'robot-token', '-o', 'jsonpath={.data.token}'));
  assert.equal(await whoami(token), 'system:serviceaccount:default:robot');
  assert.equal(atob(await api.kubectl('get', 'secret', 'robot-token', '-o', 'jsonpath={.data.ca\\.crt}')), api.pki.ca);
  await api.kubectl('delete', 'serviceaccount', 'robot');
  await api.kubectl('wait', 'secret/robot-token', '--for=delete', '--timeout=20s');
  assert.match(await whoami(token), /You must be logged in to the server|Unauthorized/);
});

test('the API says how its tokens are verified', { skip }, async () => {
  const about = JSON.parse(await api.kubectl('get', '--raw', '/.well-known/openid-configuration')) as { issuer: string; jwks_uri: string };
  assert.equal(about.jwks_uri, `${about.issuer}/openid/v1/jwks`);
  const { keys } = JSON.parse(await api.kubectl('get', '--raw', '/openid/v1/jwks')) as { keys: { use: string; alg: string; d?: string }[] };
  assert.deepEqual(
    keys.map(({ use, alg, d }) => [use, alg, d]),
    [['sig', 'ES256', undefined]],
  );
});
