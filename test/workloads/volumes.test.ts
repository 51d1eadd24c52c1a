import assert from 'node:assert/strict';
import { test } from 'node:test';
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../../src/kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '../../src/kube/types.ts';
import { schedulerController } from '../../src/scheduler/index.ts';
import { World } from './world.ts';

const CLASS: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'rancher.io/local-path',
  volumeBindingMode: 'WaitForFirstConsumer',
};

type ClaimSpec = NonNullable<PersistentVolumeClaim['spec']>;

const claim = (name: string, storage: string, more: Partial<ClaimSpec> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { namespace: 'default', name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...more },
});

const volume = (name: string, storage: string, more: Partial<NonNullable<PersistentVolume['spec']>> = {}): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage }, hostPath: { path: `/data/${name}` }, persistentVolumeReclaimPolicy: 'Retain', ...more },
});

const pod = (name: string, claimName: string, nodeName?: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name },
  spec: {
    ...(nodeName === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': nodeName } }),
    containers: [{ name: 'main', image: 'x', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
  },
});

async function start(): Promise<World> {
  const world = await World.start({ controllers: (ctx) => [schedulerController(ctx)] });
  for (const name of ['a', 'b']) await world.addNode(name, { cpu: '4', memory: '8Gi', pods: '10' });
  return world;
}

const phaseOf = async (world: World, name: string): Promise<string | undefined> =>
  (await world.client.get(persistentVolumeClaims, { namespace: 'default', name })).status?.phase;
const podNow = (world: World, name: string): Promise<Pod> => world.client.get(pods, { namespace: 'default', name });
const isRunning = async (world: World, name: string): Promise<boolean> => (await podNow(world, name)).status?.phase === 'Running';

test('a volume is made where the first consumer runs, and the next one goes there', async () => {
  await using world = await start();
  await world.create(storageClasses, CLASS);
  const made = await world.create(persistentVolumeClaims, claim('data', '1Gi'));
  assert.equal(made.spec?.storageClassName, 'local-path', 'the default class');
  await world.clock.advance(5_000);
  assert.equal(await phaseOf(world, 'data'), 'Pending', 'nobody uses it yet');
  await world.create(pods, pod('first', 'data', 'b'));
  await world.until('the first runs', () => isRunning(world, 'first'));
  assert.equal(await phaseOf(world, 'data'), 'Bound');
  const [only] = await world.list(persistentVolumes);
  assert.equal(only?.spec?.hostPath?.path, `/volumes/pvc-${made.metadata.uid}_default_data`);
  await world.create(pods, pod('second', 'data'));
  await world.until('the second runs', () => isRunning(world, 'second'));
  assert.equal((await podNow(world, 'second')).spec?.nodeName, 'b');
  await world.create(pods, pod('astray', 'data', 'a'));
  await world.until('the third says why it waits', async () => {
    const message = (await podNow(world, 'astray')).status?.conditions?.[0]?.message ?? '';
    return message.includes("1 node(s) didn't match PersistentVolume's node affinity");
  });
});

test('a claim stays while a pod uses it, and its volume and directory go with it', async () => {
  await using world = await start();
  await world.create(storageClasses, CLASS);
  await world.create(persistentVolumeClaims, claim('data', '1Gi'));
  await world.create(pods, pod('user', 'data'));
  await world.until('it runs', () => isRunning(world, 'user'));
  await world.client.delete(persistentVolumeClaims, { namespace: 'default', name: 'data' });
  await world.clock.advance(60_000);
  assert.equal((await world.list(persistentVolumeClaims)).length, 1, 'protected');
  await world.client.delete(pods, { namespace: 'default', name: 'user' });
  await world.until('the claim is gone', async () => (await world.list(persistentVolumeClaims)).length === 0);
  await world.until('the volume is gone', async () => (await world.list(persistentVolumes)).length === 0);
  assert.equal(world.removed.length, 1);
});

test('a claim takes the smallest volume that is large enough, and one that is kept is released afterwards', async () => {
  await using world = await start();
  for (const [name, size] of [
    ['large', '10Gi'],
    ['small', '1Gi'],
    ['fitting', '5Gi'],
  ] as const)
    await world.create(persistentVolumes, volume(name, size));
  await world.create(persistentVolumes, volume('other', '2Gi', { accessModes: ['ReadOnlyMany'] }));
  await world.create(persistentVolumeClaims, claim('data', '2Gi', { storageClassName: '' }));
  await world.until('bound', async () => (await phaseOf(world, 'data')) === 'Bound');
  const bound = await world.client.get(persistentVolumeClaims, { namespace: 'default', name: 'data' });
  assert.equal(bound.spec?.volumeName, 'fitting');
  assert.deepEqual(bound.status?.capacity, { storage: '5Gi' });
  await world.client.delete(persistentVolumeClaims, { namespace: 'default', name: 'data' });
  await world.until('released', async () => (await world.client.get(persistentVolumes, { name: 'fitting' })).status?.phase === 'Released');
  await world.create(persistentVolumeClaims, claim('again', '3Gi', { storageClassName: '' }));
  await world.until('another volume', async () => (await phaseOf(world, 'again')) === 'Bound');
  assert.equal(
    (await world.client.get(persistentVolumeClaims, { namespace: 'default', name: 'again' })).spec?.volumeName,
    'large',
    "the released one's data is not given away",
  );
});

test('a pod whose claim is missing says so, and runs when it comes', async () => {
  await using world = await start();
  await world.create(storageClasses, CLASS);
  await world.create(pods, pod('early', 'data'));
  await world.until('it says why', async () => {
    const message = (await podNow(world, 'early')).status?.conditions?.[0]?.message ?? '';
    return message.startsWith('0/2 nodes are available: persistentvolumeclaim "data" not found.');
  });
  await world.create(persistentVolumeClaims, claim('data', '1Gi'));
  await world.until('it runs', () => isRunning(world, 'early'));
});

test('a restart of the controllers in the middle of a binding makes no second volume', async () => {
  await using world = await start();
  await world.create(storageClasses, CLASS);
  await world.create(persistentVolumeClaims, claim('data', '1Gi'));
  await world.create(pods, pod('user', 'data'));
  await world.until('a volume is made', async () => (await world.list(persistentVolumes)).length === 1);
  await world.stopControllers();
  world.startControllers();
  await world.until('it runs', () => isRunning(world, 'user'));
  assert.equal((await world.list(persistentVolumes)).length, 1);
  assert.equal(await phaseOf(world, 'data'), 'Bound');
});

test('a claim of a class that allows it grows, its volume with it', async () => {
  await using world = await start();
  await world.create(storageClasses, { ...CLASS, allowVolumeExpansion: true });
  await world.create(persistentVolumeClaims, claim('data', '1Gi'));
  await world.create(pods, pod('user', 'data'));
  await world.until('it is bound', async () => (await phaseOf(world, 'data')) === 'Bound');
  const key = { namespace: 'default', name: 'data' };
  await world.client.patch(persistentVolumeClaims, key, { spec: { resources: { requests: { storage: '3Gi' } } } }, { type: 'merge' });
  await world.until('it has what it asks for', async () => (await world.client.get(persistentVolumeClaims, key)).status?.capacity?.['storage'] === '3Gi');
  const [grown] = await world.list(persistentVolumes);
  assert.equal(grown?.spec?.capacity?.['storage'], '3Gi');
  assert.equal(await phaseOf(world, 'data'), 'Bound');
});
