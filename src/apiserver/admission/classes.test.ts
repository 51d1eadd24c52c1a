/** Classes of ingresses and of storage: who gets which by default, and what they allow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { persistentVolumeClaims, storageClasses, type Resource } from '../../kube/resources.ts';
import { StatusError } from '../../kube/status.ts';
import type { PersistentVolumeClaim, StorageClass, Unstructured } from '../../kube/types.ts';
import { testWorld, type TestWorld } from '../testing.ts';

const GROUP = 'networking.k8s.io';
const ingresses: Resource<Unstructured> = { group: GROUP, version: 'v1', kind: 'Ingress', plural: 'ingresses', namespaced: true };
const ingressClasses: Resource<Unstructured> = { group: GROUP, version: 'v1', kind: 'IngressClass', plural: 'ingressclasses', namespaced: false };

const ingressClass = (name: string, isDefault?: string): Unstructured => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'IngressClass',
  metadata: { name, ...(isDefault === undefined ? {} : { annotations: { 'ingressclass.kubernetes.io/is-default-class': isDefault } }) },
  spec: { controller: 'example.test/controller' },
});

const ingress = (name: string, more: { className?: string; annotations?: Record<string, string> } = {}): Unstructured => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'Ingress',
  metadata: { name, namespace: 'default', ...(more.annotations ? { annotations: more.annotations } : {}) },
  spec: {
    defaultBackend: { service: { name: 'web', port: { number: 80 } } },
    ...(more.className === undefined ? {} : { ingressClassName: more.className }),
  },
});

async function classGiven({ client }: TestWorld, ...args: Parameters<typeof ingress>): Promise<unknown> {
  const made = await client.create(ingresses, ingress(...args));
  return (made['spec'] as { ingressClassName?: string }).ingressClassName;
}

test('an ingress without a class gets the default one, and of two the newest', async () => {
  const world = await testWorld();
  await world.client.create(ingressClasses, ingressClass('plain'));
  await world.client.create(ingressClasses, ingressClass('not', 'false'));
  assert.equal(await classGiven(world, 'early'), undefined);
  await world.client.create(ingressClasses, ingressClass('b', 'true'));
  assert.equal(await classGiven(world, 'one'), 'b');
  await world.client.create(ingressClasses, ingressClass('a', 'true'));
  assert.equal(await classGiven(world, 'same-second'), 'a', 'the first by name');
  await world.clock.advance(2000);
  await world.client.create(ingressClasses, ingressClass('c', 'true'));
  assert.equal(await classGiven(world, 'two'), 'c');
});

test('an ingress that names its class, in either way, keeps it; one that is there gets none later', async () => {
  const world = await testWorld();
  assert.equal(await classGiven(world, 'early'), undefined);
  await world.client.create(ingressClasses, ingressClass('usual', 'true'));
  assert.equal(await classGiven(world, 'named', { className: 'other' }), 'other');
  assert.equal(await classGiven(world, 'annotated', { annotations: { 'kubernetes.io/ingress.class': 'nginx' } }), undefined);
  const warned = { ...world.ctx, warnings: [] as string[] };
  const more = ingress('warned', { annotations: { 'kubernetes.io/ingress.class': 'nginx' } });
  await world.engine.create(world.definition('networking.k8s.io/v1/ingresses'), warned, 'default', more);
  assert.deepEqual(warned.warnings, [`annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`]);
  const early = await world.client.patch(ingresses, { namespace: 'default', name: 'early' }, { metadata: { labels: { a: 'b' } } }, { type: 'merge' });
  assert.equal((early['spec'] as { ingressClassName?: string }).ingressClassName, undefined);
});

const CLAIM = { namespace: 'default', name: 'data' };
const storageClass = (name: string, allowVolumeExpansion?: boolean): StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: 'example.test/disk',
  ...(allowVolumeExpansion === undefined ? {} : { allowVolumeExpansion }),
});

async function boundClaim({ client }: TestWorld, storageClassName: string): Promise<void> {
  const claim: PersistentVolumeClaim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...CLAIM },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, storageClassName, volumeName: 'volume' },
  };
  await client.create(persistentVolumeClaims, claim);
  await client.patch(persistentVolumeClaims, CLAIM, { status: { phase: 'Bound', capacity: { storage: '2Gi' } } }, { type: 'merge', subresource: 'status' });
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it was allowed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StatusError);
  return `${error.code} ${error.message}`;
}

const resize = ({ client }: TestWorld, storage: string): Promise<PersistentVolumeClaim> =>
  client.patch(persistentVolumeClaims, CLAIM, { spec: { resources: { requests: { storage } } } }, { type: 'merge' });

test('a bound claim grows where its class allows it, and shrinks to no less than it has', async () => {
  const world = await testWorld();
  await world.client.create(storageClasses, storageClass('elastic', true));
  await boundClaim(world, 'elastic');
  assert.equal((await resize(world, '5Gi')).spec?.resources?.requests?.['storage'], '5Gi');
  assert.equal((await resize(world, '3Gi')).spec?.resources?.requests?.['storage'], '3Gi', 'the wish may be taken back');
  assert.match(await refusal(resize(world, '2Gi')), /^422 .*spec\.resources\.requests\.storage: Forbidden: field can not be less than status\.capacity$/);
  assert.match(
    await refusal(world.client.patch(persistentVolumeClaims, CLAIM, { spec: { volumeName: 'other' } }, { type: 'merge' })),
    /^422 .*spec: Forbidden: spec is immutable after creation except/,
  );
});

test('a claim does not grow where its class does not say so, has gone, or was never there', async () => {
  for (const [name, ...classes] of [['stiff', storageClass('stiff', false)], ['silent', storageClass('silent')], ['gone']] as [string, ...StorageClass[]][]) {
    const world = await testWorld();
    for (const made of classes) await world.client.create(storageClasses, made);
    await boundClaim(world, name);
    assert.equal(
      await refusal(resize(world, '5Gi')),
      '403 persistentvolumeclaims "data" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  }
});

test('a claim that is not bound does not change its size', async () => {
  const world = await testWorld();
  await world.client.create(storageClasses, storageClass('elastic', true));
  await boundClaim(world, 'elastic');
  await world.client.patch(persistentVolumeClaims, CLAIM, { status: { phase: 'Pending' } }, { type: 'merge', subresource: 'status' });
  assert.match(await refusal(resize(world, '5Gi')), /^422 .*spec: Forbidden: spec is immutable after creation except/);
});
