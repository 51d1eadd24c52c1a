/** Wall clocks: moments to dates in a time zone and back, with Go's choices where a wall clock jumps. */

export interface Wall {
  year: number;
  /** 1 to 12 */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** 0 is Sunday. */
  weekday: number;
}

export class Zone {
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
  }

  static readonly utc = new Zone('UTC');

  /** '' is UTC. Throws an Error in Go's words for a name that the time zone database does not have, in this very spelling. */
  static load(name: string): Zone {
    if (name === '' || name === 'UTC') return Zone.utc;
    if (name.startsWith('/') || name.startsWith('\\') || name.includes('..')) throw new Error('time: invalid location name');
    // Offsets are no names.
    if (/^[+-]/.test(name) || known(name) !== name) throw new Error(`unknown time zone ${name}`);
    return new Zone(name);
  }

  /** How much the wall clock is ahead of UTC at a moment, in ms. */
  offset(ms: number): number {
    if (this.#name === 'UTC') return 0;
    return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(this.#name).offsetNanoseconds / 1_000_000;
  }

  wall(ms: number): Wall {
    const local = new Date(ms + this.offset(ms));
    return {
      year: local.getUTCFullYear(),
      month: local.getUTCMonth() + 1,
      day: local.getUTCDate(),
      hour: local.getUTCHours(),
      minute: local.getUTCMinutes(),
      second: local.getUTCSeconds(),
      weekday: local.getUTCDay(),
    };
  }

  /**
   * The moment at which the wall clock says so; parts may overflow. Of two such moments the one, of none the near one that
   * Go's time.Date gives: by the offset a clock on UTC would have at that time, or the offset that holds there.
   */
  moment(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
    // Not Date.UTC: to it, years below 100 are others.
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    const local = date.setUTCHours(hour, minute, second, 0);
    const offset = this.offset(local);
    return offset === 0 ? local : local - this.offset(local - offset);
  }

  /** '2026-01-01T12:00:00+01:00' */
  format(ms: number): string {
    const offset = this.offset(ms);
    const text = new Date(ms + offset).toISOString().slice(0, 19);
    if (offset === 0) return `${text}Z`;
    const minutes = Math.abs(offset) / 60_000;
    return `${text}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(Math.floor(minutes % 60))}`;
  }
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function known(name: string): string | undefined {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch {
    return undefined;
  }
}
