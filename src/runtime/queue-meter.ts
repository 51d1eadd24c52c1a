/** What a work queue tells of itself, under upstream's names (client-go's workqueue metrics). */
import type { Clock } from './clock.ts';
import type { Counter, Gauge, Histogram, MetricsRegistry } from './metrics.ts';

/** Upstream's: ten nanoseconds to a thousand seconds. */
const BUCKETS = Array.from({ length: 12 }, (_, i) => 1e-8 * 10 ** i);

export class QueueMeter {
  readonly #clock: Clock;
  readonly #adds: Counter;
  readonly #retries: Counter;
  readonly #depth: Gauge;
  readonly #waited: Histogram;
  readonly #worked: Histogram;
  readonly #addedAt = new Map<string, number>();
  readonly #takenAt = new Map<string, number>();

  constructor(registry: MetricsRegistry, clock: Clock, name: string) {
    this.#clock = clock;
    this.#adds = registry.counter('workqueue_adds_total', 'Keys added to work queues.', ['name'])(name);
    this.#retries = registry.counter('workqueue_retries_total', 'Keys that came back after a failure.', ['name'])(name);
    this.#depth = registry.gauge('workqueue_depth', 'Keys that wait in work queues.', ['name'])(name);
    this.#waited = registry.histogram('workqueue_queue_duration_seconds', 'How long keys waited before they were taken.', BUCKETS, ['name'])(name);
    this.#worked = registry.histogram('workqueue_work_duration_seconds', 'How long keys were worked on.', BUCKETS, ['name'])(name);
  }

  added(key: string): void {
    this.#adds.inc();
    this.#addedAt.set(key, this.#clock.monotonic());
    this.#depth.set(this.#addedAt.size);
  }

  taken(key: string): void {
    const now = this.#clock.monotonic();
    this.#waited.observe((now - (this.#addedAt.get(key) ?? now)) / 1000);
    this.#addedAt.delete(key);
    this.#takenAt.set(key, now);
    this.#depth.set(this.#addedAt.size);
  }

  done(key: string): void {
    const now = this.#clock.monotonic();
    this.#worked.observe((now - (this.#takenAt.get(key) ?? now)) / 1000);
    this.#takenAt.delete(key);
  }

  retried(): void {
    this.#retries.inc();
  }
}
