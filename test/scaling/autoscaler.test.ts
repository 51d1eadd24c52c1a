/** The autoscaler when things go wrong, and what it says of itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { configMaps, nodes, pods } from '../../src/kube/resources.ts';
import type { World } from '../workloads/world.ts';
import { apply, eventTexts, ready, scale, start } from './cluster.ts';

interface Status {
  autoscalerStatus: string;
  clusterWide: {
    health: { status: string; nodeCounts: { registered: { total: number; ready: number }; unregistered: number } };
    scaleDown: { status: string; candidates?: number };
  };
  nodeGroups: {
    name: string;
    health: { minSize: number; maxSize: number; cloudProviderTarget: number };
    scaleUp: { status: string; lastTransitionTime: string };
  }[];
}

async function status(world: World): Promise<Status> {
  const map = await world.client.get(configMaps, { namespace: 'kube-system', name: 'cluster-autoscaler-status' });
  return parse(map.data?.status ?? '') as Status;
}

test('nodes that never boot are given back, and their pool is left alone for five minutes, then ten', async () => {
  const { world, cloud } = await start({ cloud: { failureRate: 0 } });
  await using _ = world;
  // From now on nothing boots.
  const increases: number[] = [];
  const { increase, instances } = cloud;
  cloud.increase = async (pool, count) => {
    increases.push(world.clock.now());
    await increase(pool, count);
  };
  cloud.instances = async (pool) =>
    (await instances(pool)).map((instance) => (instance.phase === 'booting' ? { ...instance, phase: 'failed', error: 'no stock' } : instance));
  await apply(world, 'podinfo-1G.yaml');
  await scale(world, 'podinfo', 4);
  await world.until('three tries', async () => increases.length === 3, 3_600_000);
  const pauses = increases.slice(1).map((at, i) => Math.round((at - increases[i]!) / 60_000));
  assert.deepEqual(pauses, [5, 10]);
  assert.match((await eventTexts(world, 'FailedToScaleUpGroup', 'kube-system'))[0] ?? '', /^Scale-up failed for group lke-pool: no stock$/);
  assert.ok((await eventTexts(world, 'NotTriggerScaleUp')).includes("pod didn't trigger scale-up: 1 in backoff after failed scale-up"));
});

for (const byMs of [3_600_000, -3_600_000])
  test(`when the machine's time is set ${byMs > 0 ? 'forward' : 'back'} an hour, nodes that boot are waited for and new pods get theirs`, async () => {
    const { world } = await start();
    await using _ = world;
    await apply(world, 'podinfo-1G.yaml');
    await scale(world, 'podinfo', 4);
    await world.until('a node is on its way', async () => (await eventTexts(world, 'TriggeredScaleUp')).length === 1);
    world.clock.set(byMs);
    await world.until('all four run', async () => (await ready(world, 'podinfo')).length === 4, 300_000);
    await scale(world, 'podinfo', 7);
    await world.until('all seven run', async () => (await ready(world, 'podinfo')).length === 7, 300_000);
    assert.deepEqual(await eventTexts(world, 'ScaleUpTimedOut', 'kube-system'), []);
  });

test('the status says what is there, what comes and what may go', async () => {
  const { world } = await start();
  await using _ = world;
  await world.clock.advance(11_000);
  const quiet = await status(world);
  assert.deepEqual([quiet.autoscalerStatus, quiet.clusterWide.health.status, quiet.clusterWide.health.nodeCounts.registered.ready], ['Running', 'Healthy', 1]);
  assert.deepEqual([quiet.nodeGroups[0]?.name, quiet.nodeGroups[0]?.health.maxSize, quiet.nodeGroups[0]?.scaleUp.status], ['lke-pool', 3, 'NoActivity']);
  await apply(world, 'podinfo-1G.yaml');
  await scale(world, 'podinfo', 4);
  await world.clock.advance(30_000);
  const buying = await status(world);
  assert.deepEqual(
    [buying.clusterWide.health.nodeCounts.unregistered, buying.nodeGroups[0]?.scaleUp.status, buying.nodeGroups[0]?.health.cloudProviderTarget],
    [1, 'InProgress', 2],
  );
  await world.until('four run', async () => (await ready(world, 'podinfo')).length === 4);
  await scale(world, 'podinfo', 1);
  await world.clock.advance(60_000);
  assert.equal((await status(world)).clusterWide.scaleDown.status, 'CandidatesPresent');
});

test('a node that may go is marked, loses the mark when it is needed, and is tainted for good when it goes', async () => {
  const { world } = await start();
  await using _ = world;
  const taints = async (): Promise<string[]> =>
    (await world.list(nodes)).flatMap((node) => node.spec?.taints ?? []).map(({ key, effect }) => `${key} ${effect}`);
  await apply(world, 'podinfo-1G.yaml');
  await scale(world, 'podinfo', 6);
  await world.until('six run on two nodes', async () => (await ready(world, 'podinfo')).length === 6);
  await scale(world, 'podinfo', 1);
  await world.until('a candidate is marked', async () => (await taints()).includes('DeletionCandidateOfClusterAutoscaler PreferNoSchedule'), 120_000);
  await scale(world, 'podinfo', 6);
  await world.until('the mark is gone', async () => (await taints()).length === 0, 120_000);
  await scale(world, 'podinfo', 1);
  await world.until('it goes', async () => (await taints()).includes('ToBeDeletedByClusterAutoscaler NoSchedule'), 3_600_000);
  await world.until('it is gone', async () => (await world.list(nodes)).length === 1, 60_000);
  const [said] = await eventTexts(world, 'ScaleDownEmpty', 'kube-system');
  const [moved] = await eventTexts(world, 'ScaleDown', 'kube-system');
  assert.match(said ?? moved ?? '', /^Scale-down: removing /);
});

test('a node that broke does not count as one that comes: its pods get another', async () => {
  const { world } = await start();
  await using _ = world;
  await apply(world, 'podinfo-1G.yaml');
  await scale(world, 'podinfo', 6);
  await world.until('six run', async () => (await ready(world, 'podinfo')).length === 6);
  await world.clock.advance(1_200_000);
  const broken = (await world.list(nodes))[0]?.metadata.name ?? '';
  world.silent.add(broken);
  await world.until('a third node is bought', async () => (await world.list(nodes)).length === 3, 1_200_000);
  await world.until('all pods run elsewhere', async () => (await ready(world, 'podinfo')).filter((pod) => pod.spec?.nodeName !== broken).length === 6, 600_000);
  await world.until('the broken one is given back', async () => !(await world.list(nodes)).some((node) => node.metadata.name === broken), 3_600_000);
});

test('a pod that no pool can hold is told the numbers and does not keep idle nodes', async () => {
  const { world } = await start();
  await using _ = world;
  await apply(world, 'podinfo-1G.yaml');
  await scale(world, 'podinfo', 4);
  await world.until('four run', async () => (await ready(world, 'podinfo')).length === 4);
  await world.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'giant', namespace: 'default' },
    spec: { containers: [{ name: 'c', image: 'example.test/c:1', resources: { requests: { memory: '4Gi' } } }] },
  });
  await scale(world, 'podinfo', 1);
  await world.until('one node is left', async () => (await world.list(nodes)).length === 1, 3_600_000);
  assert.match((await eventTexts(world, 'NeverFits'))[0] ?? '', /^no node pool can ever hold this pod: it asks for 0 cpu and 4Gi memory;/);
});
