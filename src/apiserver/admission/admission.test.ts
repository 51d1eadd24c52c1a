import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podRequests } from '../../kube/pods.ts';
import { namespaces, pods, priorityClasses, resourceQuotas, runtimeClasses, serviceAccounts } from '../../kube/resources.ts';
import { StatusError } from '../../kube/status.ts';
import type { PriorityClass } from '../../kube/types.ts';
import { pod, testWorld } from '../testing.ts';

const forbidden =
  (why: RegExp) =>
  (error: unknown): boolean =>
    error instanceof StatusError && error.code === 403 && why.test(error.message);

const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

test('a pod runs as the default account, finds its token, and stays five minutes on a lost node', async () => {
  const { client } = await testWorld();
  const { spec } = await client.create(pods, pod('p'));
  assert.equal(spec?.serviceAccountName, 'default');
  const volume = spec.volumes?.[0];
  assert.match(volume?.name ?? '', /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.deepEqual(
    volume?.projected?.sources?.map((source) => Object.keys(source)[0]),
    ['serviceAccountToken', 'configMap', 'downwardAPI'],
  );
  assert.deepEqual(
    spec.containers[0]?.volumeMounts?.map(({ name, mountPath, readOnly }) => [name, mountPath, readOnly]),
    [[volume?.name, MOUNT, true]],
  );
  assert.deepEqual(
    spec.tolerations?.map(({ key, tolerationSeconds }) => [key, tolerationSeconds]),
    [
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ],
  );
});

test('a pod gets overhead, node selector and tolerations of its runtime class, which the scheduler and quotas count', async () => {
  const { client } = await testWorld();
  const podFixed = { cpu: '250m', memory: '64Mi' };
  const scheduling = { nodeSelector: { sandboxed: 'yes' }, tolerations: [{ key: 'sandboxed', operator: 'Exists' as const }] };
  const named = { apiVersion: 'node.k8s.io/v1' as const, kind: 'RuntimeClass' as const, metadata: { name: 'deep' } };
  await client.create(runtimeClasses, { ...named, handler: 'runc', overhead: { podFixed }, scheduling });
  await client.create(resourceQuotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q', namespace: 'default' },
    spec: { hard: { 'requests.cpu': '1' } },
  });
  const counting = { hard: { 'requests.cpu': '1' }, used: { 'requests.cpu': '0' } };
  await client.patch(resourceQuotas, { name: 'q', namespace: 'default' }, { status: counting }, { type: 'merge', subresource: 'status' });
  const asks = (name: string, spec: object = {}) =>
    pod(name, { spec: { runtimeClassName: 'deep', containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }], ...spec } });
  const made = await client.create(pods, asks('a'));
  assert.deepEqual([made.spec?.overhead, made.spec?.nodeSelector, made.spec?.tolerations?.at(-1)], [podFixed, { sandboxed: 'yes' }, scheduling.tolerations[0]]);
  assert.equal(podRequests(made).cpuMillis, 350);
  assert.equal((await client.get(resourceQuotas, { name: 'q', namespace: 'default' })).status?.used?.['requests.cpu'], '350m');
  await assert.rejects(client.create(pods, asks('b', { overhead: { cpu: '1' } })), forbidden(/Pod's Overhead doesn't match RuntimeClass's defined Overhead/));
  await assert.rejects(
    client.create(pods, asks('b', { nodeSelector: { sandboxed: 'no' } })),
    forbidden(/conflict: runtimeClass\.scheduling\.nodeSelector\[sandboxed\] = yes/),
  );
  await assert.rejects(client.create(pods, asks('b', { runtimeClassName: 'none' })), forbidden(/pod rejected: RuntimeClass "none" not found/));
  await assert.rejects(client.create(pods, asks('b', { runtimeClassName: undefined, overhead: podFixed })), forbidden(/Overhead set without corresponding/));
});

test('no token is mounted where the pod or its account says so, or where something is mounted already', async () => {
  const { client } = await testWorld();
  const own = await client.create(pods, pod('own', { spec: { automountServiceAccountToken: false } }));
  assert.equal(own.spec?.volumes, undefined);
  await client.patch(serviceAccounts, { name: 'default', namespace: 'default' }, { automountServiceAccountToken: false }, { type: 'merge' });
  assert.equal((await client.create(pods, pod('account'))).spec?.volumes, undefined);
  const mounted = pod('mounted', {
    spec: {
      automountServiceAccountToken: true,
      volumes: [{ name: 'mine', emptyDir: {} }],
      containers: [{ name: 'main', image: 'x', volumeMounts: [{ name: 'mine', mountPath: MOUNT }] }],
    },
  });
  assert.deepEqual(
    (await client.create(pods, mounted)).spec?.volumes?.map(({ name }) => name),
    ['mine'],
  );
});

test('a pod waits a moment for the account of a new namespace, and is refused when it does not come', async () => {
  const { client, clock } = await testWorld();
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } });
  const waiting = client.create(pods, { ...pod('p'), metadata: { name: 'p', namespace: 'new' } });
  await clock.advance(100);
  await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'new' } });
  await clock.advance(100);
  assert.equal((await waiting).spec?.serviceAccountName, 'default');
  const refused = assert.rejects(
    client.create(pods, pod('q', { spec: { serviceAccountName: 'nobody' } })),
    forbidden(/^pods "q" is forbidden: error looking up service account default\/nobody: serviceaccount "nobody" not found$/),
  );
  await clock.advance(1_000);
  await refused;
});

test('the priority of a pod comes from its class', async () => {
  const { client } = await testWorld();
  const plain = await client.create(pods, pod('plain'));
  assert.deepEqual([plain.spec?.priority, plain.spec?.preemptionPolicy, plain.spec?.priorityClassName], [0, 'PreemptLowerPriority', undefined]);
  const low: PriorityClass = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'low' }, value: -5, preemptionPolicy: 'Never' };
  await client.create(priorityClasses, low);
  const placed = await client.create(pods, pod('low', { spec: { priorityClassName: 'low' } }));
  assert.deepEqual([placed.spec?.priority, placed.spec?.preemptionPolicy], [-5, 'Never']);
  const system = await client.create(pods, pod('system', { spec: { priorityClassName: 'system-node-critical' } }));
  assert.equal(system.spec?.priority, 2_000_001_000);
  await assert.rejects(
    client.create(pods, pod('x', { spec: { priorityClassName: 'none' } })),
    forbidden(/^pods "x" is forbidden: no PriorityClass with name none was found$/),
  );
  await assert.rejects(
    client.create(pods, pod('x', { spec: { priority: 7 } })),
    forbidden(/the integer value of priority \(7\) must not be provided in pod spec; priority admission controller computed 0/),
  );
});

test('one class may be the default, and pods without a class get it', async () => {
  const { client } = await testWorld();
  const usual: PriorityClass = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'usual' }, value: 10, globalDefault: true };
  await client.create(priorityClasses, usual);
  await assert.rejects(
    client.create(priorityClasses, { ...usual, metadata: { name: 'second' } }),
    forbidden(/PriorityClass usual is already marked as default/),
  );
  const placed = await client.create(pods, pod('p'));
  assert.deepEqual([placed.spec?.priorityClassName, placed.spec?.priority], ['usual', 10]);
});
