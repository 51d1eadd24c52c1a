/**
 * Pods that wait to be scheduled. *Active* pods are tried now, by priority; pods that just failed *back off* (1 s doubling to 10 s);
 * pods that nothing changed for are *unschedulable* until an event may help, or 5 minutes have passed.
 */
import { podPriority } from '../kube/pods.ts';
import type { Pod } from '../kube/types.ts';
import type { Cancel, Clock } from '../runtime/clock.ts';

const INITIAL_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 10_000;
const FLUSH_AFTER_MS = 300_000;

interface Entry {
  pod: Pod;
  attempts: number;
  addedAt: number;
  failedAt: number;
  /** Something that may help has happened since the last try began. */
  moved: boolean;
  /** Activated while it was being tried. */
  urgent: boolean;
}

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #active = new Map<string, Entry>();
  readonly #waiting = new Map<string, Entry>();
  #inFlight: Entry | undefined;
  #wake: (() => void) | undefined;
  #timer: Cancel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds or refreshes a pod; a changed pod that waits is tried again. */
  add(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    if (this.#inFlight?.pod.metadata.uid === uid) {
      this.#inFlight.pod = pod;
      return;
    }
    const waiting = this.#waiting.get(uid);
    if (waiting) {
      waiting.pod = pod;
      return;
    }
    const active = this.#active.get(uid);
    if (active) active.pod = pod;
    else this.#active.set(uid, { pod, attempts: 0, addedAt: this.#clock.now(), failedAt: 0, moved: false, urgent: false });
    this.#notify();
  }

  remove(uid: string): void {
    this.#active.delete(uid);
    this.#waiting.delete(uid);
  }

  /** Something changed that may let pods in: those that waited long enough are tried again, the others when their back-off ends. */
  moveAll(): void {
    if (this.#inFlight) this.#inFlight.moved = true;
    for (const entry of this.#waiting.values()) entry.moved = true;
    this.#promote();
  }

  /** A pod that waits is tried at once. */
  activate(uid: string): void {
    const entry = this.#waiting.get(uid);
    if (!entry) {
      if (this.#inFlight?.pod.metadata.uid === uid) this.#inFlight.urgent = true;
      return;
    }
    this.#waiting.delete(uid);
    this.#active.set(uid, entry);
    this.#notify();
  }

  /** The most important pod; undefined when none is active. The caller answers with `done` or `failed`. */
  take(): Pod | undefined {
    let best: Entry | undefined;
    for (const entry of this.#active.values()) {
      if (!best || podPriority(entry.pod) > podPriority(best.pod) || (podPriority(entry.pod) === podPriority(best.pod) && entry.addedAt < best.addedAt)) best = entry;
    }
    if (!best) return undefined;
    this.#active.delete(best.pod.metadata.uid ?? '');
    best.moved = false;
    best.urgent = false;
    best.attempts++;
    this.#inFlight = best;
    return best.pod;
  }

  /** The pod taken last found a place (or is gone). */
  done(): void {
    this.#inFlight = undefined;
  }

  /** The pod taken last did not: it waits. */
  failed(): void {
    const entry = this.#inFlight;
    this.#inFlight = undefined;
    if (!entry) return;
    entry.failedAt = this.#clock.now();
    this.#waiting.set(entry.pod.metadata.uid ?? '', entry);
    if (entry.urgent) this.activate(entry.pod.metadata.uid ?? '');
    this.#promote();
  }

  /** Resolves when there may be a pod to take. */
  async ready(signal: AbortSignal): Promise<void> {
    if (this.#active.size > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #dueAt(entry: Entry): number {
    const backoff = Math.min(MAX_BACKOFF_MS, INITIAL_BACKOFF_MS * 2 ** Math.min(entry.attempts - 1, 10));
    return entry.failedAt + (entry.moved ? backoff : FLUSH_AFTER_MS);
  }

  /** Activates what is due and sets the timer for what comes next. */
  #promote(): void {
    this.#timer?.();
    this.#timer = undefined;
    const now = this.#clock.now();
    let next = Infinity;
    for (const [uid, entry] of this.#waiting) {
      const due = this.#dueAt(entry);
      if (due > now) {
        next = Math.min(next, due);
        continue;
      }
      this.#waiting.delete(uid);
      this.#active.set(uid, entry);
    }
    if (this.#active.size > 0) this.#notify();
    if (next < Infinity) this.#timer = this.#clock.after(next - now, () => this.#promote());
  }

  close(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#notify();
  }
}
