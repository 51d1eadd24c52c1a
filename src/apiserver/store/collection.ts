/** The objects of one resource by key ('namespace/name' or 'name'), in key order, with their recent history. */
import type { StoredObject } from '../engine.ts';
import { History, type Change, type HistoryBudget } from './history.ts';
import { lowerBound, Walk } from './walk.ts';

export type Listener = (change: Change) => void;

export class Collection {
  readonly name: string;
  readonly history: History;
  readonly #held: { objects: Map<string, StoredObject>; keys: string[]; history: History; version: number };
  /** Of all changes, and of those in one namespace: most watchers of a large cluster look at one. */
  readonly #listeners = new Set<Listener>();
  readonly #listenersIn = new Map<string, Set<Listener>>();

  constructor(name: string, compacted: number, budget?: HistoryBudget) {
    this.name = name;
    this.history = new History(compacted, budget);
    this.#held = { objects: new Map(), keys: [], history: this.history, version: 0 };
  }

  get size(): number {
    return this.#held.objects.size;
  }

  get(key: string): StoredObject | undefined {
    return this.#held.objects.get(key);
  }

  /** Objects with keys in [from, to), in order. */
  *range(from = '', to?: string): Generator<[string, StoredObject]> {
    for (let i = lowerBound(this.#held.keys, from); i < this.#held.keys.length; i++) {
      const key = this.#held.keys[i]!;
      if (to !== undefined && key >= to) return;
      yield [key, this.#held.objects.get(key)!];
    }
  }

  /** The same as it was at `revision`, at the caller's pace. */
  walk(revision: number, from: string, to?: string): Walk {
    return new Walk(this.#held, revision, from, to);
  }

  /** `fn` hears every change after now, in order; with a namespace those of keys in it. */
  listen(fn: Listener, namespace?: string): () => void {
    const among = namespace === undefined ? this.#listeners : (this.#listenersIn.get(namespace) ?? new Set());
    if (namespace !== undefined) this.#listenersIn.set(namespace, among);
    among.add(fn);
    return () => {
      among.delete(fn);
      if (namespace !== undefined && among.size === 0 && this.#listenersIn.get(namespace) === among) this.#listenersIn.delete(namespace);
    };
  }

  /** Fills the collection at start: no history, nobody to tell. `sort` must follow. */
  load(key: string, object: StoredObject): void {
    this.#held.objects.set(key, object);
    this.#held.keys.push(key);
  }

  sort(): void {
    this.#held.keys.sort();
  }

  apply(change: Change): void {
    const { key, object, deleted } = change;
    if (deleted) {
      if (this.#held.objects.delete(key)) this.#held.keys.splice(lowerBound(this.#held.keys, key), 1);
    } else {
      // Moving 20,000 keys costs some 5 µs: cheaper than sorting when the next list comes.
      if (!this.#held.objects.has(key)) this.#held.keys.splice(lowerBound(this.#held.keys, key), 0, key);
      this.#held.objects.set(key, object);
    }
    this.#held.version++;
    this.history.push(change);
    for (const listener of this.#listeners) listener(change);
    if (this.#listenersIn.size === 0) return;
    for (const listener of this.#listenersIn.get(key.slice(0, Math.max(0, key.indexOf('/')))) ?? []) listener(change);
  }
}
