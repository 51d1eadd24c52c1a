/** When the requests of an open loop are due: fixed in advance, whatever the target does. */

/** `from` to `to` requests a second, changing evenly over `ms`. */
export interface RateStep {
  from: number;
  to: number;
  ms: number;
}

/** The last step may leave its length away: it takes what is left of the whole. */
const STEP = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?\/(s|m)(?::(.+))?$/;

/**
 * '500/s', '0-1000/s' or '100/s:1m,200-400/s:30s'. `wholeMs` is how long all of it lasts, if that is said;
 * `duration` reads '1m'. Throws an Error with the mend in its message.
 */
export function parseRate(text: string, wholeMs: number | undefined, duration: (text: string) => number): RateStep[] {
  const parts = text.split(',').map((part) => {
    const match = STEP.exec(part.trim());
    if (match === null) throw new Error(`'${part}' is not a rate: write 500/s, a ramp as 0-1000/s, or steps as 100/s:1m,200/s:1m`);
    const [, from = '', to = from, unit, length] = match;
    const perSecond = unit === 'm' ? 1 / 60 : 1;
    return { from: Number(from) * perSecond, to: Number(to) * perSecond, ms: length === undefined ? undefined : duration(length) };
  });
  if (parts.every((part) => part.from === 0 && part.to === 0)) throw new Error('a rate of 0 sends nothing: write 500/s');
  if (parts.some((part) => part.ms === 0)) throw new Error('a step of no length sends nothing: write 100/s:1m');
  if (parts.slice(0, -1).some((part) => part.ms === undefined)) throw new Error('each step but the last needs its length: write 100/s:1m,200/s:1m');
  const said = parts.reduce((sum, part) => sum + (part.ms ?? 0), 0);
  const last = parts.at(-1)!;
  if (last.ms === undefined && wholeMs === undefined) throw new Error('it needs a length: add --for');
  if (last.ms === undefined && wholeMs! <= said) throw new Error('its steps leave no time for the last one: make --for longer');
  if (last.ms !== undefined && wholeMs !== undefined && wholeMs !== said) {
    throw new Error(`its steps last ${said / 1000} s and --for says ${wholeMs / 1000} s: leave --for away, or the length of the last step`);
  }
  return parts.map(({ from, to, ms }) => ({ from, to, ms: ms ?? wholeMs! - said }));
}

export class Schedule {
  readonly #steps: { step: RateStep; startMs: number; before: number }[] = [];
  /** How long it lasts. */
  readonly ms: number;
  /** Requests in all. */
  readonly total: number;
  #current = 0;

  constructor(steps: readonly RateStep[]) {
    let startMs = 0;
    let before = 0;
    for (const step of steps) {
      const requests = ((step.from + step.to) / 2) * (step.ms / 1000);
      this.#steps.push({ step, startMs, before });
      startMs += step.ms;
      before += requests;
    }
    this.ms = startMs;
    // The request that would be due at the very end is not sent; sums of fractions come close to whole numbers from both sides.
    this.total = Math.ceil(before - 1e-6);
  }

  /** Milliseconds after the start at which request `n` (from 0) is due; to be asked for in rising order. */
  dueAt(n: number): number {
    while (this.#current < this.#steps.length - 1 && n >= this.#steps[this.#current + 1]!.before) this.#current++;
    const { step, startMs, before } = this.#steps[this.#current]!;
    const rest = n - before;
    if (rest <= 0) return startMs;
    // The n-th is due when the area under the rate reaches n: from·t + (to − from)·t²/2T = n, solved in the form that holds for to = from.
    const slope = (step.to - step.from) / (step.ms / 1000);
    const seconds = (2 * rest) / (step.from + Math.sqrt(Math.max(0, step.from ** 2 + 2 * slope * rest)));
    return startMs + Math.min(step.ms, seconds * 1000);
  }

  /** How many requests are due at or before `ms` after the start. */
  dueBy(ms: number): number {
    if (ms < 0) return 0;
    if (ms >= this.ms) return this.total;
    const { step, startMs, before } = this.#steps.findLast((one) => one.startMs <= ms)!;
    const seconds = (ms - startMs) / 1000;
    const slope = (step.to - step.from) / (step.ms / 1000);
    return Math.min(this.total, Math.floor(before + step.from * seconds + (slope * seconds ** 2) / 2 + 1e-6) + 1);
  }
}
