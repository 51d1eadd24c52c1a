import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { History, HistoryBudget } from './history.ts';
import { memoryLog } from './log.ts';
import { Store } from './store.ts';
import { encode } from './stored-object.ts';

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
        assert.deepEqual(
          collection.rangeAt(revision, '').map(([key, stored]) => [key, stored.revision]),
          expected,
        );
        assert.deepEqual(
          collection.rangeAt(revision, 'a/', 'a0').map(([key]) => key),
          expected.map(([key]) => key).filter((key) => key.startsWith('a/')),
        );
      }
    }),
    { numRuns: 50 },
  );
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
