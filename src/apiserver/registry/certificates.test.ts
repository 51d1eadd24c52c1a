import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateSigningRequest } from '../../kube/certificates/types.ts';
import { StatusError } from '../../kube/status.ts';
import { newRequest, type RequestWishes } from '../pki/request.ts';
import { testWorld, type TestWorld } from '../testing.ts';

const CSRS = 'certificates.k8s.io/v1/certificatesigningrequests';
const CLIENT_USAGES = ['client auth', 'digital signature'];

function csr(name: string, wishes: RequestWishes, spec: Partial<CertificateSigningRequest['spec']> = {}): CertificateSigningRequest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(newRequest(wishes).request).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: CLIENT_USAGES,
      ...spec,
    },
  };
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return error.message;
  }
  throw new Error('it was accepted');
}

function create(world: TestWorld, object: CertificateSigningRequest): Promise<{ object: unknown }> {
  return world.engine.create(world.definition(CSRS), world.ctx, undefined, object);
}

test('the server says who asks', async () => {
  const world = await testWorld();
  const asked = csr('jane', { commonName: 'jane' }, { username: 'someone-else', groups: ['system:masters'], uid: '1' });
  const { object } = (await create(world, asked)) as { object: CertificateSigningRequest };
  assert.equal(object.spec.username, 'test');
  assert.deepEqual(object.spec.groups, ['system:masters']);
  assert.equal(object.spec.uid, undefined);
});

test('bad requests are refused in upstream’s words', async () => {
  const world = await testWorld();
  const message = async (object: CertificateSigningRequest): Promise<string> => refusal(create(world, object));
  const jane = { commonName: 'jane' };
  assert.match(await message(csr('a', { ...jane, forged: true })), /spec.request: Invalid value: ".*": x509: ECDSA verification failure$/);
  assert.match(await message(csr('a', jane, { request: 'eA==' })), /spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST$/);
  assert.match(await message(csr('a', jane, { usages: [] })), /spec.usages: Required value$/);
  assert.match(await message(csr('a', jane, { usages: ['client auth', 'client auth'] })), /spec.usages\[1\]: Duplicate value: "client auth"$/);
  assert.match(await message(csr('a', jane, { usages: ['fun'] })), /spec.usages\[0\]: Unsupported value: "fun": supported values: "any", "cert sign", /);
  assert.match(
    await message(csr('a', jane, { expirationSeconds: 599 })),
    /spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds \(10 minutes\)$/,
  );
  assert.match(await message(csr('a', jane, { signerName: 'kubernetes.io/legacy-unknown' })), /the legacy signerName is not allowed via this API version$/);
  assert.match(await message(csr('a', jane, { signerName: 'nobody' })), /must be a fully qualified domain and path of the form 'example.com\/signer-name'$/);
  assert.match(
    await message(csr('a', { commonName: 'jane', organizations: ['system:masters'] })),
    /use of kubernetes.io\/kube-apiserver-client signer with system:masters group is not allowed$/,
  );
});

test('approval, status and the object itself each change their own part', async () => {
  const world = await testWorld();
  const definition = world.definition(CSRS);
  const key = { name: 'jane' };
  await create(world, csr('jane', { commonName: 'jane' }));
  const write = async (change: (object: CertificateSigningRequest) => void, subresource?: string): Promise<CertificateSigningRequest> => {
    const object = structuredClone((await world.engine.get(definition, world.ctx, key)).object) as CertificateSigningRequest;
    change(object);
    const stored = await world.engine.update(definition, world.ctx, key, object, subresource === undefined ? {} : { subresource });
    return stored.object as CertificateSigningRequest;
  };
  const approved = { type: 'Approved', status: 'True', reason: 'Me' };
  assert.equal((await write((object) => (object.spec.usages = ['any']))).spec.usages?.[0], 'client auth', 'the spec never changes');
  assert.match(await refusal(write((object) => (object.status = { conditions: [approved] }), 'status')), /updates may not add a condition of type "Approved"$/);
  const { status } = await write((object) => (object.status = { conditions: [approved] }), 'approval');
  assert.ok(status?.conditions?.[0]?.lastUpdateTime && status.conditions[0].lastTransitionTime, 'the server dates conditions');
  assert.match(await refusal(write((object) => (object.status = {}), 'approval')), /updates may not remove a condition of type "Approved"$/);
  assert.match(
    await refusal(write((object) => object.status?.conditions?.push({ type: 'Denied', status: 'True' }), 'approval')),
    /must specify at most one of: `conditions\[{"type": "Approved"}\]`, `conditions\[{"type": "Denied"}\]`$/,
  );
  assert.match(
    await refusal(write((object) => (object.status!.certificate = 'eA=='), 'status')),
    /status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block$/,
  );
});

test('to approve and to sign are rights of their own, by signer', async () => {
  const world = await testWorld();
  const definition = world.definition(CSRS);
  const jane = { user: { name: 'jane', groups: ['system:authenticated'] }, warnings: [] };
  await create(world, csr('mine', { commonName: 'jane' }));
  const approve = async (): Promise<unknown> => {
    const object = structuredClone((await world.engine.get(definition, world.ctx, { name: 'mine' })).object) as CertificateSigningRequest;
    object.status = { conditions: [{ type: 'Approved', status: 'True' }] };
    return world.engine.update(definition, jane, { name: 'mine' }, object, { subresource: 'approval' });
  };
  const failed = { type: 'Failed', status: 'True' };
  const sign = async (): Promise<unknown> => {
    const object = structuredClone((await world.engine.get(definition, world.ctx, { name: 'mine' })).object) as CertificateSigningRequest;
    object.status = { conditions: [...(object.status?.conditions ?? []), failed] };
    return world.engine.update(definition, jane, { name: 'mine' }, object, { subresource: 'status' });
  };
  assert.equal(
    await refusal(approve()),
    'certificatesigningrequests.certificates.k8s.io "mine" is forbidden: user not permitted to approve requests with signerName "kubernetes.io/kube-apiserver-client"',
  );
  assert.match(await refusal(sign()), /user not permitted to sign requests with signerName/);
  const group = 'rbac.authorization.k8s.io';
  const metadata = { name: 'approver' };
  const rules = [{ verbs: ['approve'], apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: ['kubernetes.io/*'] }];
  const role = { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata, rules };
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: 'approver' };
  const binding = { apiVersion: `${group}/v1`, kind: 'ClusterRoleBinding', metadata, roleRef, subjects: [{ apiGroup: group, kind: 'User', name: 'jane' }] };
  await world.engine.create(world.definition(`${group}/v1/clusterroles`), world.ctx, undefined, { ...role, metadata: { ...metadata } });
  await world.engine.create(world.definition(`${group}/v1/clusterrolebindings`), world.ctx, undefined, { ...binding, metadata: { ...metadata } });
  await approve();
  assert.match(await refusal(sign()), /user not permitted to sign requests with signerName/);
});
