import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { StatusError } from '../../kube/status.ts';
import type { ConfigMap, KubeObject } from '../../kube/types.ts';
import { machineAddress, testWorld, type TestWorld } from '../testing.ts';
import { patching, testWebhook, verdict, type TestWebhook } from './testing.ts';

let hook: TestWebhook;
let world: TestWorld;
before(async () => {
  hook = await testWebhook(() => 500, ['hook.default.svc']);
});
after(() => hook.close());
beforeEach(async () => {
  world = await testWorld();
  hook.asked.length = 0;
});

interface Request {
  uid: string;
  operation: string;
  name: string;
  object: ConfigMap | null;
  oldObject: ConfigMap | null;
  resource: { version: string };
  requestResource: { version: string };
  dryRun: boolean;
  userInfo: { username: string };
  subResource?: string;
}

const requests = (): Request[] => hook.asked.map((body) => body['request'] as Request);

async function configure(kind: 'Mutating' | 'Validating', ...webhooks: object[]): Promise<void> {
  const plural = `${kind.toLowerCase()}webhookconfigurations`;
  const defaults = (more: object, i: number): object => ({
    name: `hook${i}.example.com`,
    clientConfig: { url: `https://127.0.0.1:${hook.port}/review`, caBundle: hook.caBundle },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    ...more,
  });
  const body = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name: 'config' },
    webhooks: webhooks.map(defaults),
  };
  await world.engine.create(world.definition(`admissionregistration.k8s.io/v1/${plural}`), world.ctx, undefined, body as KubeObject);
}

const maps = () => world.definition('v1/configmaps');
const map = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
});
const create = async (object: KubeObject, more: object = {}): Promise<ConfigMap> =>
  (await world.engine.create(maps(), { ...world.ctx, ...more }, 'default', object)).object as ConfigMap;

const refused =
  (code: number, message: string | RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof StatusError);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.equal(error.code, code);
    return true;
  };

test('a mutating webhook changes what is stored, on creation and on change', async () => {
  await configure('Mutating', {});
  hook.answer = (body) => patching(body, [{ op: 'add', path: '/data/seen', value: (body['request'] as Request).operation }]);
  const made = await create(map('one', { a: 'b' }));
  assert.deepEqual(made.data, { a: 'b', seen: 'CREATE' });
  const changed = await world.engine.patch(maps(), world.ctx, { namespace: 'default', name: 'one' }, { data: { a: 'c' } }, { type: 'merge' });
  assert.deepEqual((changed.object as ConfigMap).data, { a: 'c', seen: 'UPDATE' });
  const [first, second] = requests();
  assert.deepEqual([first?.oldObject, second?.oldObject?.data, second?.object?.data?.['a']], [null, { a: 'b', seen: 'CREATE' }, 'c']);
  assert.deepEqual([first?.userInfo.username, first?.name, first?.dryRun], ['test', 'one', false]);
});

test('a validating webhook that says no ends the request with its words, code and reason', async () => {
  await configure('Validating', { name: 'no.example.com' });
  hook.answer = (body) => verdict(body, { allowed: false, status: { message: 'too blue', code: 422, reason: 'Invalid' }, warnings: ['careful'] });
  const warnings: string[] = [];
  await assert.rejects(create(map('one'), { warnings }), refused(422, 'admission webhook "no.example.com" denied the request: too blue'));
  assert.deepEqual(warnings, ['careful']);
  hook.answer = (body) => verdict(body, { allowed: false });
  await assert.rejects(create(map('one')), refused(400, 'admission webhook "no.example.com" denied the request without explanation'));
});

test('deletions are reviewed with the object as it was', async () => {
  await create(map('one', { a: 'b' }));
  await configure('Validating', { rules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], operations: ['DELETE'] }] });
  hook.answer = (body) => verdict(body, { allowed: false, status: { message: 'keep it' } });
  await assert.rejects(world.engine.delete(maps(), world.ctx, { namespace: 'default', name: 'one' }), refused(400, /denied the request: keep it$/));
  assert.deepEqual([requests()[0]?.object, requests()[0]?.oldObject?.data], [null, { a: 'b' }]);
  hook.answer = (body) => verdict(body, { allowed: true });
  await world.engine.delete(maps(), world.ctx, { namespace: 'default', name: 'one' });
});

