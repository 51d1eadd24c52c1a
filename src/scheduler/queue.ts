/**
 * Pods that wait for a node. **active**: to be tried now, by priority, then by age. **back-off**: tried lately, again after 1 to 10 s.
 * **unschedulable**: no use to try before something in the cluster changes (or five minutes have passed).
 * The numbers are kube-scheduler's. Holds one small entry a pod.
 */
import type { ObjectKey } from '../kube/types.ts';
import type { Clock } from '../runtime/clock.ts';

const BACKOFF_BASE_MS = 1000;
const BACKOFF_MAX_MS = 10_000;
const UNSCHEDULABLE_MAX_MS = 300_000;
const FLUSH_EVERY_MS = 30_000;
/** Back-offs end in steps of this, so that one timer serves many. */
const BACKOFF_STEP_MS = 100;

export interface QueuedPod {
  readonly uid: string;
  readonly key: ObjectKey;
  readonly priority: number;
  attempts: number;
  /** Of the last attempt, or of being added; epoch ms. */
  since: number;
}

type Place = 'active' | 'backoff' | 'unschedulable' | 'taken';

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #places = new Map<string, { place: Place; entry: QueuedPod }>();
  /** By priority; each in the order of being added. */
  readonly #active = new Map<number, Map<string, QueuedPod>>();
  readonly #backoff = new Map<string, QueuedPod>();
  readonly #unschedulable = new Map<string, QueuedPod>();
  #backoffTimer = false;
  #flushTimer = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many wait, by upstream's names of the queues. */
  sizes(): Record<'active' | 'backoff' | 'unschedulable', number> {
    let active = 0;
    for (const entries of this.#active.values()) active += entries.size;
    return { active, backoff: this.#backoff.size, unschedulable: this.#unschedulable.size };
  }

  has(uid: string): boolean {
    return this.#places.has(uid);
  }

  add(uid: string, key: ObjectKey, priority: number): void {
    if (!this.#places.has(uid)) this.#put('active', { uid, key, priority, attempts: 0, since: this.#clock.monotonic() });
  }

  remove(uid: string): void {
    const found = this.#places.get(uid);
    if (!found) return;
    this.#places.delete(uid);
    this.#detach(found.place, found.entry);
  }

  /** The most important active pod; it is given back with `unschedulable`, `retry` or `remove`. */
  take(): QueuedPod | undefined {
    let best: Map<string, QueuedPod> | undefined;
    let highest = -Infinity;
    for (const [priority, entries] of this.#active) if (priority > highest) [highest, best] = [priority, entries];
    for (const entry of best?.values() ?? []) {
      entry.attempts++;
      entry.since = this.#clock.monotonic();
      this.#move(entry.uid, 'taken');
      return entry;
    }
    return undefined;
  }

  /** No node would have it: waits for a change. */
  unschedulable(uid: string): void {
    if (this.#places.get(uid)?.place === 'taken') this.#move(uid, 'unschedulable');
  }

  /** Something went wrong that may be right next time. */
  retry(uid: string): void {
    if (this.#places.get(uid)?.place === 'taken') this.#move(uid, 'backoff');
  }

  /** Something changed that may help the unschedulable pods that `helps` names; each still serves its back-off. */
  moveAll(helps: (entry: QueuedPod) => boolean = () => true): void {
    for (const entry of this.#unschedulable.values())
      if (helps(entry)) this.#move(entry.uid, this.#due(entry) <= this.#clock.monotonic() ? 'active' : 'backoff');
  }

  /** Tries a waiting pod at once. */
  activate(uid: string): void {
    const place = this.#places.get(uid)?.place;
    if (place === 'backoff' || place === 'unschedulable') this.#move(uid, 'active');
  }

  /** Resolves when a pod is active or the signal aborts. One waiter at a time. */
  wait(signal: AbortSignal): Promise<void> {
    if (this.#active.size > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #due(entry: QueuedPod): number {
    const backoff = Math.min(BACKOFF_BASE_MS * 2 ** Math.min(Math.max(0, entry.attempts - 1), 10), BACKOFF_MAX_MS);
    return Math.ceil((entry.since + backoff) / BACKOFF_STEP_MS) * BACKOFF_STEP_MS;
  }

  #move(uid: string, place: Place): void {
    const found = this.#places.get(uid);
    if (!found) return;
    this.#detach(found.place, found.entry);
    this.#put(place, found.entry);
  }

  #detach(place: Place, entry: QueuedPod): void {
    if (place === 'active') {
      const entries = this.#active.get(entry.priority);
      entries?.delete(entry.uid);
      if (entries?.size === 0) this.#active.delete(entry.priority);
    } else if (place !== 'taken') (place === 'backoff' ? this.#backoff : this.#unschedulable).delete(entry.uid);
  }

  #put(place: Place, entry: QueuedPod): void {
    this.#places.set(entry.uid, { place, entry });
    if (place === 'active') {
      const entries = this.#active.get(entry.priority);
      if (entries) entries.set(entry.uid, entry);
      else this.#active.set(entry.priority, new Map([[entry.uid, entry]]));
      this.#wake?.();
    } else if (place === 'backoff') {
      this.#backoff.set(entry.uid, entry);
      this.#armBackoff();
    } else if (place === 'unschedulable') {
      this.#unschedulable.set(entry.uid, entry);
      this.#armFlush();
    }
  }

  /** Timers run only while somebody waits for them. */
  #armBackoff(): void {
    if (this.#backoffTimer || this.#backoff.size === 0) return;
    this.#backoffTimer = true;
    let next = Infinity;
    for (const entry of this.#backoff.values()) next = Math.min(next, this.#due(entry));
    // A pod that comes later with a shorter back-off is found one base period on at the latest.
    this.#clock.after(Math.min(BACKOFF_BASE_MS, next - this.#clock.monotonic()), () => {
      this.#backoffTimer = false;
      const now = this.#clock.monotonic();
      for (const entry of this.#backoff.values()) if (this.#due(entry) <= now) this.#move(entry.uid, 'active');
      this.#armBackoff();
    });
  }

  #armFlush(): void {
    if (this.#flushTimer || this.#unschedulable.size === 0) return;
    this.#flushTimer = true;
    this.#clock.after(FLUSH_EVERY_MS, () => {
      this.#flushTimer = false;
      const before = this.#clock.monotonic() - UNSCHEDULABLE_MAX_MS;
      this.moveAll((entry) => entry.since <= before);
      this.#armFlush();
    });
  }
}
