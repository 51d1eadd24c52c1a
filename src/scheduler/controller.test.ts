import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pod as podNamed, testWorld, type TestWorld } from '../apiserver/testing.ts';
import { getCondition } from '../kube/conditions.ts';
import { events, nodes, pods } from '../kube/resources.ts';
import { StatusError } from '../kube/status.ts';
import type { Node, Pod, PodSpec } from '../kube/types.ts';
import type { Client } from '../runtime/client.ts';
import { controllerContext, runControllers } from '../runtime/context.ts';
import { silentLogger } from '../runtime/log.ts';
import { seededRandom } from '../runtime/random.ts';
import { schedulerController } from './controller.ts';

interface Scheduling extends TestWorld {
  addNode(name: string, more?: { pods?: number; unschedulable?: boolean }): Promise<void>;
  addPod(name: string, more?: { memory?: string; priority?: number; spec?: Partial<PodSpec> }): Promise<void>;
  pod(name: string): Promise<Pod>;
  nodeOf(name: string): Promise<string | undefined>;
  /** Ends the scheduler and starts another, which knows nothing. */
  restart(): Promise<void>;
  texts(reason: string): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function start(wrap: (client: Client) => Client = (client) => client): Promise<Scheduling> {
  const world = await testWorld();
  const key = (name: string): { name: string; namespace: string } => ({ name, namespace: 'default' });
  let stop = run();
  await world.clock.advance(10);

  function run(): () => Promise<void> {
    const abort = new AbortController();
    const ctx = controllerContext({ client: wrap(world.client), clock: world.clock, random: seededRandom(7), log: silentLogger });
    const ended = runControllers(ctx, [schedulerController(ctx)], abort.signal);
    return () => {
      abort.abort();
      return ended;
    };
  }

  return {
    ...world,
    async addNode(name, { pods: max = 110, unschedulable = false } = {}) {
      const status = { allocatable: { cpu: '2', memory: '3900000Ki', pods: String(max) } };
      await world.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: unschedulable ? { unschedulable } : {}, status } as Node);
      await world.client.patch(nodes, { name }, { status }, { type: 'merge', subresource: 'status' });
      // New nodes are tainted until they are ready.
      await world.client.patch(nodes, { name }, { spec: { taints: null } }, { type: 'merge' });
    },
    async addPod(name, { memory = '1G', priority, spec } = {}) {
      const containers = [{ name: 'main', image: 'example.test/main:1', resources: { requests: { memory } } }];
      const priorityClassName = priority === undefined ? undefined : priority > 0 ? 'high' : 'low';
      await world.client.create(pods, podNamed(name, { spec: { containers, ...(priorityClassName ? { priorityClassName } : {}), ...spec } }));
    },
    pod: (name) => world.client.get(pods, key(name)),
    nodeOf: async (name) => (await world.client.get(pods, key(name))).spec?.nodeName,
    async restart() {
      await stop();
      stop = run();
      await world.clock.advance(10);
    },
    texts: async (reason) =>
      (await world.client.list(events, { namespace: 'default' })).items.filter((event) => event.reason === reason).map((event) => event.message ?? ''),
    async [Symbol.asyncDispose]() {
      await stop();
      await world.engine.close();
    },
  };
}

const HIGH = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 10 };
const LOW = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'low' }, value: -1 };
const priorityClasses = { group: 'scheduling.k8s.io', version: 'v1', kind: 'PriorityClass', plural: 'priorityclasses', namespaced: false };
async function withPriorities(world: Scheduling): Promise<void> {
  for (const object of [HIGH, LOW]) await world.client.create(priorityClasses, object);
}

test('a burst of pods fills nodes to the last byte and not beyond', async () => {
  await using world = await start();
  for (const name of ['a', 'b']) await world.addNode(name);
  await Promise.all(Array.from({ length: 8 }, (_, i) => world.addPod(`p${i}`)));
  await world.clock.advance(100);
  const placed = await Promise.all(Array.from({ length: 8 }, (_, i) => world.nodeOf(`p${i}`)));
  assert.deepEqual(
    ['a', 'b', undefined].map((name) => placed.filter((node) => node === name).length),
    [3, 3, 2],
  );
  assert.equal((await world.texts('Scheduled')).length, 6);
});

test('a pod without a node says why, once, and goes when a node comes', async () => {
  await using world = await start();
  await world.addPod('p');
  await world.clock.advance(100);
  assert.deepEqual(await world.texts('FailedScheduling'), ['no nodes available to schedule pods']);
  const condition = getCondition((await world.pod('p')).status?.conditions, 'PodScheduled');
  assert.deepEqual([condition?.status, condition?.reason, condition?.message], ['False', 'Unschedulable', 'no nodes available to schedule pods']);
  await world.addNode('a');
  await world.clock.advance(1100);
  assert.equal(await world.nodeOf('p'), 'a');
  assert.deepEqual(await world.texts('Scheduled'), ['Successfully assigned default/p to a']);
});

