/** Users as Locust has them: each sends, waits for the answer, waits its wait time, and sends again, over a connection of its own. */
import type { Cancel, Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import type { Flights, Slot } from './flights.ts';
import type { Pacer } from './pacer.ts';

export interface UsersProfile {
  users: number;
  /** Users that begin a second. */
  spawnRate: number;
  /** Milliseconds between an answer and the next request, chosen evenly. */
  waitMs: { min: number; max: number };
}

/** Without a pause users without a wait time would spin on a target that refuses them. */
const PAUSE_AFTER_ERROR_MS = 100;

export function closedLoop({ clock, random }: { clock: Clock; random: Random }, flights: Flights, profile: UsersProfile): Pacer {
  const { min, max } = profile.waitMs;
  const timers = new Map<Slot, Cancel>();
  let startedAt = 0;
  let users = 0;
  let stopped = false;
  let cancelSpawn: Cancel | undefined;

  const send = (slot: Slot): void => {
    timers.delete(slot);
    const now = clock.now();
    flights.send(slot, now, now);
  };
  const onIdle = (slot: Slot, error: string | undefined): void => {
    if (stopped) return;
    const wait = Math.max(min + random.next() * (max - min), error === undefined ? 0 : PAUSE_AFTER_ERROR_MS);
    if (wait === 0) send(slot);
    else
      timers.set(
        slot,
        clock.after(wait, () => send(slot)),
      );
  };
  /** User n (from 0) begins n / spawnRate seconds after the start. */
  const spawn = (): void => {
    const due = Math.min(profile.users, Math.floor(((clock.now() - startedAt) / 1000) * profile.spawnRate + 1e-9) + 1);
    while (users < due) {
      users++;
      send(flights.slot(onIdle));
    }
    if (users < profile.users) cancelSpawn = clock.after(startedAt + (users / profile.spawnRate) * 1000 - clock.now(), spawn);
  };

  return {
    start() {
      startedAt = clock.now();
      spawn();
    },
    stop() {
      stopped = true;
      cancelSpawn?.();
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
    get users() {
      return users;
    },
    waiting: 0,
    unsent: 0,
    late: { busy: 0, slow: 0, mostMs: 0 },
  };
}
