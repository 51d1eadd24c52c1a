/** Pools whose nodes do not come are left alone for a while: 5 minutes, doubling up to 30, forgotten after 3 quiet hours. */
import type { AutoscalerOptions } from './options.ts';

const FORGET_AFTER_MS = 3 * 3_600_000;

export class PoolHealth {
  readonly #failures = new Map<string, { until: number; lastMs: number; at: number }>();
  readonly #backoff: AutoscalerOptions['backoffMs'];

  constructor(backoff: AutoscalerOptions['backoffMs']) {
    this.#backoff = backoff;
  }

  failed(pool: string, nowMs: number): void {
    const before = this.#failures.get(pool);
    const remembered = before && nowMs - before.at < FORGET_AFTER_MS ? before : undefined;
    const lastMs = remembered ? Math.min(this.#backoff.max, remembered.lastMs * 2) : this.#backoff.initial;
    this.#failures.set(pool, { until: nowMs + lastMs, lastMs, at: nowMs });
  }

  isBackedOff(pool: string, nowMs: number): boolean {
    return (this.#failures.get(pool)?.until ?? 0) > nowMs;
  }
}
