import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployments, events, pods, replicaSets } from '../../src/kube/resources.ts';
import { isNotFound } from '../../src/kube/status.ts';
import type { Deployment, ReplicaSet } from '../../src/kube/types.ts';
import { World } from './world.ts';

const web = { namespace: 'default', name: 'web' };

function deployment(replicas: number, image = 'web:1', spec: Partial<NonNullable<Deployment['spec']>> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...web },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
      ...spec,
    },
  };
}

async function settled(world: World, replicas: number): Promise<boolean> {
  const { status, metadata } = await world.client.get(deployments, web);
  return (
    status?.observedGeneration === metadata.generation &&
    (status?.updatedReplicas ?? 0) === replicas &&
    (status?.availableReplicas ?? 0) === replicas &&
    (status?.replicas ?? 0) === replicas &&
    (await world.list(pods)).length === replicas
  );
}

const live = (sets: readonly ReplicaSet[]) => sets.filter((set) => (set.spec?.replicas ?? 0) > 0);

test('a deployment of three becomes a replica set and three running pods, with upstream events', async () => {
  await using world = await World.start();
  await world.create(deployments, deployment(3));
  await world.until('three available', () => settled(world, 3));
  const [set] = await world.list(replicaSets);
  assert.equal(set?.metadata.ownerReferences?.[0]?.name, 'web');
  const found = await world.client.get(deployments, web);
  assert.equal(found.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
  assert.equal(found.status?.conditions?.find((c) => c.type === 'Progressing')?.reason, 'NewReplicaSetAvailable');
  const texts = (await world.list(events)).map((e) => `${e.source?.component} ${e.reason} ${e.message}`);
  assert.ok(texts.includes(`deployment-controller ScalingReplicaSet Scaled up replica set ${set?.metadata.name} from 0 to 3`), texts.join('\n'));
  assert.equal(texts.filter((text) => text.startsWith('replicaset-controller SuccessfulCreate Created pod: web-')).length, 3);
});

test('a rollout never goes below its minimum, and undo brings the old set back', async () => {
  await using world = await World.start();
  await world.create(deployments, deployment(4));
  await world.until('four available', () => settled(world, 4));
  const first = await world.client.get(deployments, web);
  await world.client.patch(deployments, web, { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } }, { type: 'merge' });
  await world.until('rolled out', async () => {
    const available = (await world.client.get(deployments, web)).status?.availableReplicas ?? 0;
    assert.ok(available >= 3, `only ${available} available`);
    assert.ok((await world.list(pods)).length <= 6);
    return settled(world, 4);
  });
  assert.equal(live(await world.list(replicaSets)).length, 1);
  const second = live(await world.list(replicaSets))[0]?.metadata.name;
  const current = await world.client.get(deployments, web);
  await world.client.update(deployments, { ...current, spec: { ...current.spec!, template: first.spec!.template } });
  await world.until('rolled back', async () => live(await world.list(replicaSets))[0]?.metadata.name !== second && settled(world, 4));
  assert.equal((await world.list(replicaSets)).length, 2);
  assert.equal((await world.client.get(deployments, web)).metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
});

test('Recreate has no pods of two templates at a time', async () => {
  await using world = await World.start();
  await world.create(deployments, deployment(2, 'web:1', { strategy: { type: 'Recreate' } }));
  await world.until('two available', () => settled(world, 2));
  await world.client.patch(deployments, web, { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } }, { type: 'merge' });
  await world.until('recreated', async () => {
    const images = new Set((await world.list(pods)).map((pod) => pod.spec?.containers[0]?.image));
    assert.ok(images.size <= 1, [...images].join());
    return images.has('web:2') && settled(world, 2);
  });
});

test('scaling up and down through the scale subresource', async () => {
  await using world = await World.start();
  await world.create(deployments, deployment(1));
  await world.until('one available', () => settled(world, 1));
  for (const replicas of [5, 2, 0, 3]) {
    await world.client.patch(deployments, web, { spec: { replicas } }, { type: 'merge', subresource: 'scale' });
    await world.until(`scaled to ${replicas}`, () => settled(world, replicas));
  }
});

for (const propagationPolicy of ['Background', 'Foreground'] as const) {
  test(`a deletion in the ${propagationPolicy.toLowerCase()} takes everything with it`, async () => {
    await using world = await World.start();
    await world.create(deployments, deployment(3));
    await world.until('three available', () => settled(world, 3));
    await world.client.delete(deployments, web, { propagationPolicy });
    await world.until('all gone', async () => {
      const [d, sets, p] = [(await world.list(deployments)).length, (await world.list(replicaSets)).length, (await world.list(pods)).length];
      if (propagationPolicy === 'Foreground') assert.ok(d === 1 || (sets === 0 && p === 0), 'the owner went before what it owns');
      return d + sets + p === 0;
    });
  });
}

test('an orphaning deletion leaves the replica set, which a new deployment adopts', async () => {
  await using world = await World.start();
  await world.create(deployments, deployment(2));
  await world.until('two available', () => settled(world, 2));
  const before = (await world.list(pods)).map((pod) => pod.metadata.uid).toSorted();
  await world.client.delete(deployments, web, { propagationPolicy: 'Orphan' });
  await world.until('gone', () => world.client.get(deployments, web).then(() => false, isNotFound));
  await world.clock.advance(60_000);
  assert.equal((await world.list(replicaSets))[0]?.metadata.ownerReferences?.length ?? 0, 0);
  await world.create(deployments, deployment(2));
  await world.until('adopted', () => settled(world, 2));
  assert.deepEqual((await world.list(pods)).map((pod) => pod.metadata.uid).toSorted(), before);
});

test('controllers killed again and again in the middle of rollouts finish them, and double nothing', async () => {
  await using world = await World.start();
  await world.create(deployments, deployment(6));
  for (let round = 0; round < 12; round++) {
    await world.clock.advance(40 + 97 * round);
    await world.stopControllers();
    if (round % 3 === 0)
      await world.client.patch(deployments, web, { spec: { template: { spec: { containers: [{ name: 'web', image: `web:${round}` }] } } } }, { type: 'merge' });
    world.startControllers();
  }
  await world.until('rolled out', () => settled(world, 6));
  assert.deepEqual(new Set((await world.list(pods)).map((pod) => pod.spec?.containers[0]?.image)), new Set(['web:9']));
});
