/**
 * A priority level: so many requests are served at a time, the others wait in queues. Each flow (a user, a namespace) is
 * dealt a hand of queues and waits in the shortest of them; the next to be served comes from the queue that has had the
 * least so far. A flow that asks for much fills its own queues and delays itself.
 */
import { createHash } from 'node:crypto';
import type { Cancel, Clock } from '../../runtime/clock.ts';
import type { Queuing } from './types.ts';

/** Held while a request is served. */
export interface Seat {
  /** More than once is harmless. */
  release(): void;
}

export type Refusal = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled';

/** Given what to call when the one who waits has gone. */
export type OnGone = (leave: () => void) => void;

interface Waiting {
  flow: string;
  queue: Queue;
  admit(seat: Seat): void;
  refuse(why: Refusal): void;
  cancel: Cancel;
}

interface Queue {
  waiting: Waiting[];
  /** Milliseconds of service had, on a scale that all queues share. */
  had: number;
}

export interface Load {
  executing: number;
  waiting: number;
  refused: Record<Refusal, number>;
}

export interface LevelLimits {
  seats: number;
  /** Absent: who finds no seat is refused. */
  queuing?: Queuing;
}

/** How long a request waits at most: upstream's, a quarter of the longest a request may take. */
const WAIT_MS = 15_000;
/** What a request costs its queue before it is known how long it took. */
const GUESS_MS = 3;
const HANDS_MAX = 1024;

export class PriorityLevel {
  readonly #clock: Clock;
  #limits: LevelLimits;
  #busy = 0;
  #waiting = 0;
  readonly #refused: Record<Refusal, number> = { 'queue-full': 0, 'concurrency-limit': 0, 'time-out': 0, cancelled: 0 };
  #queues: Queue[] = [];
  /** By flow; dealt again when the number of queues changes. */
  readonly #hands = new Map<string, readonly number[]>();

  constructor(clock: Clock, limits: LevelLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#queues = newQueues(limits.queuing);
  }

  /** How many are being served and how many wait. */
  get load(): Load {
    return { executing: this.#busy, waiting: this.#waiting, refused: { ...this.#refused } };
  }

  /** Who waits goes on waiting, under the new limits. */
  reconfigure(limits: LevelLimits): void {
    const before = this.#limits.queuing;
    this.#limits = limits;
    if (before?.queues !== limits.queuing?.queues || before?.handSize !== limits.queuing?.handSize) {
      const waiting = this.#queues.flatMap((queue) => queue.waiting);
      this.#hands.clear();
      this.#queues = newQueues(limits.queuing);
      for (const one of waiting) {
        if (limits.queuing === undefined) this.#drop(one, 'concurrency-limit');
        else this.#join(one, this.#shortest(one.flow, limits.queuing));
      }
    }
    this.#dispatch();
  }

  /** At once when a seat is free and nobody waits; else a promise, which rejects with the Refusal. */
  enter(flow: string, onGone?: OnGone): Seat | Promise<Seat> {
    const { seats, queuing } = this.#limits;
    if (this.#busy < seats && this.#waiting === 0) return this.#sit(undefined);
    if (queuing === undefined) return this.#refuse('concurrency-limit');
    const queue = this.#shortest(flow, queuing);
    if (queue.waiting.length >= queuing.queueLengthLimit) return this.#refuse('queue-full');
    return new Promise<Seat>((admit, refuse) => {
      const waiting: Waiting = { flow, queue, admit, refuse, cancel: () => undefined };
      const leave = (why: Refusal): void => {
        if (remove(waiting.queue.waiting, waiting)) this.#drop(waiting, why);
      };
      waiting.cancel = this.#clock.after(WAIT_MS, () => leave('time-out'));
      onGone?.(() => leave('cancelled'));
      this.#waiting++;
      this.#join(waiting, queue);
      // A level that was made larger meanwhile.
      this.#dispatch();
    });
  }

  #refuse(why: Refusal): Promise<never> {
    this.#refused[why]++;
    return Promise.reject(why);
  }

  #drop(waiting: Waiting, why: Refusal): void {
    this.#waiting--;
    this.#refused[why]++;
    waiting.cancel();
    waiting.refuse(why);
  }

  #join(waiting: Waiting, queue: Queue): void {
    // A queue that was empty has no claim from times in which nobody waited.
    if (queue.waiting.length === 0) queue.had = Math.max(queue.had, this.#least());
    waiting.queue = queue;
    queue.waiting.push(waiting);
  }

  /** What the queue that has had least, of those in which somebody waits, has had. */
  #least(): number {
    const next = this.#next();
    return next === undefined ? 0 : next.had;
  }

  #next(): Queue | undefined {
    let best: Queue | undefined;
    for (const queue of this.#queues) if (queue.waiting.length > 0 && (best === undefined || queue.had < best.had)) best = queue;
    return best;
  }

  #sit(queue: Queue | undefined): Seat {
    this.#busy++;
    const since = queue === undefined ? 0 : this.#clock.monotonic();
    if (queue !== undefined) queue.had += GUESS_MS;
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.#busy--;
        if (queue !== undefined) queue.had += this.#clock.monotonic() - since - GUESS_MS;
        if (this.#waiting > 0) this.#dispatch();
      },
    };
  }

  #dispatch(): void {
    while (this.#waiting > 0 && this.#busy < this.#limits.seats) {
      const queue = this.#next();
      const first = queue?.waiting.shift();
      if (queue === undefined || first === undefined) return;
      this.#waiting--;
      first.cancel();
      first.admit(this.#sit(queue));
    }
  }

  #shortest(flow: string, queuing: Queuing): Queue {
    let hand = this.#hands.get(flow);
    if (hand === undefined) {
      if (this.#hands.size >= HANDS_MAX) this.#hands.clear();
      this.#hands.set(flow, (hand = deal(flow, queuing.queues, queuing.handSize)));
    }
    let best = this.#queues[hand[0]!]!;
    for (const card of hand) {
      const queue = this.#queues[card]!;
      if (queue.waiting.length < best.waiting.length) best = queue;
    }
    return best;
  }
}

function newQueues(queuing: Queuing | undefined): Queue[] {
  return Array.from({ length: queuing?.queues ?? 0 }, () => ({ waiting: [], had: 0 }));
}

/** Whether it was there. */
function remove<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

/** `handSize` different queues out of `deckSize`, the same for the same flow: shuffle sharding. */
export function deal(flow: string, deckSize: number, handSize: number): number[] {
  let hash = createHash('sha256').update(flow).digest().readBigUInt64LE();
  const hand: number[] = [];
  for (let i = 0; i < handSize; i++) {
    const left = BigInt(deckSize - i);
    let card = Number(hash % left);
    hash /= left;
    // The card's number among those not dealt yet.
    for (const dealt of hand.toSorted((a, b) => a - b)) if (card >= dealt) card++;
    hand.push(card);
  }
  return hand;
}
