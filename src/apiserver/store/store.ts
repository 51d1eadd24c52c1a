/**
 * All objects of a cluster, in memory over a write log. Words:
 * - *accepted*: a write has its revision and stands in line for the log; later writes build on it, readers do not see it.
 * - *committed*: its batch is in the log; from then on it is acknowledged, read and watched.
 * While one batch is being committed the next gathers: at 32 writers one fsync serves them all.
 */
import { internalError, requestEntityTooLarge, type StatusError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Cancel, Clock } from '../../runtime/clock.ts';
import type { StoredObject } from '../engine.ts';
import { Collection } from './collection.ts';
import { Compaction } from './compaction.ts';
import { HistoryBudget } from './history.ts';
import type { LogEntry, WriteLog } from './log.ts';
import { encode, StoredJson } from './stored-object.ts';

interface Accepted {
  collection: Collection;
  key: string;
  object: StoredObject;
  deleted: boolean;
  committed: PromiseWithResolvers<StoredObject>;
}

/** Under this, a batch takes milliseconds; the rest waits its turn. */
const BATCH_MAX = 1_000;
/** Nor is a batch longer than this in bytes: what is packed for the log is copied in one go. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** While writes are refused the log is asked this often whether it can be written again. */
const PROBE_EVERY_MS = 1_000;
/** As much as a request may hold: a patch must not make more of an object than a replace could. */
const OBJECT_BYTES_MAX = 3 * 1024 * 1024;

export class Store {
  readonly #log: WriteLog;
  readonly #clock: Clock;
  readonly #collections = new Map<string, Collection>();
  readonly #histories = new HistoryBudget();
  /** The newest accepted write of each key that is not committed yet. */
  readonly #newest = new Map<string, Accepted>();
  #waiting: Accepted[] = [];
  /** A batch, or a probe, is on its way to the log. */
  #busy = false;
  #whenIdle: (() => void) | undefined;
  #cancelProbe: Cancel | undefined;
  #revision: number;
  #acceptedRevision: number;
  /** History starts here: nothing is known of changes before the process started. */
  readonly #loadedRevision: number;
  readonly #compaction: Compaction;
  #error: StatusError | undefined;
  #closed = false;
  readonly #reached = new Set<{ revision: number; resolve: () => void }>();

  constructor(log: WriteLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    const { revision, objects } = log.load();
    this.#revision = this.#acceptedRevision = this.#loadedRevision = revision;
    this.#compaction = new Compaction(clock.now(), revision);
    for (const { collection, key, revision: at, bytes } of objects) {
      this.collection(collection).load(key, new StoredJson(at, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
    }
    for (const collection of this.#collections.values()) collection.sort();
  }

  /** The newest committed revision. */
  get revision(): number {
    return this.#revision;
  }

  /** Tokens for the rest of a list at an earlier revision are too old. */
  get compacted(): number {
    return this.#compaction.upTo(this.#clock.now(), this.#revision);
  }

  /** Why the log refuses writes; undefined again as soon as it would take one. */
  get error(): StatusError | undefined {
    return this.#error;
  }

  collection(name: string): Collection {
    let collection = this.#collections.get(name);
    if (collection === undefined) {
      collection = new Collection(name, this.#loadedRevision, this.#histories);
      this.#collections.set(name, collection);
    }
    return collection;
  }

  /** The newest accepted state: what a write must be based on. */
  newest(collection: Collection, key: string): StoredObject | undefined {
    const accepted = this.#newest.get(accessKey(collection, key));
    if (accepted === undefined) return collection.get(key);
    return accepted.deleted ? undefined : accepted.object;
  }

  /** Resolves when the newest accepted state of the key is committed: what an update that changes nothing answers with. */
  async settled(collection: Collection, key: string): Promise<void> {
    await this.#newest.get(accessKey(collection, key))?.committed.promise;
  }

  /** Accepts a new state; the object is taken over and gets its resourceVersion here. Resolves when it is committed. */
  put(collection: Collection, key: string, object: KubeObject): Promise<StoredObject> {
    return this.#accept(collection, key, object, false);
  }

  /** Accepts a removal; `last` (taken over) is the state watchers are shown. */
  remove(collection: Collection, key: string, last: KubeObject): Promise<StoredObject> {
    return this.#accept(collection, key, last, true);
  }

  /** Resolves when `revision` is committed. */
  reached(revision: number, timeoutMs: number): Promise<boolean> {
    if (this.#revision >= revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter = {
        revision,
        resolve: () => {
          cancel();
          resolve(true);
        },
      };
      const cancel = this.#clock.after(timeoutMs, () => {
        this.#reached.delete(waiter);
        resolve(false);
      });
      this.#reached.add(waiter);
    });
  }

