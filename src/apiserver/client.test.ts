import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps } from '../kube/resources.ts';
import { StatusError } from '../kube/status.ts';
import type { ConfigMap } from '../kube/types.ts';
import type { WatchEvent } from '../runtime/client.ts';
import { testWorld } from './testing.ts';

const map = (name: string): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });

test('a watch yields what happens until it is aborted', async () => {
  const { client } = await testWorld();
  const { metadata } = await client.list(configMaps);
  const abort = new AbortController();
  const stream = client.watch(configMaps, { resourceVersion: metadata.resourceVersion, signal: abort.signal })[Symbol.asyncIterator]();
  const first = stream.next();
  await client.create(configMaps, map('a'));
  assert.deepEqual(await first.then(({ value }: { value: WatchEvent<ConfigMap> }) => value.type), 'ADDED');
  const pending = stream.next();
  abort.abort();
  assert.equal((await pending).done, true);
});

test('what a caller passes in stays the caller’s', async () => {
  const { client } = await testWorld();
  const mine = { ...map('a'), data: { k: 'v' }, immutable: undefined } as unknown as ConfigMap;
  const stored = await client.create(configMaps, mine);
  assert.equal(mine.metadata.uid, undefined);
  assert.equal('immutable' in stored, false);
  mine.data!['k'] = 'changed';
  assert.equal((await client.get(configMaps, { name: 'a', namespace: 'default' })).data?.['k'], 'v');
});

test('a resource that is not served is 404', async () => {
  const { client } = await testWorld();
  const unknown = { group: 'x.test', version: 'v1', kind: 'X', plural: 'xs', namespaced: false };
  await assert.rejects(
    client.list(unknown),
    (error) => error instanceof StatusError && error.code === 404 && /could not find the requested resource/.test(error.message),
  );
});
