/** A result for reading, and the line of a second. */
import type { LoadResult } from './run.ts';
import type { SecondPoint } from './recorder.ts';

const PERCENTILES = ['p50', 'p75', 'p90', 'p95', 'p99', 'p999', 'max'] as const;

/** '0.42 ms', '12.3 ms', '1.52 s' */
export function latencyText(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

export function countText(count: number): string {
  return (count < 10 && !Number.isInteger(count) ? count.toFixed(1) : Math.round(count).toString()).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

/** '  12 s    498 requests/s   p50 1.20 ms   p99 4.1 ms   0 failed/s   20 users' */
export function secondText(point: SecondPoint): string {
  const parts = [
    `${Math.round(point.at)} s`.padStart(7),
    `${countText(point.requestsPerSecond).padStart(7)} requests/s`,
    `p50 ${latencyText(point.p50).padStart(7)}`,
    `p99 ${latencyText(point.p99).padStart(7)}`,
    `${countText(point.failedPerSecond)} failed/s`,
    point.users > 0 ? `${point.users} users` : `${point.inFlight} on their way`,
  ];
  if (point.waiting > 0) parts.push(`${countText(point.waiting)} wait for a connection`);
  return parts.join('   ');
}

export function summary(result: LoadResult): string {
  const { requests, latencyMs } = result;
  const row = (name: string, text: string): string => `  ${name.padEnd(12)} ${text}`;
  const sent = [`${countText(requests.sent)} sent`, `${countText(requests.answered)} answered`, `${countText(requests.failed)} failed`];
  if (requests.unfinished > 0) sent.push(`${countText(requests.unfinished)} on their way at the end`);
  const counts = (of: Record<string, number>): string =>
    Object.entries(of)
      .map(([name, count]) => `${name}: ${countText(count)}`)
      .join('   ');
  const lines = [
    `${result.interrupted ? 'Interrupted after' : 'In'} ${result.seconds.toFixed(1)} s`,
    row('requests', sent.join(', ')),
    row('a second', `${countText(result.requestsPerSecond)} ended while requests were sent`),
    row('latency', PERCENTILES.map((name) => `${name === 'p999' ? 'p99.9' : name} ${latencyText(latencyMs[name])}`).join('   ')),
    row('read', bytesText(result.bytes)),
  ];
  if (Object.keys(result.statusCodes).length > 0) lines.push(row('status', counts(result.statusCodes)));
  if (Object.keys(result.errors).length > 0) lines.push(row('errors', counts(result.errors)));
  const { busy, slow, mostMs } = requests.late;
  if (requests.unsent > 0)
    lines.push(
      row('not sent', `${countText(requests.unsent)} were due and found no free connection in time: raise --connections, or the target is over its limit`),
    );
  if (busy > 0)
    lines.push(row('late', `${countText(busy)} waited for a connection, at most ${latencyText(mostMs)}; their latency counts from when they were due`));
  if (slow > 0)
    lines.push(
      row(
        'late',
        `${countText(slow)} because this machine could not keep up, at most ${latencyText(mostMs)}${slow > requests.sent / 100 ? ': lower --rate, or give it a core of its own' : ''}`,
      ),
    );
  return `${lines.join('\n')}\n`;
}
