import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps } from '../../kube/resources.ts';
import { testWorld } from '../testing.ts';
import { ConvertingWatch } from './conversion.ts';

const CTX = { user: { name: 'test', groups: ['system:masters'] }, warnings: [] };

test('a reader that does not keep up is cut off, also where events wait for a webhook', async () => {
  const { engine, client } = await testWorld();
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } });
  const source = await engine.watch(engine.definition('', 'v1', 'configmaps')!, CTX, { namespace: 'default' });
  const watch = new ConvertingWatch(source, (objects) => Promise.resolve(objects));
  for (let i = 0; i < 10_200; i++) await client.patch(configMaps, { name: 'a', namespace: 'default' }, { data: { i: String(i) } }, { type: 'merge' });
  assert.equal(source.ended, true);
  let count = 0;
  while (!watch.ended || watch.behind) {
    for (const event of watch.drain()) {
      if (event.type === 'MODIFIED') assert.equal((event.object.object as { data?: { i?: string } }).data?.i, String(count++));
    }
    await new Promise(setImmediate);
  }
  assert.ok(count >= 10_000 && count < 10_200, `${count} were told`);
});

test('after a conversion that failed there is nothing more', async () => {
  const { engine, client } = await testWorld();
  const source = await engine.watch(engine.definition('', 'v1', 'configmaps')!, CTX, { namespace: 'default', resourceVersion: String(engine.revision) });
  const watch = new ConvertingWatch(source, () => Promise.reject(new Error('no answer')));
  for (const name of ['a', 'b', 'c']) {
    await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
    await new Promise(setImmediate);
  }
  const told: string[] = [];
  while (!watch.ended || watch.behind) {
    told.push(...watch.drain().map(({ type }) => type));
    await new Promise(setImmediate);
  }
  assert.deepEqual(told, ['ERROR']);
});
