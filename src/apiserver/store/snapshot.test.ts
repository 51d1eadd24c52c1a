import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { realClock } from '../../runtime/clock.ts';
import { copyStore, readSnapshot, sealSnapshot, unpackStore } from './snapshot.ts';
import { sqliteLog } from './sqlite-log.ts';
import { Store } from './store.ts';

const ABOUT = { cluster: 'c' };
const FILES = [{ path: 'pki/ca.crt', mode: 0o600, data: Buffer.from('a certificate') }];
const KEYS = 40;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-snapshot-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Key `i % KEYS` says `i`, of revision `i`. */
async function write(store: Store, i: number): Promise<void> {
  const name = `k${i % KEYS}`;
  await store.put(store.collection('/things'), name, {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name, uid: String(i), labels: { filling: 'x'.repeat(20_000) } },
  });
}

function states(store: Store): number[] {
  return [...store.collection('/things').range()].map(([, { object }]) => Number(object.metadata.uid)).sort((a, b) => a - b);
}

test('a snapshot of a store that is being written holds everything up to one revision, and makes a store again', async (t) => {
  const dir = folder(t);
  const store = new Store(sqliteLog(join(dir, 'store.db')), realClock);
  for (let i = 1; i <= KEYS; i++) await write(store, i);
  let next = KEYS + 1;
  let writing = true;
  const writer = (async () => {
    while (writing) await write(store, next++);
  })();
  const copy = join(dir, 'copy');
  await store.snapshot(copy).finally(() => (writing = false));
  const newest = next;
  await writer;
  await store.close();
  const file = join(dir, 'snapshot');
  const snapshot = sealSnapshot(copy, file, ABOUT, FILES);
  assert.ok(snapshot.revision >= KEYS && snapshot.revision <= newest, `revision ${snapshot.revision}`);
  assert.equal(snapshot.objects, KEYS);

  const read = readSnapshot(file);
  assert.deepEqual([read.about, read.revision], [ABOUT, snapshot.revision]);
  assert.equal(Buffer.from(read.files[0]!.data).toString(), 'a certificate');
  // In place of another store, with that one's log beside it.
  unpackStore(file, join(dir, 'store.db'));
  const again = new Store(sqliteLog(join(dir, 'store.db')), realClock);
  assert.equal(again.revision, snapshot.revision);
  assert.deepEqual(
    states(again),
    Array.from({ length: KEYS }, (_, i) => snapshot.revision - KEYS + 1 + i),
  );
  await write(again, snapshot.revision + 1);
  await again.close();
});

test('a store at rest is copied as well; one in use, and a damaged snapshot, are refused', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'store.db');
  const store = new Store(sqliteLog(path), realClock);
  for (let i = 1; i <= 5; i++) await write(store, i);
  assert.throws(() => copyStore(path, join(dir, 'copy')), /locked \(another process has this cluster open/);
  assert.throws(() => unpackStore(path, path), /locked/);
  await store.close();
  copyStore(path, join(dir, 'copy'));
  const file = join(dir, 'snapshot');
  assert.deepEqual(sealSnapshot(join(dir, 'copy'), file, ABOUT, FILES).objects, 5);
  assert.throws(() => readSnapshot(path), /store\.db: it is not a snapshot/);

  const whole = readFileSync(file);
  let refused = 0;
  for (let at = 20; at < statSync(file).size; at += 997) {
    const bytes = Buffer.from(whole);
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(file, bytes);
    try {
      const { revision, objects } = readSnapshot(file);
      assert.deepEqual([revision, objects], [5, 5], `byte ${at}`);
    } catch (error) {
      refused++;
      assert.match(String(error), /snapshot: (the file|it) is (damaged|not)|newer argosy|database/, `byte ${at}`);
    }
  }
  assert.ok(refused > 50, `${refused} refused`);
});
