import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditedEngine, auditor, type Auditor, type Policy } from '../../src/apiserver/audit/index.ts';
import { inProcessClient } from '../../src/apiserver/index.ts';
import { configMaps } from '../../src/kube/resources.ts';
import { realClock } from '../../src/runtime/clock.ts';
import { silentLogger } from '../../src/runtime/log.ts';
import { realRandom } from '../../src/runtime/random.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();
const dir = mkdtempSync(join(tmpdir(), 'argosy-audit-'));
const path = join(dir, 'audit.log');

const policy: Policy = {
  omitManagedFields: true,
  rules: [
    { level: 'RequestResponse', verbs: ['create', 'patch'], resources: [{ resources: ['configmaps'] }] },
    { level: 'Request', verbs: ['delete'], resources: [{ resources: ['configmaps'] }] },
    { level: 'Metadata', resources: [{ resources: ['configmaps', 'secrets'] }], omitStages: ['RequestReceived'] },
    { level: 'None' },
  ],
};

interface AuditEvent {
  level: string;
  auditID: string;
  stage: string;
  verb: string;
  requestURI: string;
  user: { username: string; groups?: string[] };
  impersonatedUser?: { username: string };
  sourceIPs: string[];
  userAgent: string;
  objectRef?: { resource: string; namespace: string; name: string; apiVersion: string };
  responseStatus?: { code: number; reason?: string; status?: string; message?: string };
  requestObject?: { kind: string; data?: object };
  responseObject?: { kind: string; metadata: { uid: string; managedFields?: unknown } };
  annotations?: Record<string, string>;
}

let api: TestApi;
let audit: Auditor | undefined;

before(async () => {
  if (skip !== undefined) return;
  audit = auditor({ policy, log: { path, maxBytes: 1e6, maxBackups: 0 } }, { clock: realClock, random: realRandom, log: silentLogger });
  api = await startTestApi({ auditor: audit });
});

after(async () => {
  await api?.close();
  audit?.close();
  rmSync(dir, { recursive: true });
});

/** The events that are there once one of them is. */
async function events(is: (event: AuditEvent) => boolean): Promise<AuditEvent[]> {
  for (let tries = 0; ; tries++) {
    const lines = readFileSync(path, 'utf8').trim().split('\n').filter(Boolean);
    const found = lines.map((line) => JSON.parse(line) as AuditEvent).filter(is);
    if (found.length > 0) return found;
    assert.ok(tries < 200, 'no such event was written');
    await sleep(50);
  }
}

const over = (name: string, verb: string) => (event: AuditEvent) => event.objectRef?.name === name && event.verb === verb && event.stage === 'ResponseComplete';

test('what kubectl creates is written down with what was asked and answered', { skip }, async () => {
  await api.kubectl('create', 'configmap', 'settings', '--from-literal=a=b');
  const [event] = await events(over('settings', 'create'));
  assert.ok(event);
  assert.deepEqual([event.level, event.user.username, event.responseStatus?.code], ['RequestResponse', 'kubernetes-admin', 201]);
  assert.deepEqual(event.objectRef, { resource: 'configmaps', namespace: 'default', name: 'settings', apiVersion: 'v1' });
  assert.deepEqual(event.requestObject?.data, { a: 'b' });
  assert.ok(event.responseObject?.metadata.uid, 'the answer is there');
  assert.equal(event.responseObject.metadata.managedFields, undefined, 'but not whose fields are whose');
  assert.match(event.userAgent, /^kubectl/);
  assert.deepEqual([event.sourceIPs, event.annotations?.['authorization.k8s.io/decision']], [['127.0.0.1'], 'allow']);
  const stages = await events(({ auditID }) => auditID === event.auditID);
  assert.deepEqual(
    stages.map(({ stage }) => stage),
    ['RequestReceived', 'ResponseComplete'],
  );
});

test('the requests of those who ask as others, and what they may not, are written down', { skip }, async () => {
  await api.kubectlRaw(['--as=jane', 'get', 'secrets', '--chunk-size=0']);
  const [event] = await events(({ impersonatedUser }) => impersonatedUser?.username === 'jane');
  assert.equal(event?.user.username, 'kubernetes-admin');
  assert.deepEqual([event?.responseStatus?.code, event?.responseStatus?.reason], [403, 'Forbidden']);
  assert.equal(event?.annotations?.['authorization.k8s.io/decision'], 'forbid');
  await api.kubectl('config', 'set-credentials', 'stranger', '--token=wrong');
  await api.kubectlRaw(['--user=stranger', 'get', 'secret', 'safe']);
  const [refused] = await events(({ objectRef, responseStatus }) => objectRef?.name === 'safe' && responseStatus?.code === 401);
  assert.deepEqual([refused?.stage, refused?.responseStatus?.message], ['ResponseStarted', 'Authentication failed, attempted: bearer']);
});

