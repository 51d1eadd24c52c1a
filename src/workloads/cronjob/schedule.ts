/** When a cron job is due: upstream's arithmetic, with its approximations. */
import { nextTime } from '../../kube/cron/next.ts';
import type { Schedule } from '../../kube/cron/parse.ts';
import type { CronJob } from '../../kube/types.ts';

/** The clocks of others may be a little behind. */
const PADDING_MS = 100;
/** From here on it is worth a warning. */
const MANY = 100;

interface Recent {
  /** Nothing before this counts. */
  earliestMs: number;
  /** The last time there should have been a job; undefined when there was none. */
  dueMs?: number;
  missed: 'none' | 'few' | 'many';
}

/** Throws for a schedule whose times do not move on ('0 0 31 2 *'). */
function mostRecent({ metadata, spec, status }: CronJob, nowMs: number, schedule: Schedule, withDeadline: boolean): Recent {
  let earliestMs = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? '');
  const deadline = spec?.startingDeadlineSeconds;
  if (withDeadline && deadline !== undefined) earliestMs = Math.max(earliestMs, nowMs - deadline * 1000);
  const first = nextTime(schedule, earliestMs);
  const second = nextTime(schedule, first);
  if (nowMs < first) return { earliestMs, missed: 'none' };
  if (nowMs < second) return { earliestMs, dueMs: first, missed: 'none' };
  const interval = Math.round((second - first) / 1000);
  if (interval < 1) throw new Error('time difference between two schedules is less than 1 second');
  // About how many there were, to begin close to the last: there may be decades of them.
  const count = Math.trunc(Math.trunc((nowMs - first) / 1000) / interval) + 1;
  let dueMs: number | undefined;
  for (let at = nextTime(schedule, first + (count - 2) * interval * 1000); at <= nowMs; at = nextTime(schedule, at)) dueMs = at;
  return { earliestMs, ...(dueMs === undefined ? {} : { dueMs }), missed: count > MANY ? 'many' : 'few' };
}

/** The last time that has come and may still be kept. `many`: far more than one have been missed. */
export function dueTime(cronJob: CronJob, nowMs: number, schedule: Schedule): { dueMs?: number; many: boolean } {
  const { dueMs, missed } = mostRecent(cronJob, nowMs, schedule, true);
  return dueMs === undefined ? { many: false } : { dueMs, many: missed === 'many' };
}

/** Until the cron job is to be looked at again. */
export function msUntilNext(cronJob: CronJob, nowMs: number, schedule: Schedule): number {
  let fromMs: number;
  try {
    const { dueMs, earliestMs, missed } = mostRecent(cronJob, nowMs, schedule, false);
    fromMs = dueMs ?? (missed === 'none' ? earliestMs : nowMs);
  } catch {
    fromMs = nowMs;
  }
  return nextTime(schedule, fromMs) + PADDING_MS - nowMs;
}
