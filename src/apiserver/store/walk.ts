/** The objects of a collection as they were at one revision, one after the other, while the collection goes on changing. */
import type { StoredObject } from '../engine.ts';

/** What a walk sees of its collection. */
export interface Walked {
  readonly keys: readonly string[];
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** Grows with each change. */
  readonly version: number;
  readonly history: { readonly compacted: number; undo(revision: number): Map<string, StoredObject | undefined> };
}

/** The revision is no longer known: so much has changed since. */
export class RevisionGone extends Error {}

export class Walk {
  readonly #walked: Walked;
  readonly #revision: number;
  readonly #to: string | undefined;
  /** Where the next key is, or follows. */
  #from: string;
  #index = 0;
  /** What has changed since the revision, as it was then. */
  #then: ReadonlyMap<string, StoredObject | undefined> = new Map();
  /** Of these the keys that were there then and are still to come; the next one last. */
  #past: string[] = [];
  #version = -1;
  #key = '';

  /** Keys in [from, to). */
  constructor(walked: Walked, revision: number, from: string, to: string | undefined) {
    this.#walked = walked;
    this.#revision = revision;
    this.#from = from;
    this.#to = to;
  }

  /** Of what `next` answered. */
  get key(): string {
    return this.#key;
  }

  /** Undefined at the end. Throws RevisionGone. */
  next(): StoredObject | undefined {
    if (this.#version !== this.#walked.version) this.#catchUp();
    const { keys, objects } = this.#walked;
    while (this.#index < keys.length && this.#then.has(keys[this.#index]!)) this.#index++;
    const live = this.#index < keys.length && this.#isBeforeEnd(keys[this.#index]!) ? keys[this.#index] : undefined;
    const past = this.#past.at(-1);
    if (past !== undefined && (live === undefined || past < live)) {
      this.#past.pop();
      return this.#at(past, this.#then.get(past)!);
    }
    if (live === undefined) return undefined;
    this.#index++;
    return this.#at(live, objects.get(live)!);
  }

  /** How many `next` would still answer. Throws RevisionGone. */
  get left(): number {
    if (this.#version !== this.#walked.version) this.#catchUp();
    const { keys, objects } = this.#walked;
    const end = this.#to === undefined ? keys.length : lowerBound(keys, this.#to);
    let count = Math.max(0, end - this.#index) + this.#past.length;
    for (const key of this.#then.keys()) if (objects.has(key) && this.#isBeforeEnd(key) && lowerBound(keys, key) >= this.#index) count--;
    return count;
  }

  #at(key: string, object: StoredObject): StoredObject {
    this.#key = key;
    this.#from = `${key}\0`;
    return object;
  }

  #isBeforeEnd(key: string): boolean {
    return this.#to === undefined || key < this.#to;
  }

  #catchUp(): void {
    const { history, keys, version } = this.#walked;
    if (this.#revision < history.compacted) throw new RevisionGone();
    this.#then = history.undo(this.#revision);
    this.#past = [...this.#then].flatMap(([key, object]) => (object !== undefined && key >= this.#from && this.#isBeforeEnd(key) ? [key] : []));
    this.#past.sort((a, b) => (a < b ? 1 : -1));
    this.#index = lowerBound(keys, this.#from);
    this.#version = version;
  }
}

/** Index of the first key that is not less. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