  /** A copy of everything that is committed, in a new file; writes wait meanwhile, and readers do not. */
  snapshot(path: string): Promise<void> {
    return this.#log.snapshot(path);
  }

  /** Waits for what is accepted, then closes the log. Later writes are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelProbe?.();
    while (this.#busy) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    await this.#log.close();
  }

  #accept(collection: Collection, key: string, object: KubeObject, deleted: boolean): Promise<StoredObject> {
    if (this.#closed) return Promise.reject(internalError('the store is closed'));
    const revision = ++this.#acceptedRevision;
    object.metadata.resourceVersion = String(revision);
    const encoded = encode(revision, object);
    if (encoded.bytes.length > OBJECT_BYTES_MAX && !deleted) return Promise.reject(requestEntityTooLarge(OBJECT_BYTES_MAX));
    const accepted: Accepted = { collection, key, object: encoded, deleted, committed: Promise.withResolvers() };
    this.#newest.set(accessKey(collection, key), accepted);
    this.#waiting.push(accepted);
    const { promise } = accepted.committed;
    if (!this.#busy) this.#commit();
    return promise;
  }

  #commit(): void {
    const batch = this.#nextBatch();
    if (batch.length === 0) {
      this.#whenIdle?.();
      return;
    }
    this.#busy = true;
    this.#log.append(batch.map(logEntry), (error) => {
      this.#busy = false;
      if (error) this.#refuse(batch, error);
      else this.#apply(batch);
      if (!this.#busy) this.#commit();
    });
  }

  #nextBatch(): Accepted[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length && count < BATCH_MAX && bytes < BATCH_BYTES_MAX; count++)
      bytes += this.#waiting[count]!.object.bytes.length;
    if (count < this.#waiting.length) return this.#waiting.splice(0, count);
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }

  #apply(batch: readonly Accepted[]): void {
    this.#error = undefined;
    const at = this.#clock.now();
    this.#compaction.upTo(at, this.#revision);
    for (const accepted of batch) {
      const { collection, key, object, deleted } = accepted;
      if (object.revision <= this.#revision) throw new Error(`revision ${object.revision} committed after ${this.#revision}`);
      this.#revision = object.revision;
      const id = accessKey(collection, key);
      if (this.#newest.get(id) === accepted) this.#newest.delete(id);
      collection.apply({ revision: object.revision, at, key, object, previous: collection.get(key), deleted });
      accepted.committed.resolve(object);
    }
    for (const waiter of this.#reached) {
      if (waiter.revision > this.#revision) continue;
      this.#reached.delete(waiter);
      waiter.resolve();
    }
  }

  /** Nothing of the batch is there, and what was accepted after it may build on it: all of it is refused. */
  #refuse(batch: readonly Accepted[], error: Error): void {
    this.#error = refusal(error);
    const refused = [...batch, ...this.#waiting];
    this.#waiting = [];
    this.#newest.clear();
    for (const { committed } of refused) committed.reject(this.#error);
    this.#probeLater(refused.reduce((sum, { object }) => sum + object.bytes.length, 0));
  }

  /** Nobody may write while the server says that it is not ready: that it is again has to be found out. */
  #probeLater(bytes: number): void {
    this.#cancelProbe?.();
    this.#cancelProbe = this.#clock.after(PROBE_EVERY_MS, () => {
      if (this.#error === undefined || this.#closed) return;
      if (this.#busy) return this.#probeLater(bytes);
      this.#busy = true;
      this.#log.probe(bytes, (error) => {
        this.#busy = false;
        if (error === undefined) this.#error = undefined;
        else this.#error = refusal(error);
        if (error !== undefined && !this.#closed) this.#probeLater(bytes);
        this.#commit();
      });
    });
  }
}

function refusal(error: Error): StatusError {
  return internalError(`the write could not be stored: ${error.message}`);
}

function accessKey(collection: Collection, key: string): string {
  return `${collection.name} ${key}`;
}

function logEntry({ collection, key, object, deleted }: Accepted): LogEntry {
  const entry = { collection: collection.name, key, revision: object.revision };
  return deleted ? entry : { ...entry, bytes: object.bytes };
}
