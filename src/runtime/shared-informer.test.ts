import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps, type Resource } from '../kube/resources.ts';
import { expired } from '../kube/status.ts';
import type { ConfigMap, KubeObject } from '../kube/types.ts';
import type { Client, ObjectList, WatchEvent, WatchOptions } from './client.ts';
import { silentLogger } from './log.ts';
import { SharedInformer } from './shared-informer.ts';
import { VirtualClock } from './virtual-clock.ts';

function map(name: string, resourceVersion: string, uid = name): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', uid, resourceVersion }, data: { owner: uid } };
}

/** Lists and watches as scripted; a watch that has nothing more to say stays open. */
function scripted(lists: ObjectList<ConfigMap>[], watches: (WatchEvent<ConfigMap> | Error)[][]) {
  const asked: string[] = [];
  const client = {
    list: async () => {
      asked.push('list');
      return lists.length > 1 ? lists.shift() : lists[0];
    },
    async *watch(_resource: Resource, options: WatchOptions) {
      asked.push(`watch from ${options.resourceVersion}`);
      const script = watches.shift();
      if (script === undefined) {
        await new Promise<void>((resolve) => options.signal.addEventListener('abort', () => resolve(), { once: true }));
        return;
      }
      for (const event of script) {
        if (event instanceof Error) throw event;
        yield event;
      }
    },
  } as unknown as Client;
  return { client, asked };
}

async function run(lists: ObjectList<ConfigMap>[], watches: (WatchEvent<ConfigMap> | Error)[][]) {
  const clock = new VirtualClock();
  const { client, asked } = scripted(lists, watches);
  const informer = new SharedInformer(configMaps, { client, clock, log: silentLogger });
  informer.addIndex('owner', (object) => [object.data?.owner ?? '']);
  const seen: string[] = [];
  informer.onChange({
    upsert: (object, old) => seen.push(`${old === undefined ? 'add' : 'update'} ${object.metadata.name}@${object.metadata.resourceVersion}`),
    delete: (object: KubeObject) => seen.push(`delete ${object.metadata.name}`),
  });
  const controller = new AbortController();
  const ended = informer.run(controller.signal);
  await clock.advance(60_000);
  controller.abort();
  await ended;
  return { informer, asked, seen };
}

const list = (revision: string, ...items: ConfigMap[]): ObjectList<ConfigMap> => ({ metadata: { resourceVersion: revision }, items });

test('handlers see the list, then changes with the object before', async () => {
  const { seen, informer } = await run(
    [list('5', map('a', '3'))],
    [
      [
        { type: 'MODIFIED', object: map('a', '6') },
        { type: 'ADDED', object: map('b', '7') },
        { type: 'DELETED', object: map('a', '8') },
      ],
    ],
  );
  assert.deepEqual(seen, ['add a@3', 'update a@6', 'add b@7', 'delete a']);
  assert.equal(informer.get({ namespace: 'default', name: 'a' }), undefined);
  assert.deepEqual(
    informer.list('default').map((m) => m.metadata.name),
    ['b'],
  );
  assert.deepEqual(informer.byIndex('owner', 'b').length, 1);
  assert.deepEqual(informer.byIndex('owner', 'a').length, 0);
});

test('a watch that ends is resumed from the last revision, bookmarks counted', async () => {
  const { asked } = await run([list('5')], [[{ type: 'ADDED', object: map('a', '6') }], [{ type: 'BOOKMARK', resourceVersion: '40' }]]);
  assert.deepEqual(asked, ['list', 'watch from 5', 'watch from 6', 'watch from 40']);
});

test('after 410 the list is read again and what is missing from it is deleted', async () => {
  const { asked, seen } = await run(
    [list('5', map('a', '3'), map('b', '4')), list('90', map('b', '4'), map('c', '80'))],
    [[expired('too old resource version')]],
  );
  assert.deepEqual(asked, ['list', 'watch from 5', 'list', 'watch from 90']);
  assert.deepEqual(seen, ['add a@3', 'add b@4', 'add c@80', 'delete a']);
});

test('an object replaced by another of its name is seen to go and to come', async () => {
  const { seen } = await run([list('5', map('a', '3', 'first')), list('9', map('a', '8', 'second'))], [[expired('gone')]]);
  assert.deepEqual(seen, ['add a@3', 'delete a', 'add a@8']);
});

test('errors are tried again from where it was', async () => {
  const { asked } = await run([list('5')], [[{ type: 'ADDED', object: map('a', '6') }, new Error('connection reset')]]);
  assert.deepEqual(asked, ['list', 'watch from 5', 'watch from 6']);
});

test('a handler that comes late sees what is there', async () => {
  const { informer } = await run([list('5', map('a', '3'))], []);
  const seen: unknown[] = [];
  informer.onChange({ upsert: (object, old) => seen.push([object.metadata.name, old]) });
  assert.deepEqual(seen, [['a', undefined]]);
  await informer.synced();
});
