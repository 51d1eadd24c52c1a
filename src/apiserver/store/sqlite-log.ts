/**
 * The write log on disk: SQLite in WAL mode with full sync. Reading happens here, once, at start;
 * writing in a worker thread, so that an fsync never holds up a request.
 */
import { Worker } from 'node:worker_threads';
import type { LogEntry, WriteLog } from './log.ts';
import { loadStore, makeStoreFolder, type Loaded } from './sqlite-file.ts';
import { storeError } from './store-errors.ts';
import { lockStore } from './store-lock.ts';

/** To the worker: rows and, one after the other, their bytes (transferred, not copied). */
export interface AppendMessage {
  type: 'append';
  rows: { collection: string; key: string; revision: number; length: number }[];
  bytes: Uint8Array<ArrayBuffer>;
}

export interface ProbeMessage {
  type: 'probe';
  bytes: number;
}

export type Message = AppendMessage | ProbeMessage | { type: 'snapshot'; path: string } | { type: 'close' };

/** From the worker, one for each message. */
export interface Answer {
  to: 'append' | 'probe' | 'snapshot';
  error?: string;
  /** Nothing may be written any more. */
  final?: boolean;
}

/** The length of a removed object. */
export const REMOVED = -1;

type Done = (error?: Error) => void;

/**
 * Opens or makes the file. Throws an Error that says what is wrong with it and what to do.
 */
export function sqliteLog(path: string): WriteLog {
  let lock: ReturnType<typeof lockStore>;
  try {
    makeStoreFolder(path);
    lock = lockStore(path);
  } catch (error) {
    throw storeError(path, messageOf(error), error);
  }
  // It starts up (some 20 ms) while this thread reads, and opens the file at the first append: only one may have it open.
  // The flags of this process (a debugger's, an evaluator's) are not meant for it.
  const worker = new Worker(workerUrl(), { workerData: { path }, execArgv: [] });
  let loaded: Loaded | undefined;
  try {
    loaded = loadStore(path);
  } catch (error) {
    void worker.terminate();
    lock.release();
    throw storeError(path, messageOf(error), error);
  }
  /** An append or a probe; they share their turn. */
  let writing: Done | undefined;
  let snapshot: Done | undefined;
  let dead: Error | undefined;
  const answerWriting = (error?: Error): void => {
    const done = writing;
    writing = undefined;
    done?.(error);
  };
  const answerSnapshot = (error?: Error): void => {
    const done = snapshot;
    snapshot = undefined;
    done?.(error);
  };
  const die = (error: Error): void => {
    dead ??= error;
    answerWriting(dead);
    answerSnapshot(dead);
  };
  worker.on('message', (message: Answer) => {
    const error = message.error === undefined ? undefined : storeError(path, message.error);
    // Of a copy, the failure may be the other disk's.
    if (message.final && message.to !== 'snapshot') dead = error;
    if (message.to === 'snapshot') answerSnapshot(error);
    else answerWriting(error);
  });
  worker.on('error', (error: Error) => die(storeError(path, error.message)));
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      die(new Error(`${path}: the writer has ended`));
      resolve();
    });
  });
  const send = (message: Message, done: Done, transfer: ArrayBuffer[] = []): void => {
    if (writing !== undefined) throw new Error('one batch at a time');
    if (dead !== undefined) {
      queueMicrotask(() => done(dead));
      return;
    }
    writing = done;
    worker.postMessage(message, transfer);
  };
  return {
    load() {
      if (loaded === undefined) throw new Error('a store is loaded once');
      const all = loaded;
      loaded = undefined;
      return all;
    },
    append(batch, done) {
      const message = pack(batch);
      send(message, done, [message.bytes.buffer]);
    },
    probe: (bytes, done) => send({ type: 'probe', bytes }, done),
    snapshot: (to) =>
      new Promise((resolve, reject) => {
        if (dead !== undefined || snapshot !== undefined) {
          reject(dead ?? new Error('a snapshot is being made already'));
          return;
        }
        snapshot = (error) => (error === undefined ? resolve() : reject(error));
        worker.postMessage({ type: 'snapshot', path: to } satisfies Message);
      }),
    async close() {
      worker.postMessage({ type: 'close' } satisfies Message);
      await exited;
      lock.release();
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
  return { type: 'append', rows, bytes };
}
