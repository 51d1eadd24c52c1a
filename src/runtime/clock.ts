/** Time as an argument: controllers never call Date.now or setTimeout. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Milliseconds since a moment of its own, for durations that only memory holds: what is done to the machine's time does not move it.
   */
  monotonic(): number;
  /** Calls `fn` once after `delayMs`, unless cancelled. */
  after(delayMs: number, fn: () => void): Cancel;
  /** Resolves after `delayMs`, or at once when the signal aborts (never rejects). */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export type Cancel = () => void;

const TIMER_MAX_MS = 2 ** 31 - 1;

/** Most are asked for in the second of the one before. */
const last = { second: Number.NaN, text: '' };

/** `metadata.creationTimestamp` and its like: whole seconds, UTC. */
export function timestamp(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== last.second) {
    last.text = new Date(second * 1000).toISOString().replace('.000Z', 'Z');
    last.second = second;
  }
  return last.text;
}

/** metav1.MicroTime, for leases and events. */
export function microTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, fn) {
    let timer: NodeJS.Timeout;
    // Node's timers end after 25 days and fire at once when asked for more.
    const wait = (leftMs: number): void => {
      timer = leftMs > TIMER_MAX_MS ? setTimeout(() => wait(leftMs - TIMER_MAX_MS), TIMER_MAX_MS) : setTimeout(fn, Math.max(0, leftMs));
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
  sleep(delayMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.max(0, delayMs), TIMER_MAX_MS));
      signal?.addEventListener('abort', done, { once: true });
    });
  },
};
