/** The store's file: its form, made whole or not at all, and read only when all of it is sound. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { LoadedObject } from './log.ts';
import { walDamage } from './wal-damage.ts';

/** 1 had no checksums. */
export const SCHEMA_VERSION = 2;

/**
 * `EXCLUSIVE`: no other process may as much as read, and no shared memory is needed.
 * After a checkpoint the log is cut to the given size: one huge batch does not keep its space for ever.
 */
export const PRAGMAS = 'PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216;';

const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE objects (collection TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, data BLOB NOT NULL, checksum INTEGER, PRIMARY KEY (collection, key));
  INSERT INTO meta VALUES ('schema', ${SCHEMA_VERSION}), ('revision', 0);
`;

export interface Loaded {
  revision: number;
  objects: LoadedObject[];
}

/** Of a row: SQLite finds damage to its trees, not to what is in them. Rows of the first schema have none. */
export function checksumOf(collection: string, key: string, revision: number, data: Uint8Array): number {
  return crc32(data, crc32(`${collection}\0${key}\0${revision}`));
}

/** Makes the file (mode 0600: it holds secrets) when it is not there; answers all that is in it. Throws SQLite's error, or one that says what is wrong. */
export function loadStore(path: string): Loaded {
  const umask = process.umask(0o077);
  try {
    refuseRemains(path);
    if (!existsSync(path)) makeStore(path);
    return read(path);
  } finally {
    process.umask(umask);
  }
}

/** What SQLite would begin afresh over. */
function refuseRemains(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === 0) throw new Error('the file is damaged: it is empty');
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size === undefined && log > 0) throw new Error('the file is damaged: it is gone, and only its write-ahead log is there');
  const damage = walDamage(`${path}-wal`);
  if (damage !== undefined) throw new Error(`the file is damaged: ${damage}`);
}

/** Under another name first: a crash leaves no half of a store. */
function makeStore(path: string): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  rmSync(`${unfinished}-wal`, { force: true });
  const database = new DatabaseSync(unfinished);
  try {
    database.exec(`${PRAGMAS} BEGIN; ${SCHEMA} COMMIT;`);
  } finally {
    database.close();
  }
  renameSync(unfinished, path);
  syncFolder(dirname(path));
}

/** Makes a renaming last. */
export function syncFolder(folder: string): void {
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function read(path: string): Loaded {
  const database = new DatabaseSync(path);
  try {
    // Before anything is changed: a file of a newer program stays as it is.
    database.exec('PRAGMA locking_mode=EXCLUSIVE');
    const version = versionOf(database);
    if (version > SCHEMA_VERSION) throw new Error(`its format is version ${version}, this program knows ${SCHEMA_VERSION}: a newer argosy wrote it`);
    const [check] = database.prepare('PRAGMA quick_check(1)').all();
    if (check?.['quick_check'] !== 'ok') throw new Error(`the file is damaged: ${String(check?.['quick_check'])}`);
    database.exec(PRAGMAS);
    if (version < SCHEMA_VERSION) upgrade(database);
    return readAll(database);
  } finally {
    database.close();
  }
}

/** Throws when the database is not a store. */
export function versionOf(database: DatabaseSync): number {
  const [table] = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'meta'").all();
  if (table === undefined) throw new Error('the file is not a store: it is a database of something else');
  return Number(database.prepare("SELECT value FROM meta WHERE name = 'schema'").get()?.['value']);
}

function upgrade(database: DatabaseSync): void {
  database.exec(`BEGIN; ALTER TABLE objects ADD COLUMN checksum INTEGER; UPDATE meta SET value = ${SCHEMA_VERSION} WHERE name = 'schema'; COMMIT;`);
}

/** Throws when a row is not as it was written. */
export function readAll(database: DatabaseSync): Loaded {
  const revision = Number(database.prepare("SELECT value FROM meta WHERE name = 'revision'").get()?.['value']);
  const objects: LoadedObject[] = [];
  for (const row of database.prepare('SELECT collection, key, revision, data, checksum FROM objects').iterate()) {
    const collection = String(row['collection']);
    const key = String(row['key']);
    const at = Number(row['revision']);
    // The column is a BLOB and never null.
    const bytes = row['data'] as Uint8Array;
    if (row['checksum'] !== null && row['checksum'] !== checksumOf(collection, key, at, bytes))
      throw new Error(`the file is damaged: ${collection} ${key} is not as it was written`);
    if (at > revision) throw new Error(`the file is damaged: ${collection} ${key} has revision ${at}, newer than the newest, ${revision}`);
    objects.push({ collection, key, revision: at, bytes });
  }
  return { revision, objects };
}

/** A directory for the store, for nobody but its owner. */
export function makeStoreFolder(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
}
