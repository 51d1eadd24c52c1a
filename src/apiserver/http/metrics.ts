/** What /metrics shows: the server's own measures beside those that other rooms keep in the same registry. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Counter, Family, Gauge, Histogram, MetricsRegistry } from '../../runtime/metrics.ts';
import type { ApiEngine } from '../engine.ts';
import type { FlowControl } from '../flow-control/index.ts';
import type { Exchange } from './exchange.ts';
import { send } from './respond.ts';

/** Seconds; upstream's buckets, thinned. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];
/** How often the event loop is looked at; Node counts this interval into what it measures. */
const LAG_EVERY_MS = 100;

export interface RequestLabels {
  verb: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  scope: 'cluster' | 'namespace' | 'resource' | '';
}

const LABELS = ['group', 'resource', 'scope', 'subresource', 'verb', 'version'] as const satisfies (keyof RequestLabels)[];

export interface MeasuredServer {
  engine: ApiEngine;
  flowControl: FlowControl;
}

export class Metrics {
  readonly #registry: MetricsRegistry;
  readonly #requests: Family<Counter>;
  readonly #durations: Family<Histogram>;
  readonly #longRunning: Gauge;
  readonly #delay = monitorEventLoopDelay({ resolution: LAG_EVERY_MS });
  #open = 0;

  constructor(registry: MetricsRegistry, { engine, flowControl }: MeasuredServer) {
    this.#registry = registry;
    this.#delay.enable();
    this.#requests = registry.counter('apiserver_request_total', 'Requests by verb, resource and code.', ['code', ...LABELS]);
    this.#durations = registry.histogram('apiserver_request_duration_seconds', 'Duration of requests in seconds, without long-running ones.', BUCKETS, LABELS);
    this.#longRunning = registry.gauge('apiserver_longrunning_requests', 'Watches, logs and streams that are open.')();
    registry.collect('gauge', 'apiserver_flowcontrol_current_executing_requests', 'Requests in service, by priority level.', ['priority_level'], () =>
      flowControl.load().map(({ level, executing }) => [[level], executing]),
    );
    registry.collect('gauge', 'apiserver_flowcontrol_current_inqueue_requests', 'Requests that wait, by priority level.', ['priority_level'], () =>
      flowControl.load().map(({ level, waiting }) => [[level], waiting]),
    );
    registry.collect(
      'counter',
      'apiserver_flowcontrol_rejected_requests_total',
      'Requests sent away, by priority level and reason.',
      ['priority_level', 'reason'],
      () => flowControl.load().flatMap(({ level, refused }) => Object.entries(refused).map(([why, count]) => [[level, why], count] as const)),
    );
    const single = (type: 'counter' | 'gauge', name: string, help: string, value: () => number): void =>
      registry.collect(type, name, help, [], () => [[[], value()]]);
    single('gauge', 'apiserver_storage_revision', 'The newest revision that reads show.', () => engine.revision);
    single('counter', 'process_cpu_seconds_total', 'CPU time of the process in seconds.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    single('gauge', 'process_resident_memory_bytes', 'Resident memory of the process.', () => process.memoryUsage.rss());
    single('gauge', 'process_start_time_seconds', 'When the process started, in seconds since the epoch.', () => performance.timeOrigin / 1000);
    single('gauge', 'nodejs_eventloop_lag_p99_seconds', 'The event loop was late by at most this in 99 of 100 turns.', () =>
      lagSeconds(this.#delay.percentile(99)),
    );
    single('gauge', 'nodejs_eventloop_lag_max_seconds', 'The longest the event loop was late.', () => lagSeconds(this.#delay.max));
  }

  close(): void {
    this.#delay.disable();
  }

  /** Watches, logs and streams count as long running: their duration says nothing of the server. */
  longRunning(change: 1 | -1): void {
    this.#open += change;
    this.#longRunning.set(this.#open);
  }

  observe({ verb, group, version, resource, subresource, scope }: RequestLabels, code: number, seconds: number | undefined): void {
    this.#requests(String(code), group, resource, scope, subresource, verb, version).inc();
    if (seconds !== undefined) this.#durations(group, resource, scope, subresource, verb, version).observe(seconds);
  }

  serve({ response }: Exchange): void {
    send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', this.#registry.text());
  }
}

function lagSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - LAG_EVERY_MS) / 1000;
}
