import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { certificateSigner } from '../../src/apiserver/pki/index.ts';
import { newRequest, type RequestWishes } from '../../src/apiserver/pki/request.ts';
import { certificateControllers } from '../../src/workloads/index.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();

let api: TestApi;

before(async () => {
  if (skip !== undefined) return;
  api = await startTestApi({
    controllers: (ctx, { pki }) => certificateControllers(ctx, certificateSigner({ cert: pki.ca, key: pki.caKey })),
    controllersUser: {
      name: 'system:serviceaccount:kube-system:certificate-controller',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
    },
  });
});

after(() => api?.close());

/** Applies the request; answers the private key. */
async function ask(name: string, wishes: RequestWishes, spec: { signerName: string; usages: string[]; expirationSeconds?: number }): Promise<string> {
  const { request, key } = newRequest(wishes);
  const object = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec: { ...spec, request: btoa(request) } };
  await api.apply(JSON.stringify(object));
  return key;
}

const API_CLIENT = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] };

test('a user asks for a certificate, an administrator approves, and the user is let in by it', { skip }, async () => {
  const key = await ask('jane', { commonName: 'jane', organizations: ['dev'] }, { ...API_CLIENT, expirationSeconds: 3600 });
  assert.match(await api.kubectl('get', 'csr', 'jane', '--no-headers'), /kube-apiserver-client +kubernetes-admin +60m +Pending/);
  assert.match(await api.kubectl('certificate', 'approve', 'jane'), /jane approved/);
  await api.kubectl('wait', 'csr/jane', '--for=jsonpath={.status.certificate}', '--timeout=20s');
  const cert = atob(await api.kubectl('get', 'csr', 'jane', '-o', 'jsonpath={.status.certificate}'));
  const { subject, validToDate, ca, keyUsage } = new X509Certificate(cert);
  assert.deepEqual([subject, ca, keyUsage], ['O=dev\nCN=jane', false, ['1.3.6.1.5.5.7.3.2']]);
  assert.ok(Math.abs(validToDate.getTime() - Date.now() - 3_600_000) < 60_000, 'it lives as long as was asked for');
  writeFileSync(join(api.dir, 'jane.crt'), cert);
  writeFileSync(join(api.dir, 'jane.key'), key, { mode: 0o600 });
  await api.kubectl('config', 'set-credentials', 'jane', `--client-certificate=${api.dir}/jane.crt`, `--client-key=${api.dir}/jane.key`);
  const who = JSON.parse(await api.kubectl('--user=jane', 'auth', 'whoami', '-o', 'json')) as { status: { userInfo: { username: string; groups: string[] } } };
  assert.equal(who.status.userInfo.username, 'jane');
  assert.deepEqual(who.status.userInfo.groups, ['dev', 'system:authenticated']);
});

test('what was denied is never signed', { skip }, async () => {
  await ask('mallory', { commonName: 'mallory' }, API_CLIENT);
  assert.match(await api.kubectl('certificate', 'deny', 'mallory'), /mallory denied/);
  const again = await api.kubectlRaw(['certificate', 'approve', 'mallory']);
  assert.notEqual(again.code, 0);
  assert.match(await api.kubectl('get', 'csr', 'mallory', '--no-headers'), / Denied/);
});

test('a kubelet’s request is approved and signed without a person', { skip }, async () => {
  const usages = ['client auth', 'digital signature'];
  await ask('node-1', { commonName: 'system:node:node-1', organizations: ['system:nodes'] }, { signerName: `${API_CLIENT.signerName}-kubelet`, usages });
  await api.kubectl('wait', 'csr/node-1', '--for=jsonpath={.status.certificate}', '--timeout=20s');
  assert.match(await api.kubectl('get', 'csr', 'node-1', '-o', 'jsonpath={.status.conditions[0].message}'), /^Auto approving kubelet client certificate/);
});

test('a request that its signer does not sign fails with the reason', { skip }, async () => {
  await ask('server', { commonName: 'server', dnsNames: ['a.example'] }, { signerName: 'kubernetes.io/kubelet-serving', usages: ['server auth'] });
  await api.kubectl('certificate', 'approve', 'server');
  await api.kubectl('wait', 'csr/server', '--for=condition=Failed', '--timeout=20s');
  assert.match(await api.kubectl('get', 'csr', 'server', '-o', 'jsonpath={.status.conditions}'), /"subject organization is not system:nodes"/);
});

test('a certificate for serving lets nobody in', { skip }, async () => {
  const usages = ['server auth', 'digital signature'];
  const wishes = { commonName: 'system:node:node-2', organizations: ['system:nodes'], dnsNames: ['node-2'] };
  const key = await ask('node-2', wishes, { signerName: 'kubernetes.io/kubelet-serving', usages });
  await api.kubectl('certificate', 'approve', 'node-2');
  await api.kubectl('wait', 'csr/node-2', '--for=jsonpath={.status.certificate}', '--timeout=20s');
  const cert = atob(await api.kubectl('get', 'csr', 'node-2', '-o', 'jsonpath={.status.certificate}'));
  assert.equal(new X509Certificate(cert).subjectAltName, 'DNS:node-2');
  writeFileSync(join(api.dir, 'node-2.crt'), cert);
  writeFileSync(join(api.dir, 'node-2.key'), key, { mode: 0o600 });
  await api.kubectl('config', 'set-credentials', 'node-2', `--client-certificate=${api.dir}/node-2.crt`, `--client-key=${api.dir}/node-2.key`);
  const { stdout, stderr } = await api.kubectlRaw(['--user=node-2', 'auth', 'whoami', '-o', 'json']);
  assert.equal(stdout, '');
  assert.match(stderr, /You must be logged in to the server|Unauthorized|tls:/);
});
