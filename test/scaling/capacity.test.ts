/** The capacity experiment in the virtual world: the real API, scheduler, autoscaler and simulated cloud under a virtual clock. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { nodeResources } from '../../src/cloud/allocatable.ts';
import { instanceType } from '../../src/cloud/catalogue/index.ts';
import { localCloud, type LocalCloud } from '../../src/cloud/local/index.ts';
import type { NodePool } from '../../src/cloud/provider.ts';
import { isPodReady } from '../../src/kube/pods.ts';
import { formatBytes, formatMillis } from '../../src/kube/quantity.ts';
import { deployments, events, nodes, pods, podDisruptionBudgets, priorityClasses } from '../../src/kube/resources.ts';
import type { Deployment, KubeObject, Pod, PriorityClass } from '../../src/kube/types.ts';
import { clusterAutoscaler, type AutoscalerOptions } from '../../src/scaling/index.ts';
import { schedulerController } from '../../src/scheduler/index.ts';
import { World } from '../workloads/world.ts';

const BOOT_MS = 120_000;
const EXAMPLES = join(import.meta.dirname, '../../examples/capacity');

async function start(options: Partial<AutoscalerOptions> = {}, max = 3): Promise<{ world: World; cloud: LocalCloud }> {
  const type = instanceType('g6-standard-2');
  assert.ok(type);
  const pool: NodePool = { name: 'lke-pool', instanceType: type, min: 1, max };
  const { allocatable } = nodeResources(type);
  const resources = { cpu: formatMillis(allocatable.cpuMillis), memory: formatBytes(allocatable.memoryBytes), pods: String(allocatable.pods), 'ephemeral-storage': formatBytes(allocatable.ephemeralStorageBytes) };
  let cloud: LocalCloud | undefined;
  const world = await World.start({
    controllers(ctx, self) {
      cloud = localCloud({ pools: [pool], bootDelayMs: BOOT_MS, clock: ctx.clock, random: ctx.random, onBoot: ({ nodeName }) => void self.addNode(nodeName, resources), onRemove: () => {} });
      return [schedulerController(ctx), clusterAutoscaler(ctx, cloud, options)];
    },
  });
  assert.ok(cloud);
  cloud.start();
  await world.until('the first node', async () => (await world.list(nodes)).length === 1);
  return { world, cloud };
}

async function apply(world: World, file: string): Promise<void> {
  for (const document of parseAllDocuments(readFileSync(join(EXAMPLES, file), 'utf8'))) {
    const object = document.toJS() as KubeObject;
    if (object.kind === 'Deployment') await world.create(deployments, { ...object, metadata: { ...object.metadata, namespace: 'default' } } as Deployment);
    if (object.kind === 'PriorityClass') await world.create(priorityClasses, object as PriorityClass);
  }
}

const scale = (world: World, name: string, replicas: number): Promise<unknown> => world.client.patch(deployments, { namespace: 'default', name }, { spec: { replicas } }, { type: 'merge' });
const live = async (world: World, name: string): Promise<Pod[]> => (await world.list(pods)).filter((pod) => pod.metadata.name?.startsWith(name) && !pod.metadata.deletionTimestamp);
const ready = async (world: World, name: string): Promise<Pod[]> => (await live(world, name)).filter(isPodReady);
const eventTexts = async (world: World, reason: string): Promise<string[]> => (await world.list(events)).filter((event) => event.reason === reason).map((event) => event.message ?? '');

test('of four pods of 1G three run and the fourth buys a node', async () => {
  const { world } = await start();
  await using _ = world;
  await apply(world, 'podinfo-1G.yaml');
  await scale(world, 'podinfo', 4);
  await world.until('three run', async () => (await ready(world, 'podinfo')).length === 3);
  const scaledAt = world.clock.now();
  await world.until('the fourth runs', async () => (await ready(world, 'podinfo')).length === 4);
  const seconds = (world.clock.now() - scaledAt) / 1000;
  assert.ok(seconds >= 120 && seconds < 130, `${seconds} s`);
  assert.match((await eventTexts(world, 'FailedScheduling'))[0] ?? '', /^0\/1 nodes are available: 1 Insufficient memory\. preemption: 0\/1 nodes are available: 1 No preemption victims found for incoming pod\.$/);
  assert.deepEqual(await eventTexts(world, 'TriggeredScaleUp'), ['pod triggered scale-up: [{lke-pool 1->2 (max: 3)}]']);
});

test('with a placeholder the fifth pod runs within seconds, and a third node boots behind it', async () => {
  const { world } = await start();
  await using _ = world;
  await apply(world, 'podinfo-0.8G.yaml');
  await world.until('four run', async () => (await ready(world, 'podinfo')).length === 4);
  assert.equal((await world.list(nodes)).length, 1);
  await apply(world, 'placeholder.yaml');
  await world.until('the placeholder runs', async () => (await ready(world, 'overprovisioning')).length === 1);
  const scaledAt = world.clock.now();
  await scale(world, 'podinfo', 5);
  await world.until('the fifth runs', async () => (await ready(world, 'podinfo')).length === 5);
  assert.ok(world.clock.now() - scaledAt < 2_000, `${world.clock.now() - scaledAt} ms`);
  assert.equal((await live(world, 'overprovisioning'))[0]?.status?.phase, 'Pending');
  await world.until('the placeholder runs again', async () => (await ready(world, 'overprovisioning')).length === 1);
  assert.equal((await world.list(nodes)).length, 3);
  // A node that only holds a placeholder is in use: nothing is given back.
  await world.clock.advance(1_800_000);
  assert.equal((await world.list(nodes)).length, 3);
});

test('a placeholder without a priority does not give way', async () => {
  const { world } = await start({}, 2);
  await using _ = world;
  await apply(world, 'podinfo-0.8G.yaml');
  await world.until('four run', async () => (await ready(world, 'podinfo')).length === 4);
  await apply(world, 'placeholder-plain.yaml');
  await world.until('the placeholder runs', async () => (await ready(world, 'overprovisioning')).length === 1);
  await scale(world, 'podinfo', 5);
  await world.clock.advance(600_000);
  assert.equal((await ready(world, 'podinfo')).length, 4);
  assert.equal((await ready(world, 'overprovisioning')).length, 1);
  assert.match((await eventTexts(world, 'NotTriggerScaleUp'))[0] ?? '', /^pod didn't trigger scale-up: 1 max node group size reached$/);
});

test('idle nodes go ten minutes after they were last needed, down to the minimum', async () => {
  const { world } = await start();
  await using _ = world;
  await apply(world, 'podinfo-1G.yaml');
  await scale(world, 'podinfo', 9);
  await world.until('nine run on three nodes', async () => (await ready(world, 'podinfo')).length === 9);
  await scale(world, 'podinfo', 1);
  const idleAt = world.clock.now();
  await world.until('one node is left', async () => (await world.list(nodes)).length === 1, 3_600_000);
  const minutes = (world.clock.now() - idleAt) / 60_000;
  assert.ok(minutes >= 9.5 && minutes < 25, `${minutes} min`);
  await world.until('the pod runs', async () => (await ready(world, 'podinfo')).length === 1);
});

test('a disruption budget keeps a node, and so does an annotation', async () => {
  const { world } = await start();
  await using _ = world;
  await apply(world, 'podinfo-1G.yaml');
  await scale(world, 'podinfo', 4);
  await world.until('four run', async () => (await ready(world, 'podinfo')).length === 4);
  await world.create(podDisruptionBudgets, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'keep', namespace: 'default' }, spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'podinfo' } } } });
  await scale(world, 'podinfo', 2);
  await world.clock.advance(1_800_000);
  const used = new Set((await ready(world, 'podinfo')).map((pod) => pod.spec?.nodeName));
  assert.equal((await world.list(nodes)).length, used.size === 2 ? 2 : 1);
});
