import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { KubeObject } from '../../kube/types.ts';
import { newPrivateKey } from '../pki/certificates.ts';
import { pod, testWorld, type TestWorld } from '../testing.ts';
import { authenticator, secretTokens } from './index.ts';

let world: TestWorld;
const key = newPrivateKey();
const account = { namespace: 'default', name: 'default' };

before(async () => {
  world = await testWorld();
  authenticator({ ...world, random: { next: () => 0.5, uuid: () => 'an-id' } as never, serviceAccountKey: key });
});

type Spec = Record<string, unknown>;

interface TokenRequest extends KubeObject {
  spec: { expirationSeconds: number; audiences: string[] };
  status: { token: string; expirationTimestamp: string };
}

async function request(spec: Spec = {}, metadata: object = {}): Promise<TokenRequest> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata, spec } as KubeObject;
  return (await world.engine.createSubresource(world.definition('v1/serviceaccounts'), world.ctx, account, 'token', body)).object as TokenRequest;
}

interface Review {
  authenticated?: boolean;
  error?: string;
  user: { username?: string; extra?: Record<string, string[]> };
  audiences?: string[];
}

async function review(token: string, audiences?: string[]): Promise<Review> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token, audiences } } as unknown as KubeObject;
  const definition = world.definition('authentication.k8s.io/v1/tokenreviews');
  return ((await world.engine.create(definition, world.ctx, undefined, body)).object as KubeObject & { status: Review }).status;
}

function create(path: string, object: object): Promise<{ object: KubeObject }> {
  return world.engine.create(world.definition(path), world.ctx, path === 'v1/nodes' ? undefined : 'default', structuredClone(object) as KubeObject);
}

function remove(path: string, name: string): Promise<unknown> {
  const where = path === 'v1/nodes' ? { name } : { name, namespace: 'default' };
  return world.engine.delete(world.definition(path), world.ctx, where, { gracePeriodSeconds: 0 });
}

test('a token ends when it says, give or take a minute for clocks', async () => {
  const { status } = await request({ expirationSeconds: 600 });
  assert.equal((await review(status.token)).user.username, 'system:serviceaccount:default:default');
  await world.clock.advance(630_000);
  assert.equal((await review(status.token)).authenticated, true);
  await world.clock.advance(60_000);
  assert.equal((await review(status.token)).error, '[invalid bearer token, service account token has expired]');
});

test('a token is good for its audiences alone', async () => {
  const { status } = await request({ audiences: ['vault', 'mail'] });
  assert.deepEqual((await review(status.token, ['vault', 'other'])).audiences, ['vault']);
  assert.match(
    (await review(status.token)).error ?? '',
    /token audiences \["vault" "mail"\] is invalid for the target audiences \["https:\/\/kubernetes.default.svc/,
  );
});

for (const [kind, path, object] of [
  ['Pod', 'v1/pods', pod('bound')],
  ['Secret', 'v1/secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bound' } }],
  ['Node', 'v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'bound' } }],
] as const) {
  test(`a token bound to a ${kind} dies with it, and another of its name does not raise it`, async () => {
    const made = await create(path, object);
    const boundObjectRef = { kind, apiVersion: 'v1', name: 'bound', uid: made.object.metadata.uid };
    const { status } = await request({ boundObjectRef });
    assert.equal((await review(status.token)).authenticated, true);
    await remove(path, 'bound');
    assert.equal((await review(status.token)).error, '[invalid bearer token, service account token has been invalidated]');
    await create(path, object);
    assert.match(
      (await review(status.token)).error ?? '',
      new RegExp(`${kind.toLowerCase()} UID \\(.*\\) does not match service account ${kind.toLowerCase()} ref`),
    );
    await assert.rejects(request({ boundObjectRef }), /the UID in the bound object reference \(.*\) does not match the UID in record/);
    await remove(path, 'bound');
  });
}

test('requests are checked in upstream’s words', async () => {
  await assert.rejects(request({ expirationSeconds: 599 }), /spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes$/);
  await assert.rejects(request({ expirationSeconds: 2 ** 32 + 1 }), /may not specify a duration larger than 2\^32 seconds$/);
  await assert.rejects(request({}, { name: 'other' }), /metadata.name: Invalid value: "other": must match the service account name if specified$/);
  await assert.rejects(request({}, { uid: 'x' }), /on TokenRequest.authentication.k8s.io "default": the UID in the token request \(x\) does not match/);
  await assert.rejects(request({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'gone' } }), /pods "gone" not found/);
  const stranger = { kind: 'Deployment', apiVersion: 'apps/v1', name: 'x' };
  await assert.rejects(request({ boundObjectRef: stranger }), /^StatusError: cannot bind token to object of type apps\/v1, Kind=Deployment$/);
  const other = { ...pod('other'), spec: { ...pod('other').spec!, serviceAccountName: 'builder' } };
  await create('v1/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'builder' } });
  await create('v1/pods', other);
  await assert.rejects(request({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'other' } }), /to pod running with different serviceaccount name\.$/);
});

test('a token in a secret works as long as secret and account do, and its use is noted', async () => {
  const made = await world.engine.get(world.definition('v1/serviceaccounts'), world.ctx, account);
  const token = secretTokens(key)({ ...account, uid: made.object.metadata.uid ?? '' }, 'old');
  assert.match((await review(token)).error ?? '', /Token has been invalidated/);
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'old', annotations: { 'kubernetes.io/service-account.name': 'default' } },
    type: 'kubernetes.io/service-account-token',
  };
  await create('v1/secrets', { ...secret, data: { token: btoa('another') } });
  assert.match((await review(token)).error ?? '', /Token does not match server's copy/);
  await remove('v1/secrets', 'old');
  await create('v1/secrets', { ...secret, data: { token: btoa(token) } });
  assert.equal((await review(token)).user.username, 'system:serviceaccount:default:default');
  const used = await world.engine.get(world.definition('v1/secrets'), world.ctx, { name: 'old', namespace: 'default' });
  assert.ok(used.object.metadata.labels?.['kubernetes.io/legacy-token-last-used']);
});
