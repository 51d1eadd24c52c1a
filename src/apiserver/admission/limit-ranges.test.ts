import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pods } from '../../kube/resources.ts';
import { StatusError } from '../../kube/status.ts';
import type { KubeObject, Pod } from '../../kube/types.ts';
import { pod, testWorld, type TestWorld } from '../testing.ts';

async function limited(limits: object[]): Promise<TestWorld> {
  const world = await testWorld();
  const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'limits' }, spec: { limits } } as KubeObject;
  await world.engine.create(world.definition('v1/limitranges'), world.ctx, 'default', range);
  return world;
}

const forbidden = (message: string) => (error: unknown) => {
  assert.ok(error instanceof StatusError);
  assert.equal(error.message, message);
  return error.code === 403;
};

function using(name: string, resources: object): Pod {
  return pod(name, { spec: { containers: [{ name: 'main', image: 'x', resources }] } });
}

test('containers that say nothing get the namespace’s defaults, and the pod says so', async () => {
  const { client } = await limited([{ type: 'Container', default: { cpu: '500m', memory: '512Mi' }, defaultRequest: { cpu: '100m' } }]);
  const made = await client.create(pods, using('p', { requests: { memory: '1Mi' } }));
  assert.deepEqual(made.spec?.containers[0]?.resources, { requests: { cpu: '100m', memory: '1Mi' }, limits: { cpu: '500m', memory: '512Mi' } });
  assert.equal(
    made.metadata.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu request for container main; cpu, memory limit for container main',
  );
  assert.equal(made.status?.qosClass, 'Burstable');
});

test('pods stay between the bounds, and are told which one they miss', async () => {
  const { client } = await limited([
    { type: 'Container', min: { cpu: '100m' }, max: { memory: '1Gi' }, maxLimitRequestRatio: { cpu: '2' } },
    { type: 'Pod', max: { cpu: '1' } },
  ]);
  const fits = { requests: { cpu: '250m', memory: '1Gi' }, limits: { cpu: '500m', memory: '1Gi' } };
  await client.create(pods, using('fits', fits));
  await assert.rejects(
    client.create(pods, using('small', { requests: { cpu: '50m' }, limits: { cpu: '60m', memory: '1Gi' } })),
    forbidden('pods "small" is forbidden: minimum cpu usage per Container is 100m, but request is 50m'),
  );
  await assert.rejects(
    client.create(pods, using('ratio', { requests: { cpu: '200m' }, limits: { cpu: '500m', memory: '2Gi' } })),
    forbidden(
      'pods "ratio" is forbidden: [maximum memory usage per Container is 1Gi, but limit is 2Gi, cpu max limit to request ratio per Container is 2, but provided ratio is 2.500000]',
    ),
  );
  const many = pod('many', { spec: { containers: ['a', 'b', 'c'].map((name) => ({ name, image: 'x', resources: fits })) } });
  await assert.rejects(client.create(pods, many), forbidden('pods "many" is forbidden: maximum cpu usage per Pod is 1, but limit is 1500m'));
});

test('claims are held to what they ask for', async () => {
  const { engine, definition, ctx } = await limited([{ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '5Gi' } }]);
  const claim = (storage: string) =>
    engine.create(definition('v1/persistentvolumeclaims'), ctx, 'default', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: `c${storage.toLowerCase()}` },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    } as KubeObject);
  await claim('2Gi');
  await assert.rejects(
    claim('6Gi'),
    forbidden('persistentvolumeclaims "c6gi" is forbidden: maximum storage usage per PersistentVolumeClaim is 5Gi, but request is 6Gi'),
  );
});
