/** Counts what came of the requests: in all, and second by second. */
import { Histogram } from './histogram.ts';

/** One second of the run. Times in seconds after the start, latencies in milliseconds of what ended in this second. */
export interface SecondPoint {
  at: number;
  requestsPerSecond: number;
  failedPerSecond: number;
  p50: number;
  p90: number;
  p99: number;
  max: number;
  /** At the end of the second. */
  users: number;
  inFlight: number;
  /** Due, and waiting for a free connection. */
  waiting: number;
}

export interface Latencies {
  min: number;
  mean: number;
  p50: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
}

/** The error of a request that was given up. */
export const TIMEOUT = 'timeout';
const FIRST_ERROR_STATUS = 400;

export class Recorder {
  readonly #whole = new Histogram();
  readonly #second = new Histogram();
  readonly statusCodes: Record<string, number> = {};
  readonly errors: Record<string, number> = {};
  readonly series: SecondPoint[] = [];
  bytes = 0;
  answered = 0;
  failed = 0;
  #secondEnded = 0;
  #secondFailed = 0;
  #secondStart = 0;

  /**
   * One request ended. Latencies are kept of answers (of any status) and of timeouts, which waited that long at least;
   * a refused or broken connection has none worth the name.
   */
  record(latencyMs: number, status: number, bytes: number, error: string | undefined): void {
    this.bytes += bytes;
    this.#secondEnded++;
    if (error === undefined) {
      this.answered++;
      this.statusCodes[status] = (this.statusCodes[status] ?? 0) + 1;
    } else {
      this.errors[error] = (this.errors[error] ?? 0) + 1;
    }
    if (error !== undefined || status >= FIRST_ERROR_STATUS) {
      this.failed++;
      this.#secondFailed++;
    }
    if (error === undefined || error === TIMEOUT) {
      this.#whole.record(latencyMs);
      this.#second.record(latencyMs);
    }
  }

  /** Requests that ended, one way or the other. */
  get ended(): number {
    return this.answered + Object.values(this.errors).reduce((sum, count) => sum + count, 0);
  }

  /** Ends a second, `at` seconds after the start; a late call makes a longer one, whose rates are still right. */
  endSecond(at: number, now: Pick<SecondPoint, 'users' | 'inFlight' | 'waiting'>): SecondPoint {
    const seconds = Math.max(0.001, at - this.#secondStart);
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((share) => this.#second.percentile(share)) as [number, number, number];
    const point: SecondPoint = {
      at,
      requestsPerSecond: this.#secondEnded / seconds,
      failedPerSecond: this.#secondFailed / seconds,
      p50,
      p90,
      p99,
      max: this.#second.max,
      ...now,
    };
    this.series.push(point);
    this.#second.reset();
    this.#secondEnded = 0;
    this.#secondFailed = 0;
    this.#secondStart = at;
    return point;
  }

  latencies(): Latencies {
    const at = (share: number): number => this.#whole.percentile(share);
    return {
      min: this.#whole.min,
      mean: this.#whole.mean,
      p50: at(0.5),
      p75: at(0.75),
      p90: at(0.9),
      p95: at(0.95),
      p99: at(0.99),
      p999: at(0.999),
      max: this.#whole.max,
    };
  }
}