test('a watch is written down when it starts and when it ends, a delete with its options', { skip }, async () => {
  const watch = api.start('get', 'configmaps', '--watch-only');
  const [started] = await events(({ verb, stage }) => verb === 'watch' && stage === 'ResponseStarted');
  watch.kill();
  const stages = await events(({ auditID, stage }) => auditID === started?.auditID && stage === 'ResponseComplete');
  assert.equal(stages[0]?.responseStatus?.code, 200);
  await api.kubectl('create', 'configmap', 'short');
  await api.kubectl('delete', 'configmap', 'short');
  const [deleted] = await events(over('short', 'delete'));
  assert.deepEqual([deleted?.requestObject?.kind, deleted?.responseObject, deleted?.responseStatus?.status], ['DeleteOptions', undefined, 'Success']);
});

test('what the policy does not name is not written', { skip }, async () => {
  await api.kubectl('get', 'namespaces');
  await api.kubectl('get', 'configmaps');
  const all = await events(() => true);
  assert.deepEqual([...new Set(all.map(({ objectRef }) => objectRef?.resource))].sort(), ['configmaps', 'secrets']);
  assert.ok(!all.some(({ verb, stage }) => verb === 'list' && stage === 'RequestReceived'));
});

const POLICY = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: sizes }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps] }]
  validations: [{ expression: "size(object.data) < 2", message: "too many" }]
  auditAnnotations: [{ key: keys, valueExpression: "string(size(object.data)) + ' keys'" }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: sizes }
spec: { policyName: sizes, validationActions: [Audit] }
`;

test('what admission policies have to say for the record is on record', { skip }, async () => {
  await api.apply(POLICY);
  await api.kubectl('create', 'configmap', 'large', '--from-literal=a=1', '--from-literal=b=2');
  const [event] = await events(over('large', 'create'));
  assert.equal(event?.annotations?.['sizes/keys'], '2 keys');
  const failures = JSON.parse(event?.annotations?.['validation.policy.admission.k8s.io/validation_failure'] ?? '[]') as object[];
  assert.deepEqual(failures, [{ message: 'too many', policy: 'sizes', binding: 'sizes', expressionIndex: 0, validationActions: ['Audit'] }]);
});

test('what controllers in the same process ask is written down as if it came by HTTP', { skip }, async () => {
  const user = { name: 'system:serviceaccount:kube-system:robot', groups: ['system:serviceaccounts'] };
  const client = inProcessClient(auditedEngine(api.engine, audit!), user);
  const key = { namespace: 'default', name: 'by-robot' };
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key }, data: { a: 'b' } });
  await assert.rejects(client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key } }), /already exists/);
  const [made, refused] = await events(over('by-robot', 'create'));
  assert.equal(made?.requestURI, '/api/v1/namespaces/default/configmaps');
  assert.deepEqual([made?.user.username, made?.userAgent, made?.responseStatus?.code], [user.name, 'robot', 201]);
  assert.deepEqual([made?.requestObject?.data, made?.responseObject?.kind], [{ a: 'b' }, 'ConfigMap']);
  assert.deepEqual([refused?.responseStatus?.code, refused?.responseStatus?.reason], [409, 'AlreadyExists']);
  await client.delete(configMaps, key, { propagationPolicy: 'Background' });
  assert.equal((await events(over('by-robot', 'delete')))[0]?.requestObject?.kind, 'DeleteOptions');
  const ending = new AbortController();
  for await (const event of client.watch(configMaps, { namespace: 'default', signal: ending.signal })) if (event.type === 'ADDED') ending.abort();
  const ofRobot = (stage: string) => (event: AuditEvent) => event.user.username === user.name && event.verb === 'watch' && event.stage === stage;
  const [started] = await events(ofRobot('ResponseStarted'));
  const [ended] = await events(ofRobot('ResponseComplete'));
  assert.equal(ended?.auditID, started?.auditID);
});
