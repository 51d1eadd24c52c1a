import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { configMaps, namespaces, pods } from '../../kube/resources.ts';
import { isGone, StatusError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ApiWatch, ListRequest, WatchRequest } from '../engine.ts';
import { pod, testWorld, type TestWorld } from '../testing.ts';

/** 'ADDED a 5', 'BOOKMARK 7' */
function shown(watch: ApiWatch): string[] {
  return watch.drain().map((event) => {
    if (event.type === 'BOOKMARK') return `BOOKMARK ${event.revision}${event.initialEventsEnd ? ' end' : ''}`;
    if (event.type === 'ERROR') return `ERROR ${event.status.code}`;
    return `${event.type} ${event.object.object.metadata.name} ${event.object.object.metadata.resourceVersion}`;
  });
}

function map(name: string, labels: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels } };
}

const open = (world: TestWorld, request?: WatchRequest): Promise<ApiWatch> => world.engine.watch(world.definition('v1/configmaps'), world.ctx, request);

test('a watch starts with what is there, or strictly after a revision', async () => {
  const world = await testWorld();
  const first = await world.client.create(configMaps, map('a') as never);
  const at = Number(first.metadata.resourceVersion);
  const fresh = await open(world);
  const resumed = await open(world, { resourceVersion: String(at) });
  await world.client.create(configMaps, map('b') as never);
  await world.client.delete(configMaps, { name: 'a', namespace: 'default' });
  assert.deepEqual(shown(fresh), [`ADDED a ${at}`, `ADDED b ${at + 1}`, `DELETED a ${at + 2}`]);
  assert.deepEqual(shown(resumed), [`ADDED b ${at + 1}`, `DELETED a ${at + 2}`]);
});

test('what starts to match a selector is ADDED and what stops is DELETED, at the revision of the change', async () => {
  const world = await testWorld();
  const watch = await open(world, { labelSelector: 'on=yes' });
  const made = await world.client.create(configMaps, map('a', { on: 'no' }) as never);
  const at = Number(made.metadata.resourceVersion);
  for (const [step, on] of ['yes', 'yes', 'no'].entries()) {
    await world.client.patch(configMaps, { name: 'a', namespace: 'default' }, { metadata: { labels: { on, step: String(step) } } }, { type: 'merge' });
  }
  assert.deepEqual(shown(watch), [`ADDED a ${at + 1}`, `MODIFIED a ${at + 2}`, `DELETED a ${at + 3}`]);
});

test('WatchList marks the end of what was there, and bookmarks come every minute to those who want them', async () => {
  const world = await testWorld();
  const watch = await open(world, { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true });
  const quiet = await open(world);
  const { revision } = world.engine;
  assert.deepEqual(shown(watch), [`BOOKMARK ${revision} end`]);
  await world.client.create(pods, pod('elsewhere'));
  await world.clock.advance(60_000);
  assert.deepEqual(shown(watch), [`BOOKMARK ${revision + 1}`]);
  assert.deepEqual(shown(quiet), []);
  await assert.rejects(open(world, { sendInitialEvents: true }), (error) => error instanceof StatusError && error.code === 422);
});

test('history that is gone is an error event, a revision that has not been is a timeout', async () => {
  const world = await testWorld();
  for (let i = 0; i < 1_100; i++) {
    await world.client.update(configMaps, { ...map('a'), data: { i: String(i) } } as never).catch(() => world.client.create(configMaps, map('a') as never));
    if (i === 50) await world.clock.advance(3_600_000);
  }
  const old = await open(world, { resourceVersion: '15' });
  assert.deepEqual(shown(old), ['ERROR 410']);
  assert.equal(old.ended, true);
  await assert.rejects(async () => {
    const stream = world.client.watch(configMaps, { resourceVersion: '15', signal: new AbortController().signal });
    for await (const event of stream) assert.fail(JSON.stringify(event));
  }, isGone);
  const future = assert.rejects(
    open(world, { resourceVersion: '999999' }),
    (error) => error instanceof StatusError && error.code === 504 && error.status.details?.causes?.[0]?.reason === 'ResourceVersionTooLarge',
  );
  await world.clock.advance(3_000);
  await future;
});

