/** Requests on their way: sends over slots, records how each ended, gives up those that take too long. */
import type { Clock } from '../runtime/clock.ts';
import { TIMEOUT, type Recorder } from './recorder.ts';
import type { Connection, Done, Transport } from './transport.ts';

/** One connection and the request it carries, if any. Made once, used for many requests, so that a request allocates nothing. */
export interface Slot {
  readonly connection: Connection;
  readonly done: Done;
  busy: boolean;
  /** Latency counts from here. */
  dueAt: number;
  sentAt: number;
}

export interface FlightsOptions {
  clock: Clock;
  transport: Transport;
  recorder: Recorder;
  timeoutMs: number;
}

export class Flights {
  readonly #options: FlightsOptions;
  readonly #slots: Slot[] = [];
  sent = 0;
  inFlight = 0;

  constructor(options: FlightsOptions) {
    this.#options = options;
  }

  /** A slot of its own connection; `onIdle` is called after each of its requests ended, with the error if no answer came. */
  slot(onIdle: (slot: Slot, error: string | undefined) => void): Slot {
    const { clock, recorder, transport } = this.#options;
    const slot: Slot = {
      connection: transport.connection(),
      busy: false,
      dueAt: 0,
      sentAt: 0,
      done: (status, bytes, error) => {
        slot.busy = false;
        this.inFlight--;
        recorder.record(clock.now() - slot.dueAt, status, bytes, error);
        onIdle(slot, error);
      },
    };
    this.#slots.push(slot);
    return slot;
  }

  send(slot: Slot, dueAt: number, now: number): void {
    slot.busy = true;
    slot.dueAt = dueAt;
    slot.sentAt = now;
    this.sent++;
    this.inFlight++;
    slot.connection.send(slot.done);
  }

  /** Gives up what was sent longer ago than the timeout; to be called often. */
  sweep(): void {
    const before = this.#options.clock.now() - this.#options.timeoutMs;
    for (const slot of this.#slots) {
      if (!slot.busy || slot.sentAt > before) continue;
      slot.connection.drop();
      slot.done(0, 0, TIMEOUT);
    }
  }

  /** Ends all connections; answers how many requests had no answer yet. They are recorded nowhere else. */
  abandon(): number {
    const unfinished = this.inFlight;
    for (const slot of this.#slots) {
      slot.busy = false;
      slot.connection.drop();
    }
    this.inFlight = 0;
    return unfinished;
  }
}
