/**
 * A snapshot of a cluster: one file, a copy of its store with the other files it needs in a table of their own, so that the database's own
 * checks cover all of it. A copy of a running store comes from its writer (`WriteLog.snapshot`); a stopped one is copied here.
 */
import { closeSync, copyFileSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { loadStore, readAll, syncFolder, versionOf, SCHEMA_VERSION } from './sqlite-file.ts';
import { storeError } from './store-errors.ts';
import { lockStore } from './store-lock.ts';

/** Of the snapshot's own tables. */
const FORMAT = 1;

const TABLES = `
  CREATE TABLE snapshot (format INTEGER NOT NULL, about TEXT NOT NULL);
  CREATE TABLE snapshot_files (path TEXT PRIMARY KEY, mode INTEGER NOT NULL, data BLOB NOT NULL, checksum INTEGER NOT NULL);
`;

export interface SnapshotFile {
  /** Relative to the data directory. */
  path: string;
  mode: number;
  data: Uint8Array;
}

/** What a snapshot says of itself; the caller's words. */
export type About = Record<string, string>;

export interface Snapshot {
  about: About;
  files: SnapshotFile[];
  revision: number;
  objects: number;
}

/** Copies the store of a cluster that is not running. Throws an Error that says why not. */
export function copyStore(path: string, to: string): void {
  let lock: ReturnType<typeof lockStore> | undefined;
  try {
    lock = lockStore(path);
    // A damaged store makes no snapshot.
    loadStore(path);
    const database = new DatabaseSync(path);
    try {
      database.prepare('VACUUM INTO ?').run(to);
    } finally {
      database.close();
    }
  } catch (error) {
    throw storeError(path, error instanceof Error ? error.message : String(error), error);
  } finally {
    lock?.release();
  }
}

/** Makes a snapshot of a copied store, checks it, and gives it its name: a file of that name is whole. */
export function sealSnapshot(copy: string, path: string, about: About, files: readonly SnapshotFile[]): Snapshot {
  const database = new DatabaseSync(copy);
  try {
    // One file, without a log beside it.
    database.exec(`PRAGMA journal_mode=DELETE; BEGIN; ${TABLES}`);
    database.prepare('INSERT INTO snapshot VALUES (?, ?)').run(FORMAT, JSON.stringify(about));
    const insert = database.prepare('INSERT INTO snapshot_files VALUES (?, ?, ?, ?)');
    for (const file of files) insert.run(file.path, file.mode, file.data, checksumOf(file));
    database.exec('COMMIT');
  } finally {
    database.close();
  }
  const snapshot = readSnapshot(copy);
  syncFile(copy);
  renameSync(copy, path);
  syncFolder(dirname(path));
  return snapshot;
}

/** Reads all of a snapshot. Throws an Error when any of it is not as it was written, or this program does not know it. */
export function readSnapshot(path: string): Snapshot {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    const [table] = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'snapshot'").all();
    if (table === undefined) throw new Error('it is not a snapshot');
    const head = database.prepare('SELECT format, about FROM snapshot').get();
    const version = versionOf(database);
    if (Number(head?.['format']) !== FORMAT || version > SCHEMA_VERSION)
      throw new Error(`its format is version ${String(head?.['format'])}.${version}, this program knows ${FORMAT}.${SCHEMA_VERSION}: a newer argosy wrote it`);
    const [check] = database.prepare('PRAGMA integrity_check(1)').all();
    if (check?.['integrity_check'] !== 'ok') throw new Error(`it is damaged: ${String(check?.['integrity_check'])}`);
    const { revision, objects } = readAll(database);
    return { about: JSON.parse(String(head?.['about'])) as About, files: readFiles(database), revision, objects: objects.length };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${path}: ${/malformed|not a database/.test(why) ? `it is damaged, or not a snapshot: ${why}` : why}`, { cause: error });
  } finally {
    database?.close();
  }
}

function readFiles(database: DatabaseSync): SnapshotFile[] {
  return database
    .prepare('SELECT path, mode, data, checksum FROM snapshot_files')
    .all()
    .map((row) => {
      const file = { path: String(row['path']), mode: Number(row['mode']), data: row['data'] as Uint8Array };
      if (row['checksum'] !== checksumOf(file)) throw new Error(`it is damaged: ${file.path} is not as it was written`);
      return file;
    });
}

/** Makes a store of a snapshot, in place of the one at `path`, of which no process may make use. */
export function unpackStore(snapshot: string, path: string): void {
  const lock = lockStore(path);
  try {
    const unfinished = `${path}.new`;
    rmSync(unfinished, { force: true });
    copyFileSync(snapshot, unfinished);
    const database = new DatabaseSync(unfinished);
    try {
      database.exec('BEGIN; DROP TABLE snapshot; DROP TABLE snapshot_files; COMMIT; PRAGMA journal_mode=WAL;');
    } finally {
      database.close();
    }
    syncFile(unfinished);
    // A log belongs to one file: the other one's must not be found beside this one.
    rmSync(`${path}-wal`, { force: true });
    renameSync(unfinished, path);
    syncFolder(dirname(path));
  } finally {
    lock.release();
  }
}

function checksumOf({ path, mode, data }: SnapshotFile): number {
  return crc32(data, crc32(`${path}\0${mode}`));
}

function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
