/**
 * The work queue under every controller: a key that is added many times is worked on once, never by two workers at a time,
 * and once more if it was added while being worked on.
 * Memory is bounded by the number of different keys, not by the number of adds.
 */
import type { Cancel, Clock } from './clock.ts';
import type { QueueMeter } from './queue-meter.ts';

/** Upstream's default per-item back-off: 5 ms doubling up to 1000 s (client-go DefaultTypedControllerRateLimiter). */
const BACKOFF = { baseMs: 5, maxMs: 1_000_000 };

export class WorkQueue {
  readonly #clock: Clock;
  readonly #meter: QueueMeter | undefined;
  /** Keys that need work; those also in `#processing` wait for their worker to be done. */
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  /** Keys ready to be taken, in order. A Set keeps order and makes taking the first O(1). */
  readonly #ready = new Set<string>();
  readonly #waiters: ((key: string | undefined) => void)[] = [];
  readonly #delayed = new Map<string, { at: number; cancel: Cancel }>();
  readonly #failures = new Map<string, number>();
  #closed = false;

  constructor(clock: Clock, { meter }: { meter?: QueueMeter } = {}) {
    this.#clock = clock;
    this.#meter = meter;
  }

  /** Keys waiting to be taken (delayed ones not counted). */
  get length(): number {
    return this.#ready.size;
  }

  add(key: string): void {
    if (this.#closed || this.#dirty.has(key)) return;
    this.#dirty.add(key);
    this.#meter?.added(key);
    if (!this.#processing.has(key)) this.#offer(key);
  }

  /** Adds after a delay; of several delays for a key the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return;
    if (delayMs <= 0) return this.add(key);
    const at = this.#clock.monotonic() + delayMs;
    const waiting = this.#delayed.get(key);
    if (waiting !== undefined && waiting.at <= at) return;
    waiting?.cancel();
    const cancel = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { at, cancel });
  }

  /** Adds after a delay that doubles with every call for the key until `forget`. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#meter?.retried();
    this.addAfter(key, Math.min(BACKOFF.baseMs * 2 ** Math.min(failures, 40), BACKOFF.maxMs));
  }

  /** The key went well: its back-off starts from the beginning again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, to be given back with `done`; undefined once the queue is closed. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    for (const key of this.#ready) {
      this.#ready.delete(key);
      this.#begin(key);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  done(key: string): void {
    this.#processing.delete(key);
    this.#meter?.done(key);
    if (!this.#closed && this.#dirty.has(key)) this.#offer(key);
  }

  /** Ends all waiting; nothing is handed out any more. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#dirty.clear();
    for (const waiter of this.#waiters.splice(0)) waiter(undefined);
  }

  #offer(key: string): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#ready.add(key);
      return;
    }
    this.#begin(key);
    waiter(key);
  }

  #begin(key: string): void {
    this.#dirty.delete(key);
    this.#processing.add(key);
    this.#meter?.taken(key);
  }
}
