/** Capacity buffers with the real API, scheduler and autoscaler under a virtual clock: nodes that are there before the pods. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployments, nodes, podTemplates, resourceQuotas } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { capacityBuffers, type CapacityBuffer } from '../../src/scaling/index.ts';
import type { World } from '../workloads/world.ts';
import { apply, eventTexts, live, ready, scale, start } from './cluster.ts';

const podinfo = { apiGroup: 'apps', kind: 'Deployment', name: 'podinfo' };

function buffer(name: string, spec: CapacityBuffer['spec']): CapacityBuffer {
  return { apiVersion: 'autoscaling.x-k8s.io/v1beta1', kind: 'CapacityBuffer', metadata: { name, namespace: 'default' }, spec };
}

const seen = (world: World, name: string): Promise<CapacityBuffer> => world.client.get(capacityBuffers, { namespace: 'default', name });

/** 'TYPE=STATUS REASON' of each. */
async function conditions(world: World, name: string): Promise<string[]> {
  return ((await seen(world, name)).status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

const messageOf = async (world: World, name: string, type: string): Promise<string | undefined> =>
  (await seen(world, name)).status?.conditions?.find((condition) => condition.type === type)?.message;

const hasRoom = (world: World, name: string, chunks: number): Promise<void> =>
  world.until(`${chunks} chunks have room`, async () => (await seen(world, name)).status?.readyReplicas === chunks);

const nodeCount = async (world: World): Promise<number> => (await world.list(nodes)).length;

test('a buffer of four pods boots the node they will need; the fifth pod runs at once, and the next node is bought', async () => {
  const { world } = await start({ buffers: true });
  await using _ = world;
  await apply(world, 'podinfo-0.8G.yaml');
  await world.until('four run', async () => (await ready(world, 'podinfo')).length === 4);
  await world.create(capacityBuffers, buffer('spare', { scalableRef: podinfo, replicas: 4 }));
  await hasRoom(world, 'spare', 4);
  assert.equal(await nodeCount(world), 2);
  assert.deepEqual(await conditions(world, 'spare'), [
    'ReadyForProvisioning=True AttributesSetSuccessfully',
    'LimitedByQuotas=False ResourceQuotasAllocated',
    'Provisioning=True FakePodsInjected',
  ]);
  assert.deepEqual(await eventTexts(world, 'TriggeredScaleUp'), ['capacity buffer 4 fake pods triggered scale-up: [{lke-pool 1->2 (max: 3)}]']);
  const asked = world.clock.now();
  await scale(world, 'podinfo', 5);
  await world.until('five run', async () => (await ready(world, 'podinfo')).length === 5);
  assert.ok(world.clock.now() - asked < 2000, `took ${world.clock.now() - asked} ms`);
  await hasRoom(world, 'spare', 3);
  await hasRoom(world, 'spare', 4);
  assert.equal(await nodeCount(world), 3);
  assert.equal((await world.list(podTemplates)).length, 1);
});

test('a node that only a buffer wants stays; without the buffer it goes', async () => {
  const { world } = await start({ buffers: true });
  await using _ = world;
  await apply(world, 'podinfo-0.8G.yaml');
  await world.create(capacityBuffers, buffer('spare', { scalableRef: podinfo, replicas: 4 }));
  await world.until('four run', async () => (await ready(world, 'podinfo')).length === 4);
  await hasRoom(world, 'spare', 4);
  await world.clock.advance(3_600_000);
  assert.equal(await nodeCount(world), 2);
  await world.client.delete(capacityBuffers, { namespace: 'default', name: 'spare' });
  await world.until('one node is left', async () => (await nodeCount(world)) === 1, 3_600_000);
  assert.equal((await live(world, 'podinfo')).length, 4);
  await world.until('its template is gone', async () => (await world.list(podTemplates)).length === 0);
});

test('a placeholder and a buffer each keep a node: neither takes the room of the other', async () => {
  const { world } = await start({ buffers: true, max: 5 });
  await using _ = world;
  await apply(world, 'podinfo-0.8G.yaml');
  await apply(world, 'placeholder.yaml');
  await world.until('the placeholder runs', async () => (await ready(world, 'overprovisioning')).length === 1);
  await world.create(capacityBuffers, buffer('spare', { scalableRef: podinfo, replicas: 4 }));
  await hasRoom(world, 'spare', 4);
  assert.equal(await nodeCount(world), 3);
});

test('a percentage follows the replicas of what is scaled, and rounds up', async () => {
  const { world } = await start({ buffers: true, max: 10 });
  await using _ = world;
  await apply(world, 'podinfo-0.8G.yaml');
  await world.create(capacityBuffers, buffer('share', { scalableRef: podinfo, percentage: 30 }));
  const size = (chunks: number): Promise<void> => world.until(`${chunks} chunks`, async () => (await seen(world, 'share')).status?.replicas === chunks);
  await size(2);
  await scale(world, 'podinfo', 10);
  await size(3);
  await scale(world, 'podinfo', 0);
  await size(0);
  await world.until('it is empty', async () => (await conditions(world, 'share')).includes('Provisioning=False BufferIsEmpty'));
});

test('without pods the template says what a chunk is, as the API would make it of the namespace', async () => {
  const { world } = await start({ buffers: true });
  await using _ = world;
  const spec: Pod['spec'] = { containers: [{ name: 'main', image: 'web:1', resources: { limits: { memory: '1G' } } }] };
  await world.create(podTemplates, { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'big', namespace: 'default' }, template: { spec } });
  await world.create(capacityBuffers, buffer('big', { podTemplateRef: { name: 'big' }, limits: { memory: '5G' } }));
  await hasRoom(world, 'big', 5);
  const made = await world.client.get(podTemplates, { namespace: 'default', name: 'capacitybuffer-big-pod-template' });
  assert.deepEqual(made.template?.spec?.containers[0]?.resources, { limits: { memory: '1G' }, requests: { memory: '1G' } });
  assert.equal(made.template?.spec?.volumes, undefined);
  assert.equal(await nodeCount(world), 2);
});

test('quotas bound what buffers ask for, the older buffer first', async () => {
  const { world } = await start({ buffers: true });
  await using _ = world;
  await world.create(resourceQuotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q', namespace: 'default' },
    spec: { hard: { 'requests.memory': '3G' } },
  });
  await world.clock.advance(1000);
  const spec: Pod['spec'] = { containers: [{ name: 'main', image: 'web:1', resources: { requests: { memory: '1G' } } }] };
  await world.create(podTemplates, { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'gig', namespace: 'default' }, template: { spec } });
  await world.create(capacityBuffers, buffer('older', { podTemplateRef: { name: 'gig' }, replicas: 2 }));
  await world.clock.advance(1000);
  await world.create(capacityBuffers, buffer('younger', { podTemplateRef: { name: 'gig' }, replicas: 2 }));
  await hasRoom(world, 'younger', 1);
  assert.equal((await seen(world, 'older')).status?.replicas, 2);
  assert.equal(await messageOf(world, 'younger', 'LimitedByQuotas'), 'Buffer replicas limited from 2 to 1 due to quotas: q');
});

