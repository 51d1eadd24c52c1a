import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { realClock } from '../../runtime/clock.ts';
import { seededRandom } from '../../runtime/random.ts';
import { sqliteLog } from './sqlite-log.ts';
import { Store } from './store.ts';

const KEYS = 7;

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-store-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Write `i` (its revision too) goes to key `i % KEYS`; every fifth one removes it. */
async function write(store: Store, i: number): Promise<void> {
  const things = store.collection('/things');
  const key = `k${i % KEYS}`;
  const object = { apiVersion: 'v1', kind: 'Thing', metadata: { name: key }, write: i, filling: 'x'.repeat((i * 131) % 3_000) };
  await (i % 5 === 0 ? store.remove(things, key, object) : store.put(things, key, object));
}

/** What is there after `count` writes. */
function stateAfter(count: number): Record<string, number> {
  const state: Record<string, number> = {};
  for (let i = 1; i <= count; i++) {
    if (i % 5 === 0) delete state[`k${i % KEYS}`];
    else state[`k${i % KEYS}`] = i;
  }
  return state;
}

function stateOf(store: Store): Record<string, number> {
  return Object.fromEntries([...store.collection('/things').range()].map(([key, { object }]) => [key, (object as unknown as { write: number }).write]));
}

/** The files of a store in the middle of its life: how long the log was at each acknowledgement. */
async function recording(dir: string, writes: number): Promise<{ path: string; logBytes: number[] }> {
  const live = join(dir, 'live.db');
  const store = new Store(sqliteLog(live), realClock);
  const logBytes = [0];
  for (let i = 1; i <= writes; i++) {
    await write(store, i);
    logBytes.push(statSync(`${live}-wal`).size);
  }
  const path = join(dir, 'store.db');
  cpSync(live, path);
  cpSync(`${live}-wal`, `${path}-wal`);
  await store.close();
  return { path, logBytes };
}

/** Opens a copy that `damage` was done to. */
async function opened(path: string, damage: (copy: string) => void): Promise<{ revision: number; state: Record<string, number> } | { refused: string }> {
  const copy = `${path}.copy`;
  for (const end of ['', '-wal', '.lock']) rmSync(copy + end, { force: true });
  cpSync(path, copy);
  if (statSync(`${path}-wal`, { throwIfNoEntry: false })) cpSync(`${path}-wal`, `${copy}-wal`);
  damage(copy);
  let store: Store;
  try {
    store = new Store(sqliteLog(copy), realClock);
  } catch (error) {
    return { refused: String(error) };
  }
  const found = { revision: store.revision, state: stateOf(store) };
  await store.close();
  return found;
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = bytes[at]! ^ 0x55;
  writeFileSync(file, bytes);
}

test('a log cut off at any length opens as the writes up to some point, none of them before a write whose log was whole', async (t) => {
  const { path, logBytes } = await recording(folder(t), 80);
  const random = seededRandom(7);
  const end = logBytes.at(-1)!;
  const lengths = [0, 1, 31, 32, 33, ...logBytes.slice(-3), ...Array.from({ length: 25 }, () => Math.floor(random.next() * end))];
  for (const length of lengths) {
    const found = await opened(path, (copy) => truncateSync(`${copy}-wal`, length));
    if ('refused' in found) assert.fail(`cut at ${length}: ${found.refused}`);
    const acknowledged = logBytes.findLastIndex((bytes) => bytes <= length);
    assert.ok(found.revision >= acknowledged, `cut at ${length}: ${found.revision} of at least ${acknowledged}`);
    assert.deepEqual(found.state, stateAfter(found.revision), `cut at ${length}`);
  }
});

test('a damaged place in the log is refused when acknowledged writes lie behind it, and costs no more than the last write else', async (t) => {
  const { path, logBytes } = await recording(folder(t), 60);
  const random = seededRandom(8);
  let refused = 0;
  for (let i = 0; i < 30; i++) {
    const at = Math.floor(random.next() * logBytes.at(-1)!);
    const found = await opened(path, (copy) => flip(`${copy}-wal`, at));
    if ('refused' in found) {
      refused++;
      assert.match(found.refused, /copy: the file is damaged: the write-ahead log .*\(restore it: argosy snapshot restore FILE; or delete the cluster\)/);
    } else {
      assert.ok(found.revision >= 59, `byte ${at} changed: ${found.revision} of 60`);
      assert.deepEqual(found.state, stateAfter(found.revision));
    }
  }
  assert.ok(refused > 20, `${refused} refused`);
});

test('a changed byte in the file is refused, or of no importance', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'store.db');
  const store = new Store(sqliteLog(path), realClock);
  for (let i = 1; i <= 60; i++) await write(store, i);
  await store.close();
  const random = seededRandom(9);
  let refused = 0;
  for (let i = 0; i < 40; i++) {
    const at = Math.floor(random.next() * statSync(path).size);
    const found = await opened(path, (copy) => flip(copy, at));
    if ('refused' in found) {
      refused++;
      assert.match(found.refused, /restore it|locked|use that one|not a store/, `byte ${at}`);
    } else assert.deepEqual(found, { revision: 60, state: stateAfter(60) }, `byte ${at}`);
  }
  assert.ok(refused > 5, `${refused} refused`);
});