test('a webhook that fails ends the request or is passed over, as its failurePolicy says', async () => {
  await configure('Validating', { name: 'down.example.com', clientConfig: { url: 'https://127.0.0.1:1/x', caBundle: hook.caBundle } });
  await assert.rejects(
    create(map('one')),
    refused(
      500,
      'Internal error occurred: failed calling webhook "down.example.com": failed to call webhook: Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused',
    ),
  );
  world = await testWorld();
  await configure('Validating', { failurePolicy: 'Ignore' });
  hook.answer = () => 500;
  await create(map('one'));
  assert.equal(hook.asked.length, 1);
});

test('a webhook that is too slow fails when its time is over', async () => {
  await configure('Validating', { timeoutSeconds: 1 });
  hook.answer = () => new Promise(() => undefined);
  await assert.rejects(create(map('one')), refused(500, /Post "https:.*\?timeout=1s": context deadline exceeded$/));
});

test('an answer to another question is no answer', async () => {
  await configure('Validating', { name: 'odd.example.com' });
  hook.answer = () => ({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid: 'x', allowed: true } });
  await assert.rejects(create(map('one')), refused(500, /received invalid webhook response: expected response.uid="[0-9a-f-]+", got "x"$/));
  hook.answer = (body) => patching(body, [{ op: 'remove', path: '/data' }]);
  await assert.rejects(create(map('one')), refused(500, /validating webhook may not return response.patch$/));
  hook.answer = () => 404;
  await assert.rejects(create(map('one')), refused(500, /failed to call webhook: the server could not find the requested resource$/));
});

test('selectors of namespaces and objects say what a webhook sees', async () => {
  await configure(
    'Validating',
    { objectSelector: { matchLabels: { look: 'yes' } } },
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'elsewhere' } } },
  );
  hook.answer = (body) => verdict(body, { allowed: true });
  await create(map('unseen'));
  await create(map('seen', {}, { look: 'yes' }));
  assert.deepEqual(
    requests().map(({ name }) => name),
    ['seen'],
  );
});

test('a dry run is told to be one, and stores nothing', async () => {
  await configure('Mutating', { sideEffects: 'NoneOnDryRun' });
  hook.answer = (body) => patching(body, [{ op: 'add', path: '/data/seen', value: 'yes' }]);
  const made = await create(map('one', { a: 'b' }), { dryRun: true });
  assert.deepEqual([requests()[0]?.dryRun, made.data], [true, { a: 'b', seen: 'yes' }]);
  await assert.rejects(world.engine.get(maps(), world.ctx, { namespace: 'default', name: 'one' }), refused(404, /not found/));
});

test('an earlier webhook that wants to is asked again after a later one changed the object', async () => {
  await configure('Mutating', { reinvocationPolicy: 'IfNeeded' }, {});
  let calls = 0;
  hook.answer = (body) => (++calls === 2 ? patching(body, [{ op: 'add', path: '/data', value: { late: 'yes' } }]) : verdict(body, { allowed: true }));
  await create(map('one'));
  assert.equal(calls, 3);
  assert.deepEqual(requests()[2]?.object?.data, { late: 'yes' });
});

test('a patch that makes nonsense of the object is refused as the object would be', async () => {
  await configure('Mutating', {});
  hook.answer = (body) => patching(body, [{ op: 'add', path: '/metadata/labels', value: { '-': '-' } }]);
  await assert.rejects(create(map('one')), refused(422, /metadata.labels: Invalid value/));
});

test('a service of the cluster is found by its ready endpoints', async () => {
  const clientConfig = { service: { namespace: 'default', name: 'hook', path: '/review', port: 8443 }, caBundle: hook.caBundle };
  await configure('Validating', { name: 'svc.example.com', clientConfig });
  const failed = (why: string): string =>
    `Internal error occurred: failed calling webhook "svc.example.com": failed to call webhook: Post "https://hook.default.svc:8443/review?timeout=10s": ${why}`;
  await assert.rejects(create(map('one')), refused(500, failed('service "hook" not found')));
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hook' }, spec: { ports: [{ port: 8443, targetPort: hook.port }] } };
  await world.engine.create(world.definition('v1/services'), world.ctx, 'default', service as KubeObject);
  await assert.rejects(create(map('one')), refused(500, failed('no endpoints available for service "hook"')));
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'hook-1', labels: { 'kubernetes.io/service-name': 'hook' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [machineAddress()], conditions: { ready: true } }],
    ports: [{ port: hook.port, protocol: 'TCP', name: '' }],
  };
  await world.engine.create(world.definition('discovery.k8s.io/v1/endpointslices'), world.ctx, 'default', slice as KubeObject);
  hook.answer = (body) => verdict(body, { allowed: true });
  await create(map('one'));
  assert.equal(hook.asked.length, 1);
});

