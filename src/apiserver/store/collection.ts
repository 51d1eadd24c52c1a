/** The objects of one resource by key ('namespace/name' or 'name'), in key order, with their recent history. */
import type { StoredObject } from '../engine.ts';
import { History, type Change, type HistoryBudget } from './history.ts';
import { SortedKeys } from './sorted-keys.ts';
import { Walk } from './walk.ts';

export type Listener = (change: Change) => void;

export class Collection {
  readonly name: string;
  readonly history: History;
  readonly #held: { objects: Map<string, StoredObject>; keys: SortedKeys; history: History; version: number };
  /** Of all changes, and of those in one namespace: most watchers of a large cluster look at one. */
  readonly #listeners = new Set<Listener>();
  readonly #listenersIn = new Map<string, Set<Listener>>();

  constructor(name: string, compacted: number, budget?: HistoryBudget) {
    this.name = name;
    this.history = new History(compacted, budget);
    this.#held = { objects: new Map(), keys: new SortedKeys(), history: this.history, version: 0 };
  }

  get size(): number {
    return this.#held.objects.size;
  }

  get(key: string): StoredObject | undefined {
    return this.#held.objects.get(key);
  }

  /** Objects with keys in [from, to), in order. */
  *range(from = '', to?: string): Generator<[string, StoredObject]> {
    const { keys, objects } = this.#held;
    const place = keys.find(from);
    for (let key = keys.at(place); key !== undefined && (to === undefined || key < to); key = keys.at(place)) {
      yield [key, objects.get(key)!];
      keys.advance(place);
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
  }

  sort(): void {
    this.#held.keys.load([...this.#held.objects.keys()]);
  }

  apply(change: Change): void {
    const { key, object, deleted } = change;
    if (deleted) {
      if (this.#held.objects.delete(key)) this.#held.keys.remove(key);
    } else {
      if (!this.#held.objects.has(key)) this.#held.keys.insert(key);
      this.#held.objects.set(key, object);
    }
    this.#held.version++;
    this.history.push(change);
    for (const listener of this.#listeners) listener(change);
    if (this.#listenersIn.size === 0) return;
    for (const listener of this.#listenersIn.get(key.slice(0, Math.max(0, key.indexOf('/')))) ?? []) listener(change);
  }
}
