/**
 * All objects of a cluster, in memory over a write log. Words:
 * - *accepted*: a write has its revision and stands in line for the log; later writes build on it, readers do not see it.
 * - *committed*: its batch is in the log; from then on it is acknowledged, read and watched.
 * While one batch is being committed the next gathers: at 32 writers one fsync serves them all.
 */
import { internalError, requestEntityTooLarge, type StatusError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { StoredObject } from '../engine.ts';
import { Collection } from './collection.ts';
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
/** As much as a request may hold: a patch must not make more of an object than a replace could. */
const OBJECT_BYTES_MAX = 3 * 1024 * 1024;

export class Store {
  readonly #log: WriteLog;
  readonly #clock: Clock;
  readonly #collections = new Map<string, Collection>();
  /** The newest accepted write of each key that is not committed yet. */
  readonly #newest = new Map<string, Accepted>();
  #waiting: Accepted[] = [];
  #committing: readonly Accepted[] = [];
  #revision: number;
  #acceptedRevision: number;
  /** History starts here: nothing is known of changes before the process started. */
  readonly #loadedRevision: number;
  #error: StatusError | undefined;
  #closed = false;
  readonly #reached = new Set<{ revision: number; resolve: () => void }>();

  constructor(log: WriteLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    const { revision, objects } = log.load();
    this.#revision = this.#acceptedRevision = this.#loadedRevision = revision;
    for (const { collection, key, revision: at, bytes } of objects) {
      if (at > revision) throw new Error(`the store is damaged: ${collection} ${key} has revision ${at}, newer than the newest, ${revision}`);
      this.collection(collection).load(key, new StoredJson(at, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
    }
    for (const collection of this.#collections.values()) collection.sort();
  }

  /** The newest committed revision. */
  get revision(): number {
    return this.#revision;
  }

  /** Why the last write was refused by the log; undefined after one that went well. */
  get error(): StatusError | undefined {
    return this.#error;
  }

  collection(name: string): Collection {
    let collection = this.#collections.get(name);
    if (collection === undefined) {
      collection = new Collection(name, this.#loadedRevision);
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

  /** Waits for what is accepted, then closes the log. Later writes are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#committing.length > 0) await this.#committing.at(-1)!.committed.promise.catch(() => {});
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
    if (this.#committing.length === 0) this.#commit();
    return promise;
  }

  #commit(): void {
    const batch = this.#waiting.length > BATCH_MAX ? this.#waiting.splice(0, BATCH_MAX) : this.#waiting;
    if (batch === this.#waiting) this.#waiting = [];
    if (batch.length === 0) return;
    this.#committing = batch;
    this.#log.append(batch.map(logEntry), (error) => {
      this.#committing = [];
      if (error) this.#refuse(batch, error);
      else this.#apply(batch);
      if (this.#committing.length === 0) this.#commit();
    });
  }

  #apply(batch: readonly Accepted[]): void {
    this.#error = undefined;
    const at = this.#clock.now();
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
    this.#error = internalError(`the write could not be stored: ${error.message}`);
    const refused = [...batch, ...this.#waiting];
    this.#waiting = [];
    this.#newest.clear();
    for (const { committed } of refused) committed.reject(this.#error);
  }
}

function accessKey(collection: Collection, key: string): string {
  return `${collection.name} ${key}`;
}

function logEntry({ collection, key, object, deleted }: Accepted): LogEntry {
  const entry = { collection: collection.name, key, revision: object.revision };
  return deleted ? entry : { ...entry, bytes: object.bytes };
}
