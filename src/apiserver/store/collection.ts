/** The objects of one resource by key ('namespace/name' or 'name'), in key order, with their recent history. */
import type { StoredObject } from '../engine.ts';
import { History, type Change, type HistoryBudget } from './history.ts';

export type Listener = (change: Change) => void;

export class Collection {
  readonly name: string;
  readonly history: History;
  readonly #objects = new Map<string, StoredObject>();
  readonly #keys: string[] = [];
  readonly #listeners = new Set<Listener>();

  constructor(name: string, compacted: number, budget?: HistoryBudget) {
    this.name = name;
    this.history = new History(compacted, budget);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** Objects with keys in [from, to), in order. */
  *range(from = '', to?: string): Generator<[string, StoredObject]> {
    for (let i = lowerBound(this.#keys, from); i < this.#keys.length; i++) {
      const key = this.#keys[i]!;
      if (to !== undefined && key >= to) return;
      yield [key, this.#objects.get(key)!];
    }
  }

  /** The same as it was at `revision`, which must not be before `history.compacted`. */
  rangeAt(revision: number, from: string, to?: string): [string, StoredObject][] {
    const then = this.history.undo(revision);
    if (then.size === 0) return [...this.range(from, to)];
    const found: [string, StoredObject][] = [];
    for (const entry of this.range(from, to)) if (!then.has(entry[0])) found.push(entry);
    for (const [key, object] of then) if (object !== undefined && key >= from && (to === undefined || key < to)) found.push([key, object]);
    return found.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** `fn` hears every change after now, in order. */
  listen(fn: Listener): () => void {
    this.#listeners.add(fn);
    return () => {
      this.#listeners.delete(fn);
    };
  }

  /** Fills the collection at start: no history, nobody to tell. `sort` must follow. */
  load(key: string, object: StoredObject): void {
    this.#objects.set(key, object);
    this.#keys.push(key);
  }

  sort(): void {
    this.#keys.sort();
  }

  apply(change: Change): void {
    const { key, object, deleted } = change;
    if (deleted) {
      if (this.#objects.delete(key)) this.#keys.splice(lowerBound(this.#keys, key), 1);
    } else {
      // Moving 20,000 keys costs some 5 µs: cheaper than sorting when the next list comes.
      if (!this.#objects.has(key)) this.#keys.splice(lowerBound(this.#keys, key), 0, key);
      this.#objects.set(key, object);
    }
    this.history.push(change);
    for (const listener of this.#listeners) listener(change);
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
