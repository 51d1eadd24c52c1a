import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { endpointSlices, namespaces, pods, priorityClasses, services } from '../kube/resources.ts';
import { StatusError } from '../kube/status.ts';
import { pod, testWorld } from './testing.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-engine-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('a new cluster has its namespaces, its priority classes and the address of its API', async () => {
  const { client, ctx, definition, engine } = await testWorld({ kubernetesEndpoint: { ip: '172.30.0.1', port: 6443 } });
  const names = async (list: Promise<{ items: { metadata: { name?: string } }[] }>): Promise<(string | undefined)[]> =>
    (await list).items.map(({ metadata }) => metadata.name);
  assert.deepEqual(await names(client.list(namespaces)), ['default', 'kube-node-lease', 'kube-public', 'kube-system']);
  assert.deepEqual(await names(client.list(priorityClasses)), ['system-cluster-critical', 'system-node-critical']);
  const service = await client.get(services, { name: 'kubernetes', namespace: 'default' });
  assert.equal(service.spec?.clusterIP, '10.200.0.1');
  const slice = await client.get(endpointSlices, { name: 'kubernetes', namespace: 'default' });
  assert.deepEqual([slice.endpoints?.[0]?.addresses, slice.ports?.[0]?.port], [['172.30.0.1'], 6443]);
  const range = (await engine.get(definition('networking.k8s.io/v1/servicecidrs'), ctx, { name: 'kubernetes' })).object;
  assert.partialDeepStrictEqual(range, { spec: { cidrs: ['10.200.0.0/24'] }, status: { conditions: [{ type: 'Ready', status: 'True' }] } });
});

test('a cluster that starts again is the same cluster: objects, revision, addresses in use', async (t) => {
  const dataDir = folder(t);
  const options = { dataDir, kubernetesEndpoint: { ip: '172.30.0.1', port: 6443 } };
  const first = await testWorld(options);
  await first.client.create(pods, pod('p'));
  const service = await first.client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'default' },
    spec: { ports: [{ port: 80 }] },
  });
  const { revision } = first.engine;
  await first.engine.close();

  const second = await testWorld(options);
  assert.equal(second.engine.revision, revision);
  assert.equal((await second.client.list(pods)).items.length, 1);
  const again = second.client.create(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 't', namespace: 'default' },
    spec: { clusterIP: service.spec?.clusterIP ?? '', ports: [{ port: 80 }] },
  });
  await assert.rejects(again, (error) => error instanceof StatusError && /already allocated/.test(error.message));
  await second.engine.close();

  const moved = await testWorld({ dataDir, kubernetesEndpoint: { ip: '172.30.9.9', port: 7443 } });
  const slice = await moved.client.get(endpointSlices, { name: 'kubernetes', namespace: 'default' });
  assert.deepEqual([slice.endpoints?.[0]?.addresses, slice.ports?.[0]?.port], [['172.30.9.9'], 7443]);
  await moved.engine.close();
});

test('a closed engine refuses writes and ends watches', async () => {
  const { engine, client, ctx, definition } = await testWorld();
  const watch = await engine.watch(definition('v1/pods'), ctx);
  await engine.close();
  assert.equal(watch.ended, true);
  await assert.rejects(client.create(pods, pod('p')), (error) => error instanceof StatusError && error.code === 500);
});
