/**
 * From when on tokens for the rest of a list are too old. Upstream has etcd compacted every five minutes up to the revision of five
 * minutes before; a client that works with both finds the same here, though our history may reach further back.
 */
const EVERY_MS = 300_000;

export class Compaction {
  /** Epoch ms. */
  #last: number;
  /** The store's revision then. */
  #revision: number;
  #compacted = 0;

  constructor(nowMs: number, revision: number) {
    this.#last = nowMs;
    this.#revision = revision;
  }

  /** Lists at earlier revisions are refused. To be called with the newest revision, `newest`, also before there is a newer one. */
  upTo(nowMs: number, newest: number): number {
    const rounds = Math.floor((nowMs - this.#last) / EVERY_MS);
    if (rounds > 0) {
      this.#compacted = rounds === 1 ? this.#revision : newest;
      this.#revision = newest;
      this.#last += rounds * EVERY_MS;
    }
    return this.#compacted;
  }
}
