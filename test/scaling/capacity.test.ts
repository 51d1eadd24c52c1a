/** The capacity experiment in the virtual world. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodes, podDisruptionBudgets } from '../../src/kube/resources.ts';
import { apply, eventTexts, live, ready, scale, start } from './cluster.ts';

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
  assert.match(
    (await eventTexts(world, 'FailedScheduling'))[0] ?? '',
    /^0\/1 nodes are available: 1 Insufficient memory\. preemption: 0\/1 nodes are available: 1 No preemption victims found for incoming pod\.$/,
  );
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
  const { world } = await start({ max: 2 });
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
  await world.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'keep', namespace: 'default' },
    spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'podinfo' } } },
  });
  await scale(world, 'podinfo', 2);
  await world.clock.advance(1_800_000);
  const used = new Set((await ready(world, 'podinfo')).map((pod) => pod.spec?.nodeName));
  assert.equal((await world.list(nodes)).length, used.size === 2 ? 2 : 1);
});
