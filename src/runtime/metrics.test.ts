import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { MetricsRegistry } from './metrics.ts';

const values = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('counters, gauges and histograms are written as Prometheus reads them', () => {
  const registry = new MetricsRegistry();
  const requests = registry.counter('requests_total', 'Requests.', ['verb', 'code']);
  requests('GET', '200').inc();
  requests('GET', '200').inc(2);
  requests('POST', '201').inc();
  registry.gauge('queue_depth', 'How many wait.')().set(7);
  const took = registry.histogram('took_seconds', 'How long.', [0.1, 1], ['verb'])('GET');
  for (const seconds of [0.05, 0.1, 0.5, 3]) took.observe(seconds);
  assert.deepEqual(values(registry.text()), [
    'requests_total{verb="GET",code="200"} 3',
    'requests_total{verb="POST",code="201"} 1',
    'queue_depth 7',
    'took_seconds_bucket{verb="GET",le="0.1"} 2',
    'took_seconds_bucket{verb="GET",le="1"} 3',
    'took_seconds_bucket{verb="GET",le="+Inf"} 4',
    'took_seconds_sum{verb="GET"} 3.65',
    'took_seconds_count{verb="GET"} 4',
  ]);
  assert.match(registry.text(), /^# HELP requests_total Requests\.\n# TYPE requests_total counter\n/);
});

test('label values keep their quotes, backslashes and line ends', () => {
  const registry = new MetricsRegistry();
  registry.gauge('odd', 'Odd.', ['label'])('a"b\\c\nd').set(1);
  assert.deepEqual(values(registry.text()), ['odd{label="a\\"b\\\\c\\nd"} 1']);
});

test('what is asked for twice is one family, and series without end are not kept', () => {
  const registry = new MetricsRegistry();
  registry.counter('adds_total', 'Adds.', ['name'])('a').inc();
  const family = registry.counter('adds_total', 'Adds.', ['name']);
  family('a').inc();
  assert.deepEqual(values(registry.text()), ['adds_total{name="a"} 2']);
  for (let i = 0; i < 10_000; i++) family(`n${i}`).inc();
  assert.equal(values(registry.text()).length, 5000);
});

test('collected values are those of the moment of reading', () => {
  const registry = new MetricsRegistry();
  let depth = 1;
  registry.collect('gauge', 'depth', 'Depth.', ['queue'], () => [[['active'], depth]]);
  depth = 5;
  assert.deepEqual(values(registry.text()), ['depth{queue="active"} 5']);
});

test('promtool, where it is installed, reads it without complaint', (t) => {
  const registry = new MetricsRegistry();
  registry.counter('requests_total', 'Requests.', ['verb'])('GET').inc();
  registry.histogram('took_seconds', 'How long.', [0.1, 1])().observe(0.3);
  try {
    execFileSync('promtool', ['check', 'metrics'], { input: registry.text(), stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return t.skip('needs promtool');
    throw error;
  }
});