test('a file that is cut off, empty, or gone from beside its log is refused', async (t) => {
  const { path } = await recording(folder(t), 30);
  const refusal = async (damage: (copy: string) => void): Promise<string> => {
    const found = await opened(path, damage);
    return 'refused' in found ? found.refused : `opened at ${found.revision}`;
  };
  assert.match(await refusal((copy) => truncateSync(copy, 0)), /the file is damaged: it is empty \(restore it/);
  assert.match(await refusal((copy) => rmSync(copy)), /the file is damaged: it is gone, and only its write-ahead log is there \(restore it/);
  const whole = new Store(sqliteLog(path), realClock);
  await whole.close();
  assert.match(await refusal((copy) => truncateSync(copy, statSync(copy).size / 2)), /(malformed|damaged).*\(restore it/);
});

test('a store of a newer program is left as it is, one of the first form is brought up to date, and another database is refused', async (t) => {
  const dir = folder(t);
  const path = join(dir, 'store.db');
  const store = new Store(sqliteLog(path), realClock);
  await write(store, 1);
  await store.close();
  const change = (sql: string): void => {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  };
  change("UPDATE meta SET value = 3 WHERE name = 'schema'");
  const before = readFileSync(path);
  assert.throws(() => sqliteLog(path), /its format is version 3, this program knows 2: a newer argosy wrote it \(use that one\)/);
  assert.deepEqual(readFileSync(path), before);

  change("UPDATE meta SET value = 1 WHERE name = 'schema'; ALTER TABLE objects DROP COLUMN checksum;");
  const again = new Store(sqliteLog(path), realClock);
  assert.deepEqual(stateOf(again), stateAfter(1));
  await write(again, 2);
  await again.close();
  const found = await opened(path, () => undefined);
  assert.deepEqual('state' in found && found.state, stateAfter(2));

  const other = join(dir, 'other.db');
  const database = new DatabaseSync(other);
  database.exec('CREATE TABLE songs (name TEXT)');
  database.close();
  assert.throws(() => sqliteLog(other), /not a store: it is a database of something else/);
});

test('a read-only file system, and a folder of another user, are refused by name', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-store-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dir], { stdio: 'pipe' });
  } catch {
    rmSync(dir, { recursive: true });
    t.skip('needs the right to mount a small file system');
    return;
  }
  t.after(() => {
    execFileSync('umount', [dir]);
    rmSync(dir, { recursive: true });
  });
  const path = join(dir, 'store.db');
  const store = new Store(sqliteLog(path), realClock);
  await write(store, 1);
  await store.close();
  chmodSync(dir, 0o755);
  const program = `const { sqliteLog } = await import(${JSON.stringify(join(import.meta.dirname, 'sqlite-log.ts'))}); sqliteLog(${JSON.stringify(path)});`;
  const stranger = spawnSync(process.execPath, ['--input-type=module', '-e', program], { uid: 65_534, gid: 65_534, encoding: 'utf8', cwd: '/' });
  if (!/ERR_MODULE_NOT_FOUND|EACCES.*node/.test(stranger.stderr))
    assert.match(stranger.stderr, /store\.db: unable to open database file \(.* belongs to user 0: run as that user/);
  execFileSync('mount', ['-o', 'remount,ro', dir]);
  assert.throws(() => sqliteLog(path), /store\.db: .* \(.* is on a file system that is mounted read-only\)/);
});

test('a file that is destroyed under a running store ends all writing, and says so until the store is opened anew', async (t) => {
  const path = join(folder(t), 'store.db');
  const store = new Store(sqliteLog(path), realClock);
  const things = store.collection('/things');
  const big = (i: number) => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name: `k${i}` }, filling: 'x'.repeat(200_000) });
  for (let i = 0; i < 60; i++) await store.put(things, `k${i}`, big(i));
  const { size } = statSync(path);
  writeFileSync(path, Buffer.alloc(size, 0xaa), { flag: 'r+' });
  await assert.rejects(async () => {
    for (let round = 0; round < 5; round++) for (let i = 0; i < 60; i++) await store.put(things, `k${i}`, big(i));
  }, /could not be stored: .*(malformed|not a database)/);
  await assert.rejects(store.put(things, 'another', big(99)), /malformed|not a database/);
  assert.match(store.error?.message ?? '', /restore it/);
  await store.close();
});

test('a store that is written over and over does not grow', async (t) => {
  const path = join(folder(t), 'store.db');
  const store = new Store(sqliteLog(path), realClock);
  const things = store.collection('/things');
  const random = seededRandom(3);
  const size = (): number => statSync(path).size + statSync(`${path}-wal`).size;
  let after20 = 0;
  for (let round = 1; round <= 60; round++) {
    const filling = 'x'.repeat(1_000 + random.next() * 40_000);
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => store.put(things, `k${i}`, { apiVersion: 'v1', kind: 'Thing', metadata: { name: `k${i}`, labels: { filling } } })),
    );
    if (round === 20) after20 = size();
  }
  // At most 2 MB live at a time, 60 MB written.
  assert.ok(size() < after20 * 1.5 && size() < 16 * 2 ** 20, `${after20} bytes after 20 rounds, ${size()} after 60`);
  await store.close();
});
