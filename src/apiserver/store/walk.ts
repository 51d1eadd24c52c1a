/** The objects of a collection as they were at one revision, one after the other, while the collection goes on changing. */
import type { StoredObject } from '../engine.ts';
import type { Place, SortedKeys } from './sorted-keys.ts';

/** What a walk sees of its collection. */
export interface Walked {
  readonly keys: SortedKeys;
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
  #place: Place = { block: 0, offset: 0 };
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
    let live = keys.at(this.#place);
    while (live !== undefined && this.#then.has(live)) {
      keys.advance(this.#place);
      live = keys.at(this.#place);
    }
    if (live !== undefined && !this.#isBeforeEnd(live)) live = undefined;
    const past = this.#past.at(-1);
    if (past !== undefined && (live === undefined || past < live)) {
      this.#past.pop();
      return this.#at(past, this.#then.get(past)!);
    }
    if (live === undefined) return undefined;
    keys.advance(this.#place);
    return this.#at(live, objects.get(live)!);
  }

  /** How many `next` would still answer. Throws RevisionGone. */
  get left(): number {
    if (this.#version !== this.#walked.version) this.#catchUp();
    const { keys, objects } = this.#walked;
    const end = this.#to === undefined ? keys.size : keys.rank(this.#to);
    let count = end - keys.rank(this.#from) + this.#past.length;
    for (const key of this.#then.keys()) if (objects.has(key) && this.#isBeforeEnd(key) && key >= this.#from) count--;
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
    this.#place = keys.find(this.#from);
    this.#version = version;
  }
}
