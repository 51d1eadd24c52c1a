import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { customResourceController } from '../../src/apiserver/crd/controller.ts';
import { storageVersionMigrationController } from '../../src/workloads/index.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();

let api: TestApi;

before(async () => {
  if (skip !== undefined) return;
  api = await startTestApi({
    controllers: (ctx, { engine }) => [customResourceController(ctx, engine), storageVersionMigrationController(ctx, () => engine.definitions())],
  });
});

after(() => api?.close());

/** Widgets of two versions. */
function definition(stored: 'v1' | 'v2', versions = ['v1', 'v2']): string {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const spec = {
    group: 'example.test',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: versions.map((name) => ({ name, served: true, storage: name === stored, schema })),
  };
  return JSON.stringify({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.test' }, spec });
}

function migration(name: string, resource: { group?: string; resource: string }): string {
  return JSON.stringify({ apiVersion: 'storagemigration.k8s.io/v1', kind: 'StorageVersionMigration', metadata: { name }, spec: { resource } });
}

const wait = (name: string, what: string): Promise<string> => api.kubectl('wait', 'storageversionmigration', name, `--for=${what}`, '--timeout=60s');

test('objects of custom resources are stored anew, and the old version can go', { skip }, async () => {
  await api.apply(definition('v1'));
  await api.kubectl('wait', 'crd/widgets.example.test', '--for=condition=Established', '--timeout=20s');
  for (const name of ['a', 'b']) await api.apply(JSON.stringify({ apiVersion: 'example.test/v1', kind: 'Widget', metadata: { name }, spec: { name } }));
  await api.apply(definition('v2'));
  const refused = await api.kubectlRaw(['apply', '-f', '-'], definition('v2', ['v2']));
  assert.match(refused.stderr, /v1 was previously a storage version/);
  const revisions = () => api.kubectl('get', 'widgets', '-o', 'jsonpath={.items[*].metadata.resourceVersion}');
  const before = await revisions();

  await api.apply(migration('widgets', { group: 'example.test', resource: 'widgets' }));
  await wait('widgets', 'condition=Succeeded');
  // The next migration of the resource waits until this one is done with its definition.
  await wait('widgets', 'condition=Running=False');
  assert.match(await api.kubectl('get', 'storageversionmigrations', '--no-headers'), /^widgets +widgets\.example\.test +Succeeded/);
  const after = await revisions();
  assert.notEqual(after, before);
  assert.equal(await api.kubectl('get', 'crd', 'widgets.example.test', '-o', 'jsonpath={.status.storedVersions}'), '["v2"]');
  const condition = '{.status.conditions[?(@.type=="StorageMigrating")].message}';
  assert.match(await api.kubectl('get', 'crd', 'widgets.example.test', '-o', `jsonpath=${condition}`), /succeeded and the stored versions have been updated/);

  await api.apply(migration('again', { group: 'example.test', resource: 'widgets' }));
  await wait('again', 'condition=Succeeded');
  assert.equal(await revisions(), after, 'what is stored as it would be is not written again');

  assert.match(await api.apply(definition('v2', ['v2'])), /configured/);
  assert.equal(await api.kubectl('get', 'widget', 'a', '-o', 'jsonpath={.apiVersion} {.spec.name}'), 'example.test/v2 a');
});

test('a migration of what cannot be migrated fails, and what it is of does not change', { skip }, async () => {
  await api.apply(migration('reviews', { group: 'authentication.k8s.io', resource: 'tokenreviews' }));
  await wait('reviews', 'condition=Failed');
  const why = await api.kubectl('get', 'storageversionmigration', 'reviews', '-o', 'jsonpath={.status.conditions[?(@.type=="Failed")].message}');
  assert.equal(why, 'resource "authentication.k8s.io/v1, Resource=tokenreviews" does not support discovery operations: [update patch list]');
  const changed = await api.kubectlRaw(['patch', 'storageversionmigration', 'reviews', '--type=merge', '-p', '{"spec":{"resource":{"resource":"pods"}}}']);
  assert.match(changed.stderr, /spec: Invalid value: .*field is immutable/);
  const wrong = await api.kubectlRaw(['create', '-f', '-'], migration('wrong', { resource: 'Not Valid' }));
  assert.match(wrong.stderr, /spec\.resource\.resource: Invalid value: "Not Valid": a DNS-1035 label must consist of/);
  await api.apply(migration('maps', { resource: 'configmaps' }));
  await wait('maps', 'condition=Succeeded');
});
