/**
 * Time that only moves when told to: for tests and the virtual world. Timers fire in order of their due time, then of their making,
 * and everything that a timer sets off (promises, in-process API calls) comes to rest before the next one fires.
 */
import type { Cancel, Clock } from './clock.ts';

interface Timer {
  at: number;
  order: number;
  fn: () => void;
}

export class VirtualClock implements Clock {
  #now: number;
  /** By how much the machine's time was set forward. */
  #ahead = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();
  readonly #settle: () => Promise<void>;

  /** `startMs` is epoch milliseconds; `settle` waits until nothing runs any more (default: a few turns of the event loop). */
  constructor(startMs = Date.UTC(2026, 0, 1), settle: () => Promise<void> = settleEventLoop) {
    this.#now = startMs;
    this.#settle = settle;
  }

  now(): number {
    return this.#now + this.#ahead;
  }

  monotonic(): number {
    return this.#now;
  }

  /** As when somebody sets the machine's time: nothing falls due by it. `ms` may be negative. */
  set(ms: number): void {
    this.#ahead += ms;
  }

  after(delayMs: number, fn: () => void): Cancel {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, fn };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.after(delayMs, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  /** Moves time on by `ms`, firing what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settle();
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) await this.#fire(timer);
    this.#now = end;
  }

  /**
   * Moves time on from timer to timer until `condition` holds, at most `limitMs`; answers whether it holds.
   * The time passed is as short as the timers allow.
   */
  async runUntil(condition: () => boolean | Promise<boolean>, limitMs = 3_600_000): Promise<boolean> {
    const end = this.#now + limitMs;
    await this.#settle();
    while (!(await condition())) {
      const timer = this.#next(end);
      if (timer === undefined) return false;
      await this.#fire(timer);
    }
    return true;
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.fn();
    await this.#settle();
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= end && (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))) first = timer;
    }
    return first;
  }
}

/** Each turn drains all microtasks; a few turns let chains that pass through setImmediate or nextTick come to rest. */
async function settleEventLoop(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
}
