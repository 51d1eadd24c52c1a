import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events, pods, replicationControllers } from '../../src/kube/resources.ts';
import type { ReplicationController } from '../../src/kube/types.ts';
import { World } from './world.ts';

const labels = { app: 'old' };
const KEY = { namespace: 'default', name: 'old' };

const controller = (replicas: number): ReplicationController => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: KEY,
  spec: { replicas, selector: labels, template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'x' }] } } },
});

test('a replication controller keeps its number of pods, adopts, releases and is scaled', async () => {
  await using world = await World.start();
  await world.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'orphan', labels },
    spec: { containers: [{ name: 'main', image: 'x' }] },
  });
  await world.create(replicationControllers, controller(3));
  const status = async () => (await world.client.get(replicationControllers, KEY)).status;
  await world.until('three are ready', async () => (await status())?.readyReplicas === 3);
  assert.deepEqual(await status(), { replicas: 3, fullyLabeledReplicas: 3, readyReplicas: 3, availableReplicas: 3, observedGeneration: 1 });
  const orphan = await world.client.get(pods, { namespace: 'default', name: 'orphan' });
  assert.equal(orphan.metadata.ownerReferences?.[0]?.kind, 'ReplicationController');
  await world.client.patch(pods, { namespace: 'default', name: 'orphan' }, { metadata: { labels: { app: 'other' } } }, { type: 'merge' });
  await world.until('it is replaced', async () => (await world.list(pods)).length === 4);
  assert.equal((await world.client.get(pods, { namespace: 'default', name: 'orphan' })).metadata.ownerReferences, undefined);
  await world.client.patch(replicationControllers, KEY, { spec: { replicas: 1 } }, { type: 'merge', subresource: 'scale' });
  await world.until('one is left', async () => (await status())?.replicas === 1);
  const said = (await world.list(events)).filter((event) => event.involvedObject.kind === 'ReplicationController');
  assert.ok(said.some(({ reason, source }) => reason === 'SuccessfulCreate' && source?.component === 'replication-controller'));
  await world.client.delete(replicationControllers, KEY, { propagationPolicy: 'Background' });
  await world.until('its pods go with it', async () => (await world.list(pods)).length === 1);
});