test('a reader that does not keep up is cut off, after what it can still read', async () => {
  const world = await testWorld();
  const watch = await open(world);
  await world.client.create(configMaps, map('a') as never);
  for (let i = 0; i < 10_100; i++) await world.client.patch(configMaps, { name: 'a', namespace: 'default' }, { data: { i: String(i) } }, { type: 'merge' });
  assert.equal(watch.ended, true);
  assert.equal(watch.drain().length, 10_000);
});

test('a resource that is no longer served ends its watches', async () => {
  const world = await testWorld();
  const watch = await open(world);
  let told = 0;
  watch.onReady(() => told++);
  world.engine.removeDefinitions([{ group: '', version: 'v1', plural: 'configmaps' }]);
  assert.deepEqual([watch.ended, told], [true, 1]);
  assert.equal(world.engine.definition('', 'v1', 'configmaps'), undefined);
});

const step = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  namespace: fc.constantFrom('default', 'kube-public'),
  on: fc.constantFrom('yes', 'no'),
  remove: fc.boolean(),
  value: fc.nat(3),
});

const SELECTIONS: readonly WatchRequest[] = [
  {},
  { namespace: 'default' },
  { labelSelector: 'on=yes' },
  { namespace: 'kube-public', labelSelector: 'on!=yes' },
  { fieldSelector: 'metadata.name=b' },
];

test('list and then watch sees every state of every selection, from whichever revision it starts', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = await testWorld();
      const { client } = world;
      const readers: { view: Map<string, string>; watch: ApiWatch; selection: ListRequest; revision: number }[] = [];
      const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;
      const join = async (selection: WatchRequest, resume: number | undefined): Promise<void> => {
        const { items, revision } = await world.engine.list(world.definition('v1/configmaps'), world.ctx, selection);
        const view = new Map(resume === undefined ? items.map(({ object }) => [keyOf(object), object.metadata.resourceVersion ?? '']) : []);
        const from = resume ?? revision;
        readers.push({ view, selection, revision: from, watch: await open(world, { ...selection, resourceVersion: String(from) }) });
      };
      const start = world.engine.revision;
      for (const [i, { name, namespace, on, remove, value }] of steps.entries()) {
        const key = { name, namespace };
        const object = { ...map(name, { on }), data: { value: String(value) } } as never as { metadata: { namespace: string } };
        object.metadata.namespace = namespace;
        if (remove) await client.delete(configMaps, key).catch(() => {});
        else await client.update(configMaps, object as never).catch(() => client.create(configMaps, object as never));
        // Some read from now on, some from the beginning, where nothing of what they select was there yet.
        await join(SELECTIONS[i % SELECTIONS.length]!, i % 3 === 0 ? start : undefined);
      }
      for (const reader of readers) {
        let { revision } = reader;
        for (const event of reader.watch.drain()) {
          if (event.type === 'BOOKMARK' || event.type === 'ERROR') continue;
          const { object } = event.object;
          const at = Number(object.metadata.resourceVersion);
          assert.ok(at > revision, 'revisions only grow');
          revision = at;
          const known = reader.view.has(keyOf(object));
          assert.equal(known, event.type !== 'ADDED', `${event.type} ${keyOf(object)}`);
          if (event.type === 'DELETED') reader.view.delete(keyOf(object));
          else reader.view.set(keyOf(object), object.metadata.resourceVersion ?? '');
        }
        const { items } = await world.engine.list(world.definition('v1/configmaps'), world.ctx, reader.selection);
        assert.deepEqual([...reader.view].sort(), items.map(({ object }) => [keyOf(object), object.metadata.resourceVersion ?? '']).sort());
      }
    }),
    { numRuns: 30 },
  );
});

