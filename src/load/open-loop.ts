/**
 * Requests by a schedule, whether or not answers come. A request that finds all connections busy waits for one, and its latency
 * counts from when it was due: a stall of the target shows in the tail as every caller would have felt it.
 */
import type { Cancel, Clock } from '../runtime/clock.ts';
import type { Flights, Slot } from './flights.ts';
import type { Lateness, Pacer } from './pacer.ts';
import { Schedule, type RateStep } from './schedule.ts';

export interface RateProfile {
  steps: readonly RateStep[];
  /** At most so many at once; as many as are needed are opened. */
  connections: number;
}

/**
 * Timers come up to a millisecond late, so a request goes out up to a millisecond early rather than late;
 * its latency then counts from when it was sent.
 */
const LEAD_MS = 1;
/** Later than this is told. */
const LATE_MS = 10;

export function openLoop({ clock }: { clock: Clock }, flights: Flights, profile: RateProfile, giveUpMs: number): Pacer {
  const schedule = new Schedule(profile.steps);
  const idle: Slot[] = [];
  const late: Lateness = { busy: 0, slow: 0, mostMs: 0 };
  let connections = 0;
  let startedAt = 0;
  /** The next request of the schedule, and when it is due: what is due before now and not sent, waits. */
  let next = 0;
  let nextDueAt = 0;
  /** Whether what waits does so for want of a connection. */
  let heldUp = false;
  let unsent = 0;
  let timer: Cancel | undefined;

  const advance = (): void => {
    next++;
    nextDueAt = next < schedule.total ? startedAt + schedule.dueAt(next) : Number.POSITIVE_INFINITY;
  };
  const freeSlot = (): Slot | undefined => {
    const slot = idle.pop();
    if (slot !== undefined || connections >= profile.connections) return slot;
    connections++;
    return flights.slot(onIdle);
  };
  /** Sends what is due; answers whether a connection was there for all of it. */
  const pump = (): boolean => {
    for (let now = clock.now(); nextDueAt <= now + LEAD_MS; now = clock.now()) {
      const lateMs = now - nextDueAt;
      if (lateMs > giveUpMs) {
        unsent++;
        advance();
        continue;
      }
      const slot = freeSlot();
      if (slot === undefined) {
        heldUp = true;
        return false;
      }
      if (lateMs > LATE_MS) {
        if (heldUp) late.busy++;
        else late.slow++;
        late.mostMs = Math.max(late.mostMs, lateMs);
      }
      flights.send(slot, Math.min(nextDueAt, now), now);
      advance();
    }
    heldUp = false;
    return true;
  };
  const tick = (): void => {
    timer = undefined;
    // When all connections are busy, the one that becomes free goes on.
    if (pump() && nextDueAt !== Number.POSITIVE_INFINITY) timer = clock.after(nextDueAt - LEAD_MS - clock.now(), tick);
  };
  const onIdle = (slot: Slot): void => {
    idle.push(slot);
    if (heldUp) tick();
  };
  const waitingAt = (now: number): number => Math.max(0, Math.min(schedule.total, schedule.dueBy(now - startedAt)) - next);

  return {
    start() {
      startedAt = clock.now();
      nextDueAt = schedule.total === 0 ? Number.POSITIVE_INFINITY : startedAt + schedule.dueAt(0);
      tick();
    },
    stop() {
      timer?.();
      unsent += waitingAt(clock.now());
      next = schedule.total;
      nextDueAt = Number.POSITIVE_INFINITY;
      heldUp = false;
    },
    users: 0,
    get waiting() {
      return waitingAt(clock.now());
    },
    get unsent() {
      return unsent;
    },
    late,
  };
}
