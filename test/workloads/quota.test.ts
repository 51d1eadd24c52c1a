import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps, jobs, pods, resourceQuotas, services } from '../../src/kube/resources.ts';
import { StatusError } from '../../src/kube/status.ts';
import type { ConfigMap, Pod, ResourceQuota, Service } from '../../src/kube/types.ts';
import { World } from './world.ts';

type Spec = NonNullable<ResourceQuota['spec']>;

async function withQuota(hard: Record<string, string>, more: Omit<Spec, 'hard'> = {}): Promise<World> {
  const world = await World.start();
  await world.create(resourceQuotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: 'default', name: 'q' }, spec: { hard, ...more } });
  await world.until('counted', async () => (await used(world)) !== undefined);
  return world;
}

async function used(world: World): Promise<Record<string, unknown> | undefined> {
  return (await world.client.get(resourceQuotas, { namespace: 'default', name: 'q' })).status?.used;
}

function pod(name: string, more: { cpu?: string; annotations?: Record<string, string>; spec?: Partial<NonNullable<Pod['spec']>> } = {}): Pod {
  const resources = more.cpu === undefined ? {} : { resources: { requests: { cpu: more.cpu } } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name, ...(more.annotations ? { annotations: more.annotations } : {}) },
    spec: { containers: [{ name: 'main', image: 'x', ...resources }], ...more.spec },
  };
}

const configMap = (name: string): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name } });

const refused = (message: string) => (error: unknown) => {
  assert.ok(error instanceof StatusError);
  assert.equal(error.message, message);
  return error.code === 403;
};

test('creations at once do not exceed the quota, and it says what is in use', async () => {
  await using world = await withQuota({ 'count/configmaps': '5' });
  // kube-root-ca.crt is one of them.
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => world.create(configMaps, configMap(`c${i}`))));
  const failures = results.filter((result) => result.status === 'rejected');
  assert.equal(results.length - failures.length, 4);
  assert.match(
    String(failures[0]?.reason),
    /configmaps "c4" is forbidden: exceeded quota: q, requested: count\/configmaps=1, used: count\/configmaps=5, limited: count\/configmaps=5$/,
  );
  assert.deepEqual(await used(world), { 'count/configmaps': '5' });
});

test('what is deleted and what has ended is free again', async () => {
  await using world = await withQuota({ pods: '2', 'requests.cpu': '1', 'count/pods': '10' });
  await world.create(pods, pod('a', { cpu: '400m' }));
  await world.create(pods, pod('b', { cpu: '500m', annotations: { 'test/ends': '0' } }));
  assert.deepEqual(await used(world), { pods: '2', 'requests.cpu': '900m', 'count/pods': '2' });
  await assert.rejects(
    world.create(pods, pod('c', { cpu: '200m' })),
    refused('pods "c" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=200m, used: pods=2,requests.cpu=900m, limited: pods=2,requests.cpu=1'),
  );
  await world.until('b has ended', async () => (await used(world))?.['pods'] === '1');
  assert.deepEqual(await used(world), { pods: '1', 'requests.cpu': '400m', 'count/pods': '2' });
  await world.client.delete(pods, { namespace: 'default', name: 'a' });
  await world.until('a is gone', async () => (await used(world))?.['pods'] === '0');
  await world.create(pods, pod('c', { cpu: '1' }));
});

test('a quota on cpu makes every container say what it asks for', async () => {
  await using world = await withQuota({ 'requests.cpu': '1', 'limits.memory': '1Gi' });
  await assert.rejects(
    world.create(pods, pod('p')),
    refused('pods "p" is forbidden: failed quota: q: must specify limits.memory for: main; requests.cpu for: main'),
  );
});

test('a quota with scopes is about the pods in them only', async () => {
  await using world = await withQuota({ pods: '1' }, { scopes: ['BestEffort'] });
  await world.create(pods, pod('a'));
  await world.create(pods, pod('asks', { cpu: '100m' }));
  await assert.rejects(world.create(pods, pod('b')), refused('pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1'));
  await using other = await withQuota(
    { pods: '0' },
    { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['system-node-critical'] }] } },
  );
  await other.create(pods, pod('plain'));
  await assert.rejects(other.create(pods, pod('c', { spec: { priorityClassName: 'system-node-critical' } })), /exceeded quota: q/);
});

test('a service that becomes a load balancer pays the difference, and gets it back', async () => {
  await using world = await withQuota({ services: '3', 'services.loadbalancers': '1', 'services.nodeports': '2' });
  const service = (name: string): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name },
    spec: { ports: [{ port: 80 }, { port: 443, name: 'tls' }].map((port, i) => ({ name: `p${i}`, ...port })) },
  });
  await world.create(services, service('a'));
  await world.create(services, service('b'));
  const type = (name: string, to: 'ClusterIP' | 'LoadBalancer') =>
    world.client.patch(services, { namespace: 'default', name }, { spec: { type: to } }, { type: 'merge' });
  await type('a', 'LoadBalancer');
  await assert.rejects(
    type('b', 'LoadBalancer'),
    refused(
      'services "b" is forbidden: exceeded quota: q, requested: services.loadbalancers=1,services.nodeports=2, used: services.loadbalancers=1,services.nodeports=2, limited: services.loadbalancers=1,services.nodeports=2',
    ),
  );
  await type('a', 'ClusterIP');
  await world.until('given back', async () => (await used(world))?.['services.loadbalancers'] === '0');
  await type('b', 'LoadBalancer');
});

test('a dry run is checked and not charged; a write that fails is not either', async () => {
  await using world = await withQuota({ 'count/configmaps': '2' });
  await world.client.create(configMaps, configMap('c'), { dryRun: true });
  await assert.rejects(world.create(configMaps, configMap('kube-root-ca.crt')), /already exists/);
  assert.deepEqual(await used(world), { 'count/configmaps': '1' });
  await world.create(configMaps, configMap('c'));
  await assert.rejects(world.client.create(configMaps, configMap('d'), { dryRun: true }), /exceeded quota/);
});

test('a job counts as active only what the quota let it make', async () => {
  await using world = await withQuota({ pods: '1' });
  const key = { namespace: 'default', name: 'j' };
  const template = { spec: { restartPolicy: 'Never' as const, containers: [{ name: 'main', image: 'x' }] } };
  await world.create(jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata: key, spec: { completions: 2, parallelism: 2, template } });
  await world.until('one runs', async () => (await world.list(pods))[0]?.status?.phase === 'Running');
  await world.until('it is counted', async () => (await world.client.get(jobs, key)).status?.active === 1);
  assert.equal((await world.list(pods)).length, 1);
});
