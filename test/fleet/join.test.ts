/** How members get in: tokens, certificates and what they are good for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userOfBootstrapToken } from '../../src/apiserver/authn/bootstrap-tokens.ts';
import { certificateSigner } from '../../src/apiserver/pki/index.ts';
import { newCa } from '../../src/apiserver/pki/certificates.ts';
import { newRequest } from '../../src/apiserver/pki/request.ts';
import { testWorld } from '../../src/apiserver/testing.ts';
import { whyApproved } from '../../src/fleet/join/approver.ts';
import { credentialStep } from '../../src/fleet/join/credentials.ts';
import { accessData, AGENTS, agentUser, bootstrapGroup, readAccess, type HubAccess } from '../../src/fleet/join/names.ts';
import { agentRights } from '../../src/fleet/join/rights.ts';
import { parseRequest } from '../../src/kube/certificates/request.ts';
import type { CertificateSigningRequest } from '../../src/kube/certificates/types.ts';
import { secrets } from '../../src/kube/resources.ts';
import type { Secret } from '../../src/kube/types.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
const HUB: HubAccess = { cluster: 'eu', server: 'https://hub:6443', ca: 'CA' };

function certificate(from: number, until: number): Pick<HubAccess, 'cert' | 'key'> {
  const { request, key } = newRequest({ commonName: agentUser('eu'), organizations: [AGENTS] });
  const sign = certificateSigner(newCa('hub', START));
  return { cert: sign(parseRequest(request), { usages: ['client auth'], notBefore: from, notAfter: until }), key };
}

test('a certificate is asked for with the token, used, renewed at four fifths of its life, and asked for anew when it is over', () => {
  const good = { ...HUB, ...certificate(START, START + 100 * DAY) };
  assert.deepEqual(credentialStep({ ...HUB, token: 'a.b' }, START), { do: 'ask with token' });
  assert.deepEqual(credentialStep(good, START + 10 * DAY), { do: 'use', forMs: 70 * DAY });
  assert.deepEqual(credentialStep(good, START + 80 * DAY), { do: 'renew' });
  assert.deepEqual(credentialStep({ ...good, token: 'a.b' }, START + 100 * DAY), { do: 'ask with token' });
  const over = credentialStep(good, START + 100 * DAY);
  assert.equal(over.do, 'nothing');
  assert.match(over.do === 'nothing' ? over.why : '', /expired on 2026-04-11.*run argosy join eu again/);
  const none = credentialStep(HUB, START);
  assert.match(none.do === 'nothing' ? none.why : '', /neither a certificate nor a token/);
  const broken = credentialStep({ ...HUB, cert: 'no certificate', key: 'x' }, START);
  assert.match(broken.do === 'nothing' ? broken.why : '', /cannot be read/);
});

test('what a member needs of its hub is read from its Secret as it was written', () => {
  const access: HubAccess = { ...HUB, token: 'abcdef.0123456789abcdef' };
  assert.deepEqual(readAccess({ apiVersion: 'v1', kind: 'Secret', metadata: {}, data: accessData(access) }), access);
  assert.equal(readAccess(undefined), undefined);
  assert.equal(readAccess({ apiVersion: 'v1', kind: 'Secret', metadata: {}, data: accessData({ ...access, server: '' }) }), undefined);
});

for (const [title, subject, asker, approved] of [
  ['the first certificate, with the token of that member', {}, { groups: [bootstrapGroup('eu')] }, true],
  ['a renewal, with the certificate before', {}, { username: agentUser('eu'), groups: [AGENTS] }, true],
  ['a certificate of another member, with the token of this one', { commonName: agentUser('us') }, { groups: [bootstrapGroup('eu')] }, false],
  [
    'a certificate of another member, with the certificate of this one',
    { commonName: agentUser('us') },
    { username: agentUser('eu'), groups: [AGENTS] },
    false,
  ],
  ['an administrator, with a token', { organizations: ['system:masters'] }, { groups: [bootstrapGroup('eu')] }, false],
  ['an agent that is an administrator besides', { organizations: [AGENTS, 'system:masters'] }, { groups: [bootstrapGroup('eu')] }, false],
  ['a server, with a token', { dnsNames: ['hub'] }, { groups: [bootstrapGroup('eu')] }, false],
  ['somebody else', { commonName: 'jane' }, { username: 'jane', groups: [bootstrapGroup('eu')] }, false],
  ['a stranger', {}, { username: 'jane', groups: ['system:authenticated'] }, false],
] as const) {
  test(`the hub ${approved ? 'approves' : 'leaves to a person'}: ${title}`, () => {
    const { request } = newRequest({ commonName: agentUser('eu'), organizations: [AGENTS], ...subject });
    const csr: CertificateSigningRequest = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'a' },
      spec: {
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
        username: 'system:bootstrap:abcdef',
        ...asker,
        groups: [...asker.groups],
      },
    };
    assert.equal(whyApproved(csr, parseRequest(request)) !== undefined, approved);
    assert.equal(whyApproved({ ...csr, spec: { ...csr.spec, signerName: 'example.test/other' } }, parseRequest(request)), undefined);
  });
}

test('an agent may write nothing on the hub but the reports of its own works and cluster', () => {
  const rules = agentRights('eu').flatMap(({ role }) => (role.rules ?? []).map((rule) => ({ namespace: role.metadata.namespace, ...rule })));
  for (const { namespace, resources = [], resourceNames, verbs = [] } of rules) {
    assert.ok(namespace === 'karmada-es-eu' || resourceNames?.join() === 'eu', resources.join());
    assert.ok(!verbs.includes('*') && !verbs.includes('delete') && !verbs.includes('create'));
  }
});

test('a bootstrap token is good as long as its Secret says, for what it says, and only whole', async () => {
  await using world = await closing();
  const text = (value: string): string => Buffer.from(value).toString('base64');
  const secret = (data: Record<string, string>): Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'kube-system', name: 'bootstrap-token-abcdef' },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(
      Object.entries({
        'token-id': 'abcdef',
        'token-secret': '0123456789abcdef',
        'usage-bootstrap-authentication': 'true',
        expiration: new Date(world.clock.now() + 60_000).toISOString(),
        'auth-extra-groups': bootstrapGroup('eu'),
        ...data,
      }).map(([key, value]) => [key, text(value)]),
    ),
  });
  const user = async (token = 'abcdef.0123456789abcdef') => {
    const answer = await userOfBootstrapToken(world, token);
    return answer !== undefined && 'user' in answer ? answer.user : undefined;
  };
  await world.client.create(secrets, secret({}));
  assert.deepEqual(await user(), { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers', bootstrapGroup('eu'), 'system:authenticated'] });
  for (const token of ['abcdef.0123456789abcdee', 'abcdeg.0123456789abcdef', 'abcdef', '']) assert.equal(await user(token), undefined, token);
  const bad: Record<string, string>[] = [{ 'usage-bootstrap-authentication': 'false' }, { 'auth-extra-groups': 'system:masters' }, { expiration: 'soon' }];
  for (const data of bad) {
    await world.client.update(secrets, secret(data));
    assert.equal(await user(), undefined, JSON.stringify(data));
  }
  await world.client.update(secrets, secret({}));
  assert.ok(await user());
  await world.clock.advance(60_000);
  assert.equal(await user(), undefined, 'its time is over');
});

async function closing() {
  const world = await testWorld();
  return { ...world, [Symbol.asyncDispose]: () => world.engine.close() };
}
