import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { History, HistoryBudget } from './history.ts';
import { memoryLog } from './log.ts';
import { Store } from './store.ts';
import { encode } from './stored-object.ts';
import type { Walk } from './walk.ts';

const operation = fc.record({ key: fc.constantFrom('a/1', 'a/2', 'a-b/1', 'b/1', 'b/2', 'c/1'), remove: fc.boolean() });

test('a collection shows every past revision exactly as it was, in key order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
      const store = new Store(memoryLog(), new VirtualClock());
      const collection = store.collection('/things');
      const model = new Map<string, number>();
      const snapshots: [number, [string, number][]][] = [];
      for (const { key, remove } of operations) {
        if (remove && !model.has(key)) continue;
        const object = { apiVersion: 'v1', kind: 'Thing', metadata: { name: key } };
        const { revision } = await (remove ? store.remove(collection, key, object) : store.put(collection, key, object));
        if (remove) model.delete(key);
        else model.set(key, revision);
        snapshots.push([revision, [...model].sort(([x], [y]) => (x < y ? -1 : 1))]);
      }
      for (const [revision, expected] of snapshots) {
        assert.deepEqual(walked(collection.walk(revision, '')), expected);
        assert.deepEqual(
          walked(collection.walk(revision, 'a/', 'a0')),
          expected.filter(([key]) => key.startsWith('a/')),
        );
      }
    }),
    { numRuns: 50 },
  );
});

function walked(walk: Walk): [string, number][] {
  const found: [string, number][] = [];
  for (let left = walk.left, stored = walk.next(); stored !== undefined; left = walk.left, stored = walk.next()) {
    found.push([walk.key, stored.revision]);
    assert.equal(walk.left, left - 1);
  }
  assert.equal(walk.left, 0);
  return found;
}

test('a walk stays at its revision, whatever is written on the way', async () => {
  const step = fc.record({ operation, stepsBefore: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 20 }), fc.array(step, { maxLength: 20 }), async (before, during) => {
      const store = new Store(memoryLog(), new VirtualClock());
      const collection = store.collection('/things');
      const write = async ({ key, remove }: { key: string; remove: boolean }): Promise<void> => {
        const object = { apiVersion: 'v1', kind: 'Thing', metadata: { name: key } };
        if (!remove) await store.put(collection, key, object);
        else if (collection.get(key) !== undefined) await store.remove(collection, key, object);
      };
      for (const each of before) await write(each);
      const expected = [...collection.range('a/', 'b0')].map(([key, { revision }]) => [key, revision]);
      const walk = collection.walk(store.revision, 'a/', 'b0');
      const found: unknown[] = [];
      const take = (): boolean => {
        const stored = walk.next();
        if (stored !== undefined) found.push([walk.key, stored.revision]);
        assert.equal(walk.left, expected.length - found.length);
        return stored !== undefined;
      };
      for (const { operation: each, stepsBefore } of during) {
        for (let i = 0; i < stepsBefore; i++) take();
        await write(each);
      }
      while (take());
      assert.deepEqual(found, expected);
    }),
    { numRuns: 100 },
  );
});

test('who listens to a namespace hears of it alone, and nothing after he has left', async () => {
  const store = new Store(memoryLog(), new VirtualClock());
  const collection = store.collection('/things');
  const heard: string[] = [];
  const [all, one] = [collection.listen(({ key }) => heard.push(`all ${key}`)), collection.listen(({ key }) => heard.push(`a ${key}`), 'a')];
  const put = (key: string): Promise<unknown> => store.put(collection, key, { apiVersion: 'v1', kind: 'Thing', metadata: { name: key } });
  await put('a/1');
  await put('b/1');
  one();
  const again = collection.listen(({ key }) => heard.push(`again ${key}`), 'a');
  one();
  await put('a/2');
  all();
  again();
  await put('a/3');
  assert.deepEqual(heard, ['all a/1', 'a a/1', 'all b/1', 'all a/2', 'again a/2']);
});

test('history keeps what is young, keeps a little of what is old, and says where it begins', () => {
  const history = new History(0);
  const stored = encode(1, { apiVersion: 'v1', kind: 'Thing', metadata: {} });
  for (let revision = 1; revision <= 5_000; revision++)
    history.push({ revision, at: revision < 4_000 ? 0 : 1_000_000, key: 'k', object: stored, previous: undefined, deleted: false });
  assert.equal(history.compacted, 3_999);
  assert.equal([...history.after(4_990)].length, 10);
  const large = { ...stored, bytes: Buffer.alloc(1024 * 1024), object: stored.object };
  for (let revision = 5_001; revision <= 5_200; revision++)
    history.push({ revision, at: 1_000_000, key: 'k', object: large, previous: undefined, deleted: false });
  assert.equal(history.compacted, 5_136);
  assert.throws(() => history.push({ revision: 5_200, at: 0, key: 'k', object: stored, previous: undefined, deleted: false }), /must move forward/);
});

test('all histories together have a bound, and the largest gives way', () => {
  const budget = new HistoryBudget();
  const [small, ...large] = Array.from({ length: 4 }, () => new History(0, budget));
  const stored = encode(1, { apiVersion: 'v1', kind: 'Thing', metadata: {} });
  const megabyte = { ...stored, bytes: Buffer.alloc(1024 * 1024), object: stored.object };
  const change = (revision: number, object: typeof stored | typeof megabyte) => ({ revision, at: 0, key: 'k', object, previous: undefined, deleted: false });
  for (let revision = 1; revision <= 100; revision++) {
    small!.push(change(revision, stored));
    for (const history of large) history.push(change(revision, megabyte));
  }
  assert.equal(small!.compacted, 0);
  const kept = large.map((history) => history.bytes / 2 ** 20);
  assert.ok(
    kept.every((mb) => mb >= 40 && mb <= 44),
    String(kept),
  );
});