test('uncordoning a node lets waiting pods go; a heartbeat does not have them tried', async () => {
  await using world = await start();
  await world.addNode('a', { unschedulable: true });
  await world.addPod('p');
  await world.clock.advance(5000);
  const { resourceVersion } = (await world.pod('p')).metadata;
  await world.client.patch(nodes, { name: 'a' }, { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, { type: 'merge', subresource: 'status' });
  await world.clock.advance(20_000);
  assert.equal((await world.pod('p')).metadata.resourceVersion, resourceVersion);
  await world.client.patch(nodes, { name: 'a' }, { spec: { unschedulable: null } }, { type: 'merge' });
  await world.clock.advance(10);
  assert.equal(await world.nodeOf('p'), 'a');
});

test('a victim is told why, goes with its grace, and the pod takes its place without a back-off', async () => {
  await using world = await start();
  await withPriorities(world);
  await world.addNode('a');
  await world.addPod('placeholder', { memory: '3.8G', priority: -1 });
  await world.clock.advance(10);
  await world.addPod('real', { priority: 10 });
  await world.clock.advance(10);
  const victim = await world.pod('placeholder');
  assert.ok(victim.metadata.deletionTimestamp);
  const target = getCondition(victim.status?.conditions, 'DisruptionTarget');
  assert.deepEqual([target?.reason, target?.message], ['PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod']);
  const real = await world.pod('real');
  assert.equal(real.status?.nominatedNodeName, 'a');
  assert.deepEqual(await world.texts('Preempted'), [`Preempted by pod ${real.metadata.uid} on node a`]);
  // As kubelet does when the containers have ended.
  await world.client.delete(pods, { name: 'placeholder', namespace: 'default' }, { gracePeriodSeconds: 0 });
  await world.clock.advance(10);
  assert.equal(await world.nodeOf('real'), 'a');
  assert.deepEqual(await world.texts('FailedScheduling'), ['0/1 nodes are available: 1 Insufficient memory.']);
});

test('a scheduler that starts again keeps the room of a promised pod and evicts nobody else', async () => {
  await using world = await start();
  await withPriorities(world);
  for (const name of ['a', 'b']) await world.addNode(name);
  for (const name of ['one', 'two']) await world.addPod(name, { memory: '3.8G', priority: -1 });
  await world.clock.advance(10);
  await world.addPod('real', { priority: 10 });
  await world.clock.advance(10);
  await world.restart();
  await world.clock.advance(20_000);
  const leaving = (await world.client.list(pods, { namespace: 'default' })).items.filter((pod) => pod.metadata.deletionTimestamp);
  assert.equal(leaving.length, 1);
  const node = leaving[0]?.spec?.nodeName;
  await world.client.delete(pods, { name: leaving[0]?.metadata.name ?? '', namespace: 'default' }, { gracePeriodSeconds: 0 });
  await world.addPod('greedy', { memory: '3.8G', priority: -1 });
  await world.clock.advance(1000);
  assert.equal(await world.nodeOf('real'), node);
  assert.equal(await world.nodeOf('greedy'), undefined);
});

test('a binding the API refuses is tried again, and its room is free meanwhile', async () => {
  let refusals = 1;
  await using world = await start((client) => ({
    ...client,
    createSubresource: (resource, key, subresource, body) =>
      subresource === 'binding' && refusals-- > 0
        ? Promise.reject(new StatusError(500, 'InternalError', 'no luck'))
        : client.createSubresource(resource, key, subresource, body),
  }));
  await world.addNode('a', { pods: 1 });
  await world.addPod('p');
  await world.clock.advance(100);
  assert.equal(await world.nodeOf('p'), undefined);
  await world.clock.advance(1000);
  assert.equal(await world.nodeOf('p'), 'a');
});

test('gated pods and pods of other schedulers are left alone; finished ones take no room', async () => {
  await using world = await start();
  await world.addNode('a', { pods: 1 });
  await world.addPod('gated', { spec: { schedulingGates: [{ name: 'example.test/gate' }] } });
  await world.addPod('foreign', { spec: { schedulerName: 'another' } });
  await world.addPod('done');
  await world.clock.advance(1000);
  assert.deepEqual([await world.nodeOf('gated'), await world.nodeOf('foreign'), await world.nodeOf('done')], [undefined, undefined, 'a']);
  await world.client.patch(pods, { name: 'done', namespace: 'default' }, { status: { phase: 'Succeeded' } }, { type: 'merge', subresource: 'status' });
  await world.client.patch(pods, { name: 'gated', namespace: 'default' }, { spec: { schedulingGates: [] } }, { type: 'merge' });
  await world.clock.advance(1000);
  assert.equal(await world.nodeOf('gated'), 'a');
  assert.deepEqual(await world.texts('FailedScheduling'), []);
});