test('one kind in two versions: a rule for the other one matches, and shows the object in that version', async () => {
  await configure('Validating', {
    rules: [{ apiGroups: ['autoscaling'], apiVersions: ['v2'], resources: ['horizontalpodautoscalers'], operations: ['CREATE'] }],
  });
  hook.answer = (body) => verdict(body, { allowed: true });
  const scaler = {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h' },
    spec: { maxReplicas: 3, targetCPUUtilizationPercentage: 50, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } },
  };
  await world.engine.create(world.definition('autoscaling/v1/horizontalpodautoscalers'), world.ctx, 'default', scaler as KubeObject);
  const [request] = requests();
  assert.deepEqual([request?.resource.version, request?.requestResource.version], ['v2', 'v1']);
  assert.equal(request?.object?.apiVersion, 'autoscaling/v2');
});

test('a patch applies to the newest object, when it changed while webhooks were asked', async () => {
  await create(map('one', { a: '0' }));
  await configure('Validating', {});
  let first = true;
  hook.answer = async (body) => {
    if (first) {
      first = false;
      await world.engine.patch(maps(), world.ctx, { namespace: 'default', name: 'one' }, { data: { b: '1' } }, { type: 'merge' });
    }
    return verdict(body, { allowed: true });
  };
  const { object } = await world.engine.patch(maps(), world.ctx, { namespace: 'default', name: 'one' }, { data: { a: '1' } }, { type: 'merge' });
  assert.deepEqual((object as ConfigMap).data, { a: '1', b: '1' });
});

test('what a subresource is sent is reviewed too, and configurations are not', async () => {
  await configure('Validating', { rules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['*'] }] });
  hook.answer = (body) => verdict(body, { allowed: false });
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p', namespace: 'default' } };
  await assert.rejects(
    world.engine.createSubresource(world.definition('v1/pods'), world.ctx, { namespace: 'default', name: 'p' }, 'eviction', eviction),
    refused(400, /denied/),
  );
  assert.deepEqual([requests()[0]?.subResource, requests()[0]?.object?.kind], ['eviction', 'Eviction']);
  await world.engine.delete(world.definition('admissionregistration.k8s.io/v1/validatingwebhookconfigurations'), world.ctx, { name: 'config' });
});

test('a wrong configuration is refused field by field', async () => {
  const clientConfig = { url: 'http://u@h/?a=b#c', caBundle: Buffer.from('no').toString('base64') };
  await assert.rejects(
    configure('Mutating', { name: 'short', clientConfig, sideEffects: 'Some', timeoutSeconds: 31, admissionReviewVersions: ['v9'], rules: [{}] }),
    (error: StatusError) => {
      assert.deepEqual(
        error.status.details?.causes?.map(({ field }) => field?.replace('webhooks[0].', '')),
        [
          'name',
          'rules[0].operations',
          'rules[0].apiGroups',
          'rules[0].apiVersions',
          'rules[0].resources',
          'sideEffects',
          'timeoutSeconds',
          'clientConfig.url',
          'clientConfig.url',
          'clientConfig.url',
          'clientConfig.url',
          'clientConfig.caBundle',
          'admissionReviewVersions',
        ],
      );
      return true;
    },
  );
});

test('conditions say which requests a webhook is sent, and must compile', async () => {
  const matchConditions = [
    { name: 'not-system', expression: '!request.userInfo.username.startsWith("system:")' },
    { name: 'blue', expression: 'object.data.color == "blue"' },
  ];
  await configure('Validating', { matchConditions });
  hook.answer = (body) => verdict(body, { allowed: true });
  await create(map('red', { color: 'red' }));
  await create(map('blue', { color: 'blue' }));
  await create(map('system', { color: 'blue' }), { user: { name: 'system:x', groups: [] } });
  assert.deepEqual(
    requests().map(({ name }) => name),
    ['blue'],
  );
  await assert.rejects(
    create(map('none', { a: 'b' })),
    refused(403, /^configmaps "none" is forbidden: expression 'object.data.color == "blue"' resulted in error: no such key: color$/),
  );
  world = await testWorld();
  await assert.rejects(
    configure('Validating', { matchConditions: [{ name: 'x', expression: 'request.nothing' }] }),
    refused(422, /webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: .*undefined field 'nothing'/),
  );
});
