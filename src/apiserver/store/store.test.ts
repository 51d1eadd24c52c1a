import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../kube/types.ts';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { memoryLog, type LogEntry, type WriteLog } from './log.ts';
import { Store } from './store.ts';

function object(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
}

/** A log whose commits happen when the test says. */
function manualLog(): WriteLog & { batches: (readonly LogEntry[])[]; finish(error?: Error): void } {
  let pending: ((error?: Error) => void) | undefined;
  const batches: (readonly LogEntry[])[] = [];
  return {
    ...memoryLog(),
    batches,
    append(batch, done) {
      batches.push(batch);
      pending = done;
    },
    finish(error) {
      const done = pending;
      pending = undefined;
      done?.(error);
    },
  };
}

test('a write is seen only when its batch is committed, and writes meanwhile share the next batch', async () => {
  const log = manualLog();
  const store = new Store(log, new VirtualClock());
  const maps = store.collection('/configmaps');
  const first = store.put(maps, 'default/a', object('a'));
  const others = [store.put(maps, 'default/b', object('b')), store.put(maps, 'default/a', object('a'))];
  assert.equal(maps.get('default/a'), undefined);
  assert.equal(store.newest(maps, 'default/a')?.revision, 3);
  assert.equal(store.revision, 0);
  log.finish();
  assert.equal((await first).object.metadata.resourceVersion, '1');
  assert.equal(store.revision, 1);
  assert.deepEqual(
    log.batches.map((batch) => batch.length),
    [1, 2],
  );
  log.finish();
  assert.deepEqual(
    (await Promise.all(others)).map(({ revision }) => revision),
    [2, 3],
  );
  assert.deepEqual(
    [...maps.range()].map(([key, stored]) => [key, stored.revision]),
    [
      ['default/a', 3],
      ['default/b', 2],
    ],
  );
});

test('when the log refuses a batch, everything accepted after it is refused too and nothing of it is seen', async () => {
  const log = manualLog();
  const store = new Store(log, new VirtualClock());
  const maps = store.collection('/configmaps');
  const writes = Promise.allSettled([store.put(maps, 'a', object('a')), store.put(maps, 'a', object('a')), store.put(maps, 'b', object('b'))]);
  log.finish(new Error('disk is full'));
  for (const result of await writes) {
    assert.equal(result.status, 'rejected');
    assert.match(String(result.status === 'rejected' && result.reason), /disk is full/);
  }
  assert.equal(store.newest(maps, 'a'), undefined);
  assert.match(store.error?.message ?? '', /disk is full/);
  const later = store.put(maps, 'c', object('c'));
  log.finish();
  assert.ok((await later).revision > 3);
  assert.equal(store.error, undefined);
  assert.deepEqual(
    [...maps.range()].map(([key]) => key),
    ['c'],
  );
});

test('a removal in flight hides the object from later writes but not from readers', async () => {
  const log = manualLog();
  const store = new Store(log, new VirtualClock());
  const maps = store.collection('/configmaps');
  const put = store.put(maps, 'a', object('a'));
  log.finish();
  await put;
  const removal = store.remove(maps, 'a', object('a'));
  assert.equal(store.newest(maps, 'a'), undefined);
  assert.notEqual(maps.get('a'), undefined);
  log.finish();
  assert.equal((await removal).revision, 2);
  assert.equal(maps.get('a'), undefined);
});

test('waiting for a revision ends when it comes or when time is up', async () => {
  const clock = new VirtualClock();
  const store = new Store(memoryLog(), clock);
  const comes = store.reached(1, 3_000);
  const never = store.reached(9, 3_000);
  await store.put(store.collection('/configmaps'), 'a', object('a'));
  assert.equal(await comes, true);
  await clock.advance(3_000);
  assert.equal(await never, false);
});
