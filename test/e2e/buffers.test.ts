/** A CapacityBuffer as a user sees it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { CapacityBuffer } from '../../src/scaling/index.ts';
import { Cluster, eventually, leftovers, ROOT, whyNot } from './cluster.ts';

describe('capacity buffers', { skip: whyNot() ?? false }, () => {
  const cluster = new Cluster('e2e-buffers', '--nodes', '1..4', '--boot-delay', '1s');

  before(async () => {
    await cluster.up();
    await cluster.kubectl('apply', '-f', join(ROOT, 'examples/traffic/rate-limiter.yaml'));
    await cluster.kubectl('rollout', 'status', 'deployment/podinfo', '--timeout=60s');
  });
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  const hasRoom = (chunks: number): Promise<boolean> =>
    eventually(`${chunks} chunks have room`, async () => (await cluster.json<CapacityBuffer>('get', 'cb', 'podinfo')).status?.readyReplicas === chunks);

  test('a buffer of eight pods boots two nodes, and kubectl shows what it is', async () => {
    await cluster.kubectl('apply', '-f', join(ROOT, 'examples/traffic/buffer.yaml'));
    await hasRoom(8);
    assert.equal((await cluster.kubectl('get', 'nodes', '--no-headers')).trim().split('\n').length, 3);
    const [head, row] = (await cluster.kubectl('get', 'cb')).trim().split('\n');
    assert.match(head ?? '', /^NAME +STRATEGY +PODTEMPLATE +REPLICAS +CONDITIONSTYPE +CONDITIONSSTATUS +CONDITIONSREASON +AGE$/);
    assert.match(row ?? '', /^podinfo +buffer.x-k8s.io\/active-capacity +capacitybuffer-podinfo-pod-template +8 +\S*ReadyForProvisioning/);
    await eventually('the event is there', async () =>
      (await cluster.kubectl('describe', 'cb', 'podinfo')).includes('capacity buffer 8 fake pods triggered scale-up: [{pool-1 1->3 (max: 4)}]'),
    );
  });

  test('more pods run at once in its room, and the room comes back', async () => {
    const before = performance.now();
    await cluster.kubectl('scale', 'deployment/podinfo', '--replicas=8');
    await cluster.kubectl('rollout', 'status', 'deployment/podinfo', '--timeout=60s');
    assert.ok(performance.now() - before < 5000, `${Math.round(performance.now() - before)} ms`);
    await eventually('the fourth node', async () => (await cluster.kubectl('get', 'nodes', '--no-headers')).trim().split('\n').length === 4);
    await hasRoom(8);
  });
});
