/** When a schedule comes next. Walks as robfig/cron does, so that days on which the clock jumps come out the same. */
import type { Schedule } from './parse.ts';
import type { Wall } from './zone.ts';

/** What Go calls the zero time: a schedule that never comes ('0 0 31 2 *'). */
export const NEVER = -62_135_596_800_000;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const YEARS_MAX = 5;

/** Strictly after `afterMs`, on a whole second; NEVER when there is none within five years. */
export function nextTime(schedule: Schedule, afterMs: number): number {
  const whole = Math.floor(afterMs / SECOND) * SECOND;
  if (schedule.kind === 'every') return whole + schedule.delayMs;
  const { zone, month, hour, minute } = schedule;
  let time = whole + SECOND;
  let wall = zone.wall(time);
  const last = wall.year + YEARS_MAX;
  /** The time is the beginning of some unit, not any more the moment asked for. */
  let moved = false;
  const set = (ms: number): void => {
    time = ms;
    wall = zone.wall(ms);
  };
  const startOf = (ms: number): void => {
    if (!moved) set(ms);
    moved = true;
  };
  search: while (wall.year <= last) {
    while (!month.values.has(wall.month)) {
      startOf(zone.moment(wall.year, wall.month, 1));
      set(zone.moment(wall.year, wall.month + 1, wall.day, wall.hour, wall.minute, wall.second));
      if (wall.month === 1) continue search;
    }
    while (!dayMatches(schedule, wall)) {
      startOf(zone.moment(wall.year, wall.month, wall.day));
      set(zone.moment(wall.year, wall.month, wall.day + 1, wall.hour, wall.minute, wall.second));
      // There is no midnight on a day on which the clock jumps over it.
      if (wall.hour !== 0) set(time + (wall.hour > 12 ? 24 - wall.hour : -wall.hour) * HOUR);
      if (wall.day === 1) continue search;
    }
    while (!hour.values.has(wall.hour)) {
      startOf(zone.moment(wall.year, wall.month, wall.day, wall.hour));
      set(time + HOUR);
      if (wall.hour === 0) continue search;
    }
    while (!minute.values.has(wall.minute)) {
      startOf(Math.floor(time / MINUTE) * MINUTE);
      set(time + MINUTE);
      if (wall.minute === 0) continue search;
    }
    while (wall.second !== 0) {
      startOf(time);
      set(time + SECOND);
      if (wall.second === 0) continue search;
    }
    return time;
  }
  return NEVER;
}

/** Both when one of them is '*', else either. */
function dayMatches({ dayOfMonth, dayOfWeek }: Extract<Schedule, { kind: 'fields' }>, { day, weekday }: Wall): boolean {
  const [inMonth, inWeek] = [dayOfMonth.values.has(day), dayOfWeek.values.has(weekday)];
  return dayOfMonth.star || dayOfWeek.star ? inMonth && inWeek : inMonth || inWeek;
}
