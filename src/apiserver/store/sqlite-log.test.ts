import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '../../runtime/clock.ts';
import { sqliteLog } from './sqlite-log.ts';
import { Store } from './store.ts';

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-store-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function object(name: string, data = ''): { apiVersion: string; kind: string; metadata: { name: string }; data: string } {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name }, data };
}

test('what was acknowledged is there after the store is opened again, and revisions go on', async (t) => {
  const path = join(folder(t), 'deep', 'store.db');
  const store = new Store(sqliteLog(path), realClock);
  const things = store.collection('/things');
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.put(things, `k${i}`, object(`k${i}`, 'ä'))));
  await store.remove(things, 'k7', object('k7'));
  await store.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);

  const again = new Store(sqliteLog(path), realClock);
  assert.equal(again.revision, 101);
  assert.equal(again.collection('/things').size, 99);
  assert.deepEqual(again.collection('/things').get('k8')?.object, { ...object('k8', 'ä'), metadata: { name: 'k8', resourceVersion: '9' } });
  assert.equal((await again.put(again.collection('/things'), 'new', object('new'))).revision, 102);
  await again.close();
});

test('a file that is not a store, and one that another process has open, are refused with the reason and the mend', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'junk.db'), 'this is not a database at all, not even a little bit of one\n'.repeat(100));
  assert.throws(() => sqliteLog(join(dir, 'junk.db')), /junk\.db: file is not a database \(restore it: argosy snapshot restore/);
  const store = new Store(sqliteLog(join(dir, 'store.db')), realClock);
  await store.put(store.collection('/things'), 'a', object('a'));
  assert.throws(() => sqliteLog(join(dir, 'store.db')), /locked \(another process has this cluster open/);
  await store.close();
});

/** Two megabytes; undefined without the right to mount. */
function smallDisk(t: TestContext): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-store-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir], { stdio: 'pipe' });
  } catch {
    rmSync(dir, { recursive: true });
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', [dir]);
    rmSync(dir, { recursive: true });
  });
  return dir;
}

test('a full disk refuses the write with the reason, and writes go on when there is room again', async (t) => {
  const dir = smallDisk(t);
  if (dir === undefined) {
    t.skip('needs the right to mount a small file system');
    return;
  }
  writeFileSync(join(dir, 'filler'), Buffer.alloc(1024 * 1024));
  const store = new Store(sqliteLog(join(dir, 'store.db')), realClock);
  const things = store.collection('/things');
  await assert.rejects(async () => {
    for (let i = 0; ; i++) await store.put(things, `k${i}`, object(`k${i}`, 'x'.repeat(50_000)));
  }, /database or disk is full \(free some space there and try again\)/);
  const stored = things.size;
  assert.match(store.error?.message ?? '', /disk is full/);
  rmSync(join(dir, 'filler'));
  // Found out without a write: who waits for readiness writes nothing.
  while (store.error !== undefined) await sleep(50);
  await store.put(things, 'after', object('after'));
  await store.close();
  const again = new Store(sqliteLog(join(dir, 'store.db')), realClock);
  assert.equal(again.collection('/things').size, stored + 1);
  await again.close();
});

/** Writes for ever and prints the revision of each write that is acknowledged. */
const WRITER = `
  const [root, path] = process.argv.slice(1);
  const { Store } = await import(root + '/store.ts');
  const { sqliteLog } = await import(root + '/sqlite-log.ts');
  const { realClock } = await import(root + '/../../runtime/clock.ts');
  const store = new Store(sqliteLog(path), realClock);
  const things = store.collection('/things');
  console.log('opened ' + store.revision);
  for (let i = 0; ; i++) {
    await Promise.all(Array.from({ length: 8 }, async (_, n) => {
      const key = 'k' + ((i * 8 + n) % 50);
      const { revision } = await store.put(things, key, { apiVersion: 'v1', kind: 'Thing', metadata: { name: key }, data: 'x'.repeat(500) });
      process.stdout.write('acknowledged ' + revision + ' ' + key + '\\n');
    }));
  }
`;

/** Runs the writer until it has had `count` writes acknowledged, then kills it at once; answers the newest one of each key. */
async function writeAndKill(path: string, count: number): Promise<{ opened: number; acknowledged: Map<string, number> }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, '--', import.meta.dirname, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.on('exit', resolve));
  const acknowledged = new Map<string, number>();
  let opened = -1;
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, revision, key = ''] = line.split(' ');
    if (word === 'opened') opened = Number(revision);
    // A line cut short by the kill says nothing.
    if (word !== 'acknowledged' || !/^k\d+$/.test(key)) continue;
    acknowledged.set(key, Math.max(Number(revision), acknowledged.get(key) ?? 0));
    if (++seen === count) child.kill('SIGKILL');
  }
  await exited;
  return { opened, acknowledged };
}

test('kill -9 in the middle of writing loses nothing that was acknowledged and never takes the revision back', async (t) => {
  const path = join(folder(t), 'store.db');
  let newest = 0;
  for (const count of [1, 40, 173]) {
    const { opened, acknowledged } = await writeAndKill(path, count);
    assert.ok(acknowledged.size > 0, 'the writer had nothing acknowledged');
    assert.ok(opened >= newest, `opened at ${opened} after ${newest}`);
    newest = Math.max(newest, ...acknowledged.values());
    const store = new Store(sqliteLog(path), realClock);
    assert.ok(store.revision >= newest);
    for (const [key, revision] of acknowledged) {
      const stored = store.collection('/things').get(key);
      assert.ok(stored !== undefined && stored.revision >= revision, `${key} was acknowledged at ${revision}, the store has ${stored?.revision}`);
    }
    newest = store.revision;
    await store.close();
  }
});