test('pages of a list are one snapshot, whatever is written between them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 20 }),
      fc.array(step, { maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      async (before, between, limit) => {
        const world = await testWorld();
        const write = async ({ name, namespace, remove, value }: { name: string; namespace: string; remove: boolean; value: number }): Promise<void> => {
          const object = { ...map(name), data: { value: String(value) } } as never as { metadata: { namespace: string } };
          object.metadata.namespace = namespace;
          if (remove) await world.client.delete(configMaps, { name, namespace }).catch(() => {});
          else await world.client.update(configMaps, object as never).catch(() => world.client.create(configMaps, object as never));
        };
        for (const s of before) await write(s);
        const whole = await world.client.list(configMaps);
        const pages: string[] = [];
        let token: string | undefined;
        let left = whole.items.length;
        do {
          const page = await world.client.list(configMaps, { limit, ...(token === undefined ? {} : { continue: token }) });
          assert.equal(page.metadata.resourceVersion, whole.metadata.resourceVersion);
          left -= page.items.length;
          assert.equal(page.metadata.remainingItemCount ?? 0, left);
          pages.push(...page.items.map((item) => `${item.metadata.namespace}/${item.metadata.name}@${item.metadata.resourceVersion}`));
          token = page.metadata.continue;
          for (const s of between) await write(s);
        } while (token !== undefined);
        assert.deepEqual(
          pages,
          whole.items.map((item) => `${item.metadata.namespace}/${item.metadata.name}@${item.metadata.resourceVersion}`),
        );
      },
    ),
    { numRuns: 30 },
  );
});

test('a continue token is upstream form, and one whose snapshot is gone offers the rest as it is now', async () => {
  const world = await testWorld();
  for (const name of ['a', 'b', 'c']) await world.client.create(configMaps, map(name) as never);
  const page = await world.client.list(configMaps, { namespace: 'default', limit: 1 });
  const token = page.metadata.continue ?? '';
  assert.deepEqual(JSON.parse(Buffer.from(token, 'base64url').toString()), { v: 'meta.k8s.io/v1', rv: Number(page.metadata.resourceVersion), start: 'a\0' });
  for (let i = 0; i < 1_100; i++) {
    await world.client.patch(configMaps, { name: 'c', namespace: 'default' }, { data: { i: String(i) } }, { type: 'merge' });
    if (i === 50) await world.clock.advance(3_600_000);
  }
  const error: unknown = await world.client.list(configMaps, { namespace: 'default', limit: 1, continue: token }).catch((e: unknown) => e);
  assert.ok(error instanceof StatusError && isGone(error));
  const rest = await world.client.list(configMaps, { namespace: 'default', continue: String(error.status.metadata['continue']) });
  assert.deepEqual(
    rest.items.map(({ metadata }) => metadata.name),
    ['b', 'c'],
  );
  await assert.rejects(world.client.list(configMaps, { continue: 'rubbish' }), (e) => e instanceof StatusError && e.code === 400);
});

test('a continue token expires by age where the collection is quiet; watches from then do not', async () => {
  const world = await testWorld();
  for (const name of ['a', 'b', 'c']) await world.client.create(configMaps, map(name) as never);
  const page = () => world.client.list(configMaps, { namespace: 'default', limit: 1 });
  const { metadata } = await page();
  const next = (token: unknown) => world.client.list(configMaps, { namespace: 'default', limit: 1, continue: String(token) });
  const elsewhere = (name: string) => world.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await elsewhere('one');
  // A token is good for five minutes at least, and for ten at most.
  await world.clock.advance(299_000);
  assert.equal((await next(metadata.continue)).metadata.resourceVersion, metadata.resourceVersion);
  await elsewhere('two');
  await world.clock.advance(301_000);
  const error: unknown = await next(metadata.continue).catch((e: unknown) => e);
  assert.ok(error instanceof StatusError && isGone(error), String(error));
  assert.match(error.message, /^The provided continue parameter is too old/);
  const second = await next(error.status.metadata['continue']);
  assert.deepEqual([second.items[0]?.metadata.name, second.metadata.remainingItemCount], ['b', 1]);
  assert.ok(Number(second.metadata.resourceVersion) > Number(metadata.resourceVersion));
  const third = await next(second.metadata.continue);
  assert.deepEqual([third.items[0]?.metadata.name, third.metadata.resourceVersion], ['c', second.metadata.resourceVersion]);
  const watch = await open(world, { namespace: 'default', resourceVersion: metadata.resourceVersion ?? '' });
  const made = await world.client.create(configMaps, map('d') as never);
  assert.deepEqual(shown(watch), [`ADDED d ${made.metadata.resourceVersion}`]);
});
