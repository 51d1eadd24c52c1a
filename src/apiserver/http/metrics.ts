/** The server's own measures, in Prometheus text. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ApiEngine } from '../engine.ts';
import type { FlowControl } from '../flow-control/index.ts';
import { send } from './respond.ts';
import type { Exchange } from './exchange.ts';

/** Seconds; upstream's buckets, thinned. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];
/** Label sets are bounded by verbs, resources and codes; this holds off a client that invents paths. */
const MAX_SERIES = 5000;
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

interface Histogram {
  labels: string;
  /** Of durations up to each bucket's bound, not cumulative; the last is beyond all. */
  counts: number[];
  sumSeconds: number;
}

export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #durations = new Map<string, Histogram>();
  readonly #delay = monitorEventLoopDelay({ resolution: LAG_EVERY_MS });
  #longRunning = 0;

  constructor() {
    this.#delay.enable();
  }

  close(): void {
    this.#delay.disable();
  }

  /** Watches, logs and streams count as long running: their duration says nothing of the server. */
  longRunning(change: 1 | -1): void {
    this.#longRunning += change;
  }

  observe(labels: RequestLabels, code: number, seconds: number | undefined): void {
    const text = `group="${labels.group}",resource="${labels.resource}",scope="${labels.scope}",subresource="${labels.subresource}",verb="${labels.verb}",version="${labels.version}"`;
    const key = `code="${code}",${text}`;
    if (this.#requests.size < MAX_SERIES || this.#requests.has(key)) this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    if (seconds === undefined) return;
    let histogram = this.#durations.get(text);
    if (histogram === undefined) {
      if (this.#durations.size >= MAX_SERIES) return;
      histogram = { labels: text, counts: Array<number>(BUCKETS.length + 1).fill(0), sumSeconds: 0 };
      this.#durations.set(text, histogram);
    }
    const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
    histogram.counts[bucket < 0 ? BUCKETS.length : bucket]!++;
    histogram.sumSeconds += seconds;
  }

  serve({ response }: Exchange, engine: ApiEngine, flowControl: FlowControl): void {
    send(response, 200, 'text/plain; version=0.0.4; charset=utf-8', this.#text(engine, flowControl));
  }

  #text(engine: ApiEngine, flowControl: FlowControl): string {
    const lines: string[] = [];
    const family = (name: string, type: string, help: string, samples: Iterable<string>): void =>
      void lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
    family(
      'apiserver_request_total',
      'counter',
      'Requests by verb, resource and code.',
      [...this.#requests].map(([labels, count]) => `apiserver_request_total{${labels}} ${count}`),
    );
    family(
      'apiserver_request_duration_seconds',
      'histogram',
      'Duration of requests in seconds, without long-running ones.',
      [...this.#durations.values()].flatMap(histogramLines),
    );
    family('apiserver_longrunning_requests', 'gauge', 'Watches, logs and streams that are open.', [`apiserver_longrunning_requests ${this.#longRunning}`]);
    const load = flowControl.load();
    family(
      'apiserver_flowcontrol_current_executing_requests',
      'gauge',
      'Requests in service, by priority level.',
      load.map(({ level, executing }) => `apiserver_flowcontrol_current_executing_requests{priority_level="${level}"} ${executing}`),
    );
    family(
      'apiserver_flowcontrol_current_inqueue_requests',
      'gauge',
      'Requests that wait, by priority level.',
      load.map(({ level, waiting }) => `apiserver_flowcontrol_current_inqueue_requests{priority_level="${level}"} ${waiting}`),
    );
    family(
      'apiserver_flowcontrol_rejected_requests_total',
      'counter',
      'Requests sent away, by priority level and reason.',
      load.flatMap(({ level, refused }) =>
        Object.entries(refused).map(([why, count]) => `apiserver_flowcontrol_rejected_requests_total{priority_level="${level}",reason="${why}"} ${count}`),
      ),
    );
    family('apiserver_storage_revision', 'gauge', 'The newest revision that reads show.', [`apiserver_storage_revision ${engine.revision}`]);
    const cpu = process.cpuUsage();
    family('process_cpu_seconds_total', 'counter', 'CPU time of the process in seconds.', [`process_cpu_seconds_total ${(cpu.user + cpu.system) / 1e6}`]);
    family('process_resident_memory_bytes', 'gauge', 'Resident memory of the process.', [`process_resident_memory_bytes ${process.memoryUsage.rss()}`]);
    family('process_start_time_seconds', 'gauge', 'When the process started, in seconds since the epoch.', [
      `process_start_time_seconds ${performance.timeOrigin / 1000}`,
    ]);
    family('nodejs_eventloop_lag_p99_seconds', 'gauge', 'The event loop was late by at most this in 99 of 100 turns.', [
      `nodejs_eventloop_lag_p99_seconds ${lagSeconds(this.#delay.percentile(99))}`,
    ]);
    family('nodejs_eventloop_lag_max_seconds', 'gauge', 'The longest the event loop was late.', [
      `nodejs_eventloop_lag_max_seconds ${lagSeconds(this.#delay.max)}`,
    ]);
    return `${lines.join('\n')}\n`;
  }
}

function lagSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - LAG_EVERY_MS) / 1000;
}

function histogramLines({ labels, counts, sumSeconds }: Histogram): string[] {
  let total = 0;
  const buckets = counts.map((count, i) => {
    total += count;
    return `apiserver_request_duration_seconds_bucket{${labels},le="${BUCKETS[i] ?? '+Inf'}"} ${total}`;
  });
  return [...buckets, `apiserver_request_duration_seconds_sum{${labels}} ${sumSeconds}`, `apiserver_request_duration_seconds_count{${labels}} ${total}`];
}
