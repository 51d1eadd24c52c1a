/** The changes of one collection, in revision order, as far back as they are kept. */
import type { StoredObject } from '../engine.ts';

export interface Change {
  readonly revision: number;
  /** Epoch ms. */
  readonly at: number;
  readonly key: string;
  /** The new state; for a deletion the last state at the deletion's revision. */
  readonly object: StoredObject;
  /** Undefined: created. */
  readonly previous: StoredObject | undefined;
  readonly deleted: boolean;
}

/** Upstream's watch cache keeps at least 75 s; twice that lets a client that was suspended for a minute carry on. */
const KEEP_MS = 150_000;
/** Kept whatever their age: a quiet collection can be watched from long ago. */
const KEEP_AT_LEAST = 1_000;
const KEEP_AT_MOST = 100_000;
/** Of encoded objects; large objects that change often have a shorter history. */
const KEEP_BYTES_MAX = 64 * 1024 * 1024;
/** Of all collections together. */
const KEEP_TOTAL_BYTES_MAX = 128 * 1024 * 1024;

/** What the histories of a store hold together; the largest gives way. */
export class HistoryBudget {
  readonly #histories: History[] = [];
  #bytes = 0;

  join(history: History): void {
    this.#histories.push(history);
  }

  /** `by` may be negative. */
  grow(by: number): void {
    this.#bytes += by;
  }

  settle(): void {
    while (this.#bytes > KEEP_TOTAL_BYTES_MAX) {
      const largest = this.#histories.reduce((most, history) => (history.bytes > most.bytes ? history : most));
      if (!largest.dropOldest()) return;
    }
  }
}

export class History {
  readonly #budget: HistoryBudget;
  readonly #changes: Change[] = [];
  /** Index of the oldest change kept: dropped ones are cut off in bulk. */
  #first = 0;
  #bytes = 0;
  #compacted: number;

  /** Nothing is known of what happened up to `compacted`. */
  constructor(compacted: number, budget = new HistoryBudget()) {
    this.#compacted = compacted;
    this.#budget = budget;
    budget.join(this);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Changes after this revision are all there. */
  get compacted(): number {
    return this.#compacted;
  }

  push(change: Change): void {
    const last = this.#changes.at(-1);
    if (last !== undefined && last.revision >= change.revision)
      throw new Error(`revision ${change.revision} follows ${last.revision}: history must move forward`);
    this.#changes.push(change);
    this.#bytes += change.object.bytes.length;
    this.#budget.grow(change.object.bytes.length);
    while (this.#tooMuch(change.at)) this.dropOldest();
    this.#budget.settle();
  }

  /** Changes after `revision`, oldest first; `revision` must not be before `compacted`. */
  *after(revision: number): Generator<Change> {
    for (let i = this.#search(revision); i < this.#changes.length; i++) yield this.#changes[i]!;
  }

  /** What each key changed since `revision` was then (undefined: absent). */
  undo(revision: number): Map<string, StoredObject | undefined> {
    const then = new Map<string, StoredObject | undefined>();
    for (let i = this.#changes.length - 1; i >= this.#first; i--) {
      const change = this.#changes[i]!;
      if (change.revision <= revision) break;
      then.set(change.key, change.previous);
    }
    return then;
  }

  /** Index of the first change after `revision`. */
  #search(revision: number): number {
    let low = this.#first;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#changes[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** False when there is but the newest, which is always kept: someone is about to be told of it. */
  dropOldest(): boolean {
    if (this.#changes.length - this.#first <= 1) return false;
    const oldest = this.#changes[this.#first]!;
    this.#compacted = oldest.revision;
    this.#bytes -= oldest.object.bytes.length;
    this.#budget.grow(-oldest.object.bytes.length);
    this.#first++;
    // Cutting the array costs its length: only when at least half of it is dropped.
    if (this.#first > this.#changes.length / 2) {
      this.#changes.splice(0, this.#first);
      this.#first = 0;
    }
    return true;
  }

  #tooMuch(nowMs: number): boolean {
    const count = this.#changes.length - this.#first;
    if (this.#bytes > KEEP_BYTES_MAX) return count > 1;
    if (count <= KEEP_AT_LEAST) return false;
    return count > KEEP_AT_MOST || nowMs - this.#changes[this.#first]!.at > KEEP_MS;
  }
}
