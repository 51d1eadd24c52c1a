import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { certificateSigner } from '../../src/apiserver/pki/index.ts';
import { newRequest } from '../../src/apiserver/pki/request.ts';
import { parseRequest } from '../../src/kube/certificates/request.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();
const SIGNER = 'example.test/pods';
const HOUR_MS = 3_600_000;

let api: TestApi;
/** Signs as the cluster's authority. */
let sign: ReturnType<typeof certificateSigner>;

before(async () => {
  if (skip !== undefined) return;
  api = await startTestApi();
  sign = certificateSigner({ cert: api.pki.ca, key: api.pki.caKey });
  await api.kubectl('create', 'clusterrole', 'requests', '--verb=*', '--resource=podcertificaterequests,podcertificaterequests/status,clustertrustbundles');
  await api.kubectl('create', 'clusterrolebinding', 'jane', '--clusterrole=requests', '--user=jane');
});

after(() => api?.close());

/** DER of a PEM block, in base64. */
const derOf = (pem: string): string => pem.replace(/-----[^\n]*-----|\n/g, '');

function podRequest(name: string, spec: object): string {
  const pod = { podName: 'web', podUID: 'a', serviceAccountName: 'default', serviceAccountUID: 'b', nodeName: 'one', nodeUID: 'c' };
  return JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'PodCertificateRequest',
    metadata: { name },
    spec: { signerName: SIGNER, maxExpirationSeconds: 7200, ...pod, ...spec },
  });
}

/** What a signer writes who gives a certificate for the request that lives so long. */
function issued(request: string, lifetimeMs: number): string {
  const notBefore = Math.floor(Date.now() / 1000) * 1000;
  const certificateChain = sign(parseRequest(request), { usages: ['client auth'], notBefore, notAfter: notBefore + lifetimeMs });
  const time = (ms: number): string => new Date(ms).toISOString().replace('.000', '');
  const condition = { type: 'Issued', status: 'True', reason: 'Issued', message: 'here it is', lastTransitionTime: time(notBefore) };
  return JSON.stringify({
    status: {
      certificateChain,
      notBefore: time(notBefore),
      beginRefreshAt: time(notBefore + lifetimeMs / 2),
      notAfter: time(notBefore + lifetimeMs),
      conditions: [condition],
    },
  });
}

const patchStatus = (name: string, patch: string, ...more: string[]) =>
  api.kubectlRaw(['patch', 'podcertificaterequest', name, '--subresource=status', '--type=merge', '-p', patch, ...more]);

test('a pod’s certificate is issued once, by who may sign, and for no longer than was asked', { skip }, async () => {
  const { request } = newRequest({ commonName: 'web' });
  await api.apply(podRequest('web', { stubPKCS10Request: derOf(request) }));
  assert.match(await api.kubectl('get', 'podcertificaterequests', '--no-headers'), /^web +web +default +one +example\.test\/pods +Pending/);
  assert.match((await patchStatus('web', issued(request, 3 * HOUR_MS))).stderr, /leaf certificate lifetime must be <= spec\.maxExpirationSeconds \(7200\)/);
  const stranger = newRequest({ commonName: 'web' }).request;
  assert.match((await patchStatus('web', issued(stranger, HOUR_MS))).stderr, /leaf certificate was not issued to the requested public key/);
  const refused = await patchStatus('web', issued(request, HOUR_MS), '--as=jane');
  assert.match(refused.stderr, /spec\.signerName: Forbidden: User "jane" is not permitted to "sign" for signer "example\.test\/pods"/);
  assert.match((await patchStatus('web', issued(request, HOUR_MS))).stdout, /patched/);
  assert.match(await api.kubectl('get', 'podcertificaterequests', 'web', '--no-headers'), / Issued /);
  const again = await patchStatus('web', issued(request, 2 * HOUR_MS));
  assert.match(again.stderr, /status: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed/);
});

test('a request is refused whose key cannot be trusted, or that is forged', { skip }, async () => {
  const forged = await api.kubectlRaw(
    ['create', '-f', '-'],
    podRequest('forged', { stubPKCS10Request: derOf(newRequest({ commonName: 'a', forged: true }).request) }),
  );
  assert.match(forged.stderr, /spec\.stubPKCS10Request: Invalid value: invalid signature/);
  const none = await api.kubectlRaw(['create', '-f', '-'], podRequest('none', {}));
  assert.match(none.stderr, /exactly one of \(stubPKCS10Request\) or \(pkixPublicKey, proofOfPossession\) must be set/);
  const long = await api.kubectlRaw(['create', '-f', '-'], podRequest('long', { maxExpirationSeconds: 60, stubPKCS10Request: 'AAAA' }));
  assert.match(long.stderr, /spec\.maxExpirationSeconds: Invalid value: 60: must be in the range \[3600, 7862400\]/);
});

test('a bundle holds authorities, is named after its signer, and is attested by who may', { skip }, async () => {
  const bundle = (name: string, spec: object): string =>
    JSON.stringify({ apiVersion: 'certificates.k8s.io/v1', kind: 'ClusterTrustBundle', metadata: { name }, spec });
  const create = (text: string, ...more: string[]) => api.kubectlRaw(['create', '-f', '-', ...more], text);
  const authority = api.pki.ca;
  assert.match((await create(bundle('all', { trustBundle: authority }))).stdout, /all created/);
  assert.match(await api.kubectl('get', 'clustertrustbundles', '--no-headers'), /^all +<none>/);
  assert.match((await create(bundle('twice', { trustBundle: authority + authority }))).stderr, /duplicate trust anchor \(indices \[0 1\]\)/);
  assert.match((await create(bundle('none', { trustBundle: 'text' }))).stderr, /at least one trust anchor must be provided/);
  const signed = { signerName: SIGNER, trustBundle: authority };
  assert.match(
    (await create(bundle('pods', signed))).stderr,
    /ClusterTrustBundle for signerName example\.test\/pods must be named with prefix example\.test:pods:/,
  );
  assert.match((await create(bundle('example.test:pods:a', signed), '--as=jane')).stderr, /user not permitted to attest for signerName "example\.test\/pods"/);
  const rules = [{ apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: ['example.test/*'], verbs: ['attest'] }];
  await api.apply(JSON.stringify({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'attests' }, rules }));
  await api.kubectl('create', 'clusterrolebinding', 'jane-attests', '--clusterrole=attests', '--user=jane');
  assert.match((await create(bundle('example.test:pods:a', signed), '--as=jane')).stdout, /created/);
});

test('a rule taints devices since the moment its effect was chosen', { skip }, async () => {
  const taint = { key: 'example.test/broken', effect: 'NoSchedule', timeAdded: '2026-01-01T00:00:00Z' };
  const rule = { apiVersion: 'resource.k8s.io/v1', kind: 'DeviceTaintRule', metadata: { name: 'broken' }, spec: { deviceSelector: { pool: 'a' }, taint } };
  await api.apply(JSON.stringify(rule));
  const added = () => api.kubectl('get', 'devicetaintrule', 'broken', '-o', 'jsonpath={.spec.taint.timeAdded}');
  assert.equal(await added(), taint.timeAdded);
  await api.kubectl('patch', 'devicetaintrule', 'broken', '--type=merge', '-p', '{"spec":{"taint":{"effect":"NoExecute"}}}');
  assert.notEqual(await added(), taint.timeAdded);
  const wrong = await api.kubectlRaw(['patch', 'devicetaintrule', 'broken', '--type=merge', '-p', '{"spec":{"taint":{"effect":"Never"}}}']);
  assert.match(wrong.stderr, /spec\.taint\.effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"/);
});
