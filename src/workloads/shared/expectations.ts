/**
 * What a controller has asked for and its informer has not shown yet. While something is expected the view is stale, and acting
 * on it would create or delete twice. Lost on restart, which is safe: a new informer begins with a fresh list.
 */
import type { Clock } from '../../runtime/clock.ts';

/** After so long an expectation no longer counts: its event is not going to come (upstream's ExpectationsTimeout). */
const TIMEOUT_MS = 300_000;

interface Expectation {
  creates: number;
  /** UIDs. */
  deletes: Set<string>;
  atMs: number;
}

export class Expectations {
  readonly #clock: Clock;
  readonly #byOwner = new Map<string, Expectation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  satisfied(owner: string): boolean {
    const expected = this.#byOwner.get(owner);
    if (expected === undefined) return true;
    return (expected.creates <= 0 && expected.deletes.size === 0) || this.#clock.monotonic() - expected.atMs > TIMEOUT_MS;
  }

  /** Call before the creates are sent: their events may come before their answers. */
  expectCreates(owner: string, count: number): void {
    this.#byOwner.set(owner, { creates: count, deletes: new Set(), atMs: this.#clock.monotonic() });
  }

  expectDeletes(owner: string, uids: readonly string[]): void {
    this.#byOwner.set(owner, { creates: 0, deletes: new Set(uids), atMs: this.#clock.monotonic() });
  }

  /** A create was seen, or failed and will not be. */
  created(owner: string): void {
    const expected = this.#byOwner.get(owner);
    if (expected !== undefined && expected.creates > 0) expected.creates--;
  }

  deleted(owner: string, uid: string): void {
    this.#byOwner.get(owner)?.deletes.delete(uid);
  }

  forget(owner: string): void {
    this.#byOwner.delete(owner);
  }
}
