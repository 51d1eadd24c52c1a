import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { NEVER, nextTime } from './next.ts';
import { parseSchedule } from './parse.ts';

/** The next times, as the wall clock of UTC says them. */
function times(schedule: string, after: string, count = 1): string[] {
  const found: string[] = [];
  let at = Date.parse(after);
  while (found.length < count) found.push(new Date((at = nextTime(parseSchedule(schedule), at))).toISOString().replace(':00.000Z', ''));
  return found;
}

// Answers of robfig/cron 3.0.1.
const next: [schedule: string, after: string, want: string[]][] = [
  ['*/15 * * * *', '2026-01-01T12:00:00Z', ['2026-01-01T12:15', '2026-01-01T12:30']],
  ['@hourly', '2026-01-01T12:00:01Z', ['2026-01-01T13:00']],
  ['0 9-17/4 * * MON-FRI', '2026-01-02T17:30:00Z', ['2026-01-05T09:00', '2026-01-05T13:00']],
  ['30 3 1,15 jan,Jul ?', '2026-01-01T12:00:00Z', ['2026-01-15T03:30', '2026-07-01T03:30']],
  // Either day counts when both are said.
  ['0 0 13 * 5', '2026-01-01T00:00:00Z', ['2026-01-02T00:00', '2026-01-09T00:00', '2026-01-13T00:00']],
  ['0 12 29 2 *', '2026-01-01T00:00:00Z', ['2028-02-29T12:00']],
  ['TZ=Asia/Kolkata 0 9 * * *', '2026-01-01T00:00:00Z', ['2026-01-01T03:30']],
  // Half past two does not exist on the day the clock goes forward; it comes twice, and counts twice, when it goes back.
  ['CRON_TZ=Europe/Berlin 30 2 * * *', '2026-03-28T12:00:00Z', ['2026-03-30T00:30']],
  ['CRON_TZ=Europe/Berlin 30 2 * * *', '2026-10-24T12:00:00Z', ['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-26T01:30']],
  ['TZ=America/Sao_Paulo 0 0 * * *', '2018-11-03T12:00:00Z', ['2018-11-05T02:00']],
  ['@every 90m', '2026-01-01T12:00:00Z', ['2026-01-01T13:30', '2026-01-01T15:00']],
];
for (const [schedule, after, want] of next)
  test(`${schedule} after ${after} is ${want.join(', ')}`, () => assert.deepEqual(times(schedule, after, want.length), want));

const wrong: [schedule: string, why: string][] = [
  ['', 'empty spec string'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
  ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ['* * * * 7', 'end of range (7) above maximum (6): 7'],
  ['@never', 'unrecognized descriptor: @never'],
  ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
  ['TZ=Nope/Nowhere * * * * *', 'provided bad location Nope/Nowhere: unknown time zone Nope/Nowhere'],
  ['TZ=UTC', 'invalid schedule format: runtime error: slice bounds out of range [:-1]'],
];
for (const [schedule, why] of wrong) test(`'${schedule}' is refused: ${why}`, () => assert.throws(() => parseSchedule(schedule), { message: why }));

test('a day that no month has never comes', () => assert.equal(nextTime(parseSchedule('0 0 31 2 *'), Date.UTC(2026, 0, 1)), NEVER));

test('the next time is after, fits the fields, and is the first that does', () => {
  const list = (min: number, max: number) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant('*') },
      fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 6 }).map((values) => values.join(',')),
    );
  fc.assert(
    fc.property(list(0, 59), list(0, 23), list(1, 28), list(0, 6), fc.integer({ min: 0, max: 4e9 }), (minute, hour, day, weekday, seconds) => {
      const fits = (ms: number): boolean => {
        const date = new Date(ms);
        const has = (field: string, value: number) => field === '*' || field.split(',').includes(String(value));
        const [inMonth, inWeek] = [has(day, date.getUTCDate()), has(weekday, date.getUTCDay())];
        const dayFits = day === '*' || weekday === '*' ? inMonth && inWeek : inMonth || inWeek;
        return has(minute, date.getUTCMinutes()) && has(hour, date.getUTCHours()) && dayFits;
      };
      const after = seconds * 1000;
      const found = nextTime(parseSchedule(`${minute} ${hour} ${day} * ${weekday}`), after);
      assert.ok(found > after && found % 60_000 === 0 && fits(found));
      for (let ms = (Math.floor(after / 60_000) + 1) * 60_000; ms < Math.min(found, after + 3 * 86_400_000); ms += 60_000) assert.ok(!fits(ms));
    }),
    { numRuns: 50 },
  );
});
