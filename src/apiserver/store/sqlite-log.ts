/**
 * The write log on disk: SQLite in WAL mode with full sync. Reading happens here, once, at start;
 * writing in a worker thread, so that an fsync never holds up a request.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { LoadedObject, LogEntry, WriteLog } from './log.ts';

/** To the worker: rows and, one after the other, their bytes (transferred, not copied). */
export interface AppendMessage {
  rows: { collection: string; key: string; revision: number; length: number }[];
  bytes: Uint8Array<ArrayBuffer>;
}

export type CloseMessage = 'close';

/** From the worker, one for each append. */
export interface AppendAnswer {
  error?: string;
}

/** The length of a removed object. */
export const REMOVED = -1;

const SCHEMA_VERSION = 1;

/** `EXCLUSIVE`: a second process on the same file is refused at once instead of writing into it. */
export const PRAGMAS = 'PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS objects (collection TEXT NOT NULL, key TEXT NOT NULL, revision INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (collection, key));
  INSERT OR IGNORE INTO meta VALUES ('schema', ${SCHEMA_VERSION}), ('revision', 0);
`;

/**
 * Opens or makes the file (mode 0600: it holds secrets). Throws an Error that says what is wrong with it and what to do.
 */
export function sqliteLog(path: string): WriteLog {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // It starts up (some 20 ms) while this thread reads, and opens the file at the first append: only one may have it open.
  // The flags of this process (a debugger's, an evaluator's) are not meant for it.
  const worker = new Worker(workerUrl(), { workerData: { path }, execArgv: [] });
  let loaded: ReturnType<typeof readAll>;
  try {
    loaded = readAll(path);
  } catch (error) {
    void worker.terminate();
    throw error;
  }
  let pending: ((error?: Error) => void) | undefined;
  let dead: Error | undefined;
  const answer = (error?: Error): void => {
    const done = pending;
    pending = undefined;
    done?.(error);
  };
  worker.on('message', (message: AppendAnswer) => answer(message.error === undefined ? undefined : new Error(describe(path, message.error))));
  worker.on('error', (error: Error) => {
    dead = new Error(describe(path, error.message));
    answer(dead);
  });
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      dead ??= new Error(`${path}: the writer has ended`);
      answer(dead);
      resolve();
    });
  });
  return {
    load: () => loaded,
    append(batch, done) {
      if (pending !== undefined) throw new Error('one batch at a time');
      if (dead !== undefined) {
        queueMicrotask(() => done(dead));
        return;
      }
      pending = done;
      const message = pack(batch);
      worker.postMessage(message, [message.bytes.buffer]);
    },
    async close() {
      worker.postMessage('close' satisfies CloseMessage);
      await exited;
    },
  };
}

/** In a bundle the worker lies beside the chunk that holds this file, under a name of its own. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './sqlite-worker.ts' : './store-worker.mjs', import.meta.url);
}

function pack(batch: readonly LogEntry[]): AppendMessage {
  const bytes = new Uint8Array(batch.reduce((sum, entry) => sum + (entry.bytes?.length ?? 0), 0));
  let offset = 0;
  const rows = batch.map((entry) => {
    const length = entry.bytes?.length ?? REMOVED;
    if (entry.bytes !== undefined) {
      bytes.set(entry.bytes, offset);
      offset += length;
    }
    return { collection: entry.collection, key: entry.key, revision: entry.revision, length };
  });
  return { rows, bytes };
}

function readAll(path: string): { revision: number; objects: LoadedObject[] } {
  const umask = process.umask(0o077);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec(PRAGMAS + SCHEMA);
    const meta = new Map(
      database
        .prepare('SELECT name, value FROM meta')
        .all()
        .map((row) => [String(row['name']), Number(row['value'])]),
    );
    const schema = meta.get('schema');
    if (schema !== SCHEMA_VERSION) throw new Error(`its format is version ${schema}, this program knows ${SCHEMA_VERSION}`);
    const rows = database.prepare('SELECT collection, key, revision, data FROM objects').all();
    const objects = rows.map((row) => ({
      collection: String(row['collection']),
      key: String(row['key']),
      revision: Number(row['revision']),
      // The column is a BLOB and never null.
      bytes: row['data'] as Uint8Array,
    }));
    return { revision: meta.get('revision') ?? 0, objects };
  } catch (error) {
    throw new Error(describe(path, error instanceof Error ? error.message : String(error)), { cause: error });
  } finally {
    process.umask(umask);
    database?.close();
  }
}

function describe(path: string, why: string): string {
  return `${path}: ${why}${mend(why)}`;
}

function mend(why: string): string {
  if (/disk is full|ENOSPC/i.test(why)) return ' (free some space there and try again)';
  if (/locked/i.test(why)) return ' (another process has this cluster open: stop it first)';
  if (/readonly|unable to open|EACCES|EROFS/i.test(why)) return ' (it must be writable by this user)';
  if (/malformed|not a database|damaged/i.test(why)) return ' (the file is damaged: restore it from a copy, or delete the cluster)';
  return '';
}