const unready: [string, CapacityBuffer['spec'], RegExp][] = [
  ['of a template that is missing', { podTemplateRef: { name: 'none' }, replicas: 1 }, /podtemplates "none" not found/],
  ['of a kind that has no scale', { scalableRef: { apiGroup: 'apps', kind: 'DaemonSet', name: 'x' }, replicas: 1 }, /kind apps\/DaemonSet is not supported/],
  ['of a Deployment that is missing', { scalableRef: podinfo, replicas: 1 }, /deployments.apps "podinfo" not found/],
];
for (const [what, spec, message] of unready) {
  test(`a buffer ${what} is not ready for provisioning and says so`, async () => {
    const { world } = await start({ buffers: true });
    await using _ = world;
    await world.create(capacityBuffers, buffer('bad', spec));
    await world.until('it says so', async () => message.test((await messageOf(world, 'bad', 'ReadyForProvisioning')) ?? ''));
    await world.until('nothing is provisioned', async () => (await conditions(world, 'bad')).includes('Provisioning=False NotReadyForProvisioning'));
    assert.equal(await nodeCount(world), 1);
  });
}

test('a buffer that no node can ever hold is told the numbers', async () => {
  const { world } = await start({ buffers: true });
  await using _ = world;
  await apply(world, 'podinfo-0.8G.yaml');
  await world.until('four run', async () => (await ready(world, 'podinfo')).length === 4);
  const huge = await world.client.get(deployments, { namespace: 'default', name: 'podinfo' });
  const template = { spec: { ...huge.spec?.template.spec, containers: [{ name: 'c', image: 'i', resources: { requests: { memory: '8G' } } }] } };
  await world.create(podTemplates, { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'huge', namespace: 'default' }, template });
  await world.create(capacityBuffers, buffer('huge', { podTemplateRef: { name: 'huge' }, replicas: 2 }));
  await world.until('it is told', async () => (await eventTexts(world, 'NeverFits')).length > 0);
  assert.match((await eventTexts(world, 'NotTriggerScaleUp'))[0] ?? '', /^capacity buffer 2 fake pods didn't trigger scale-up: 1 Insufficient memory$/);
  assert.match((await eventTexts(world, 'NeverFits'))[0] ?? '', /it asks for 0 cpu and 8G|7812500Ki memory/);
});

for (const [what, spec, message] of [
  [
    'both a template and a scalable',
    { podTemplateRef: { name: 'a' }, scalableRef: podinfo, replicas: 1 },
    /either PodTemplateRef or ScalableRef, but not both/,
  ],
  ['a template and no number', { podTemplateRef: { name: 'a' } }, /replicas or limits must also be set/],
  ['a negative number', { scalableRef: podinfo, replicas: -1 }, /spec.replicas: Invalid value: -1/],
] as const) {
  test(`a buffer with ${what} is refused`, async () => {
    const { world } = await start({ buffers: true });
    await using _ = world;
    await assert.rejects(world.create(capacityBuffers, buffer('bad', spec as CapacityBuffer['spec'])), message);
  });
}
