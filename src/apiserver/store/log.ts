/** Where accepted writes go before anyone sees them. */

export interface LogEntry {
  collection: string;
  key: string;
  revision: number;
  /** Absent: the object was removed. */
  bytes?: Uint8Array;
}

export interface LoadedObject {
  collection: string;
  key: string;
  revision: number;
  bytes: Uint8Array;
}

export interface WriteLog {
  /** Everything there is, once, before the first append. */
  load(): { revision: number; objects: Iterable<LoadedObject> };
  /** All of the batch or nothing; `done` is called when it is safe on disk, or with the error that kept it from getting there. One at a time. */
  append(batch: readonly LogEntry[], done: (error?: Error) => void): void;
  /** Tells whether `bytes` more could be written, by writing a little. In place of an append. */
  probe(bytes: number, done: (error?: Error) => void): void;
  /** A copy of everything that is in the log, in a new file; appends meanwhile wait. */
  snapshot(path: string): Promise<void>;
  /** No append may be under way. */
  close(): Promise<void>;
}

/** For tests and the virtual world: nothing is kept, everything is at once. */
export function memoryLog(): WriteLog {
  return {
    load: () => ({ revision: 0, objects: [] }),
    append: (_batch, done) => done(),
    probe: (_bytes, done) => done(),
    snapshot: () => Promise.reject(new Error('this cluster is kept in memory only')),
    close: () => Promise.resolve(),
  };
}
