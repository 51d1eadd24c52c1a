/** Decides what becomes of an event: recorded anew, counted up, folded into a summary or dropped (client-go's EventCorrelator, its numbers). */

/** Like events within this time count up. */
const AGGREGATE_MS = 600_000;
/** More than this many different messages of one reason are folded into one event. */
const AGGREGATE_MAX = 10;
/** Spam filter: tokens of a source and object, and how long one takes to come back. */
const BURST = 25;
const REFILL_MS = 300_000;
/** Sources, groups and messages remembered; the longest unused are forgotten. */
const CACHE_MAX = 4096;

/** What identifies an event for counting. `subject` names the source and object, `group` adds type and reason. */
export interface EventIdentity {
  subject: string;
  group: string;
  message: string;
}

export interface EventRecord {
  name: string;
  namespace: string;
  count: number;
  firstMs: number;
}

export type Verdict = { drop: true } | { drop: false; message: string; record: EventRecord; isNew: boolean };

interface Group {
  messages: Set<string>;
  lastMs: number;
}

export class EventCorrelator {
  readonly #buckets = new Recent<{ tokens: number; atMs: number }>(CACHE_MAX);
  readonly #groups = new Recent<Group>(CACHE_MAX);
  readonly #records = new Recent<EventRecord>(CACHE_MAX);

  /** `fresh` makes the name and namespace of an event that has to be created. */
  judge(identity: EventIdentity, nowMs: number, fresh: () => { name: string; namespace: string }): Verdict {
    const group = this.#groups.get(identity.group);
    let message = identity.message;
    const known = group !== undefined && nowMs - group.lastMs <= AGGREGATE_MS ? group : { messages: new Set<string>(), lastMs: nowMs };
    known.lastMs = nowMs;
    if (known.messages.size < AGGREGATE_MAX) known.messages.add(message);
    const folded = known.messages.size >= AGGREGATE_MAX && !known.messages.has(message);
    this.#groups.set(identity.group, known);
    if (folded) message = `(combined from similar events): ${message}`;
    if (!this.#allow(identity.subject, nowMs)) return { drop: true };
    const key = folded ? identity.group : `${identity.group}\n${message}`;
    const seen = this.#records.get(key);
    const record = seen === undefined ? { ...fresh(), count: 1, firstMs: nowMs } : { ...seen, count: seen.count + 1 };
    this.#records.set(key, record);
    return { drop: false, message, record, isNew: seen === undefined };
  }

  #allow(subject: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(subject) ?? { tokens: BURST, atMs: nowMs };
    const tokens = Math.min(BURST, bucket.tokens + Math.max(0, nowMs - bucket.atMs) / REFILL_MS);
    this.#buckets.set(subject, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs });
    return tokens >= 1;
  }
}

/** A map that forgets the longest unused. */
class Recent<V> {
  readonly #map = new Map<string, V>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size > this.#max) for (const oldest of this.#map.keys()) return void this.#map.delete(oldest);
  }
}
