/** One load run: from a plan to counts, latencies and a series of seconds. Touches the world through its clock, chance and transport only. */
import type { Clock } from '../runtime/clock.ts';
import type { Random } from '../runtime/random.ts';
import { closedLoop, type UsersProfile } from './closed-loop.ts';
import { Flights } from './flights.ts';
import { openLoop, type RateProfile } from './open-loop.ts';
import type { Lateness } from './pacer.ts';
import { Recorder, type Latencies, type SecondPoint } from './recorder.ts';
import type { Transport } from './transport.ts';

export type Profile = ({ loop: 'closed' } & UsersProfile) | ({ loop: 'open' } & RateProfile);

export interface LoadPlan {
  profile: Profile;
  durationMs: number;
  /** How long to wait for an answer, and in an open loop for a connection. */
  timeoutMs: number;
}

export interface LoadWorld {
  /** Finer than a millisecond, or latencies are as coarse. */
  clock: Clock;
  random: Random;
  transport: Transport;
}

export interface LoadResult {
  /** RFC 3339. */
  startedAt: string;
  /** From the start to the last answer waited for. */
  seconds: number;
  interrupted: boolean;
  requests: {
    sent: number;
    answered: number;
    /** Without an answer, or with a status of 400 or more. */
    failed: number;
    /** Due, and not sent before the timeout or the end. */
    unsent: number;
    /** On their way when the run was interrupted. */
    unfinished: number;
    late: Lateness;
  };
  /** Ended a second while requests were sent. */
  requestsPerSecond: number;
  statusCodes: Record<string, number>;
  errors: Record<string, number>;
  /** As read from connections: heads and bodies. */
  bytes: number;
  latencyMs: Latencies;
  series: SecondPoint[];
}

const SWEEPS_IN_TIMEOUT = 20;
const SWEEP_MOST_MS = 100;

/** Resolves when all is sent and answered (or given up), or soon after the signal aborts; `onSecond` is told of every second. */
export async function runLoad(world: LoadWorld, plan: LoadPlan, signal: AbortSignal, onSecond: (point: SecondPoint) => void = () => {}): Promise<LoadResult> {
  const { clock } = world;
  const recorder = new Recorder();
  const flights = new Flights({ clock, transport: world.transport, recorder, timeoutMs: plan.timeoutMs });
  const pacer = plan.profile.loop === 'closed' ? closedLoop(world, flights, plan.profile) : openLoop(world, flights, plan.profile, plan.timeoutMs);
  const startedAt = clock.now();
  const elapsed = (): number => (clock.now() - startedAt) / 1000;
  const ticks = new AbortController();
  const endSecond = (): void => onSecond(recorder.endSecond(elapsed(), { users: pacer.users, inFlight: flights.inFlight, waiting: pacer.waiting }));
  const every = async (ms: number, act: () => void): Promise<void> => {
    for (let n = 1; !ticks.signal.aborted; n++) {
      await clock.sleep(startedAt + n * ms - clock.now(), ticks.signal);
      if (!ticks.signal.aborted) act();
    }
  };
  const sweepMs = Math.min(SWEEP_MOST_MS, plan.timeoutMs / SWEEPS_IN_TIMEOUT);
  const running = [every(1000, endSecond), every(sweepMs, () => flights.sweep())];

  pacer.start();
  await clock.sleep(plan.durationMs, signal);
  pacer.stop();
  const sendingSeconds = elapsed();
  const endedWhileSending = recorder.ended;
  // Answers to what was sent still count: without them the slowest would be left out.
  while (flights.inFlight > 0 && !signal.aborted) await clock.sleep(sweepMs, signal);
  const unfinished = flights.abandon();
  ticks.abort();
  await Promise.all(running);
  const seconds = elapsed();
  // A rate over a sliver of a second says nothing.
  if (seconds - (recorder.series.at(-1)?.at ?? -1) > 0.5) endSecond();
  return {
    startedAt: new Date(startedAt).toISOString(),
    seconds,
    interrupted: signal.aborted,
    requests: { sent: flights.sent, answered: recorder.answered, failed: recorder.failed, unsent: pacer.unsent, unfinished, late: pacer.late },
    requestsPerSecond: endedWhileSending / Math.max(0.001, sendingSeconds),
    statusCodes: recorder.statusCodes,
    errors: recorder.errors,
    bytes: recorder.bytes,
    latencyMs: recorder.latencies(),
    series: recorder.series,
  };
}
