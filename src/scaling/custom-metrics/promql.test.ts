import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabelRequirements } from '../../kube/selectors.ts';
import { metricName, seriesOf, valueQuery } from './promql.ts';

test('counters are offered as what they count, all else by its name, and nothing of containers', () => {
  const cases: [series: string, metric: string | undefined][] = [
    ['http_requests_total', 'http_requests'],
    ['process_cpu_seconds_total', 'process_cpu'],
    ['queue_depth', 'queue_depth'],
    ['container_cpu_usage_seconds_total', undefined],
  ];
  for (const [series, metric] of cases) {
    assert.equal(metricName(series), metric, series);
    if (metric !== undefined) assert.ok(seriesOf(metric).includes(series), series);
  }
});

test('a counter by its own name is no metric, and neither is what cannot be a name', () => {
  assert.deepEqual(seriesOf('http_requests_total'), ['http_requests_total_total', 'http_requests_total_seconds_total']);
  assert.deepEqual(seriesOf('a b'), []);
  assert.deepEqual(seriesOf('x"} or up{a="'), []);
});

test('one query has the value of each object, whatever the series are', () => {
  const matchers = String.raw`namespace="shop",pod=~"web-1|web\\.2",path=~"/a|/b",code!~"500",verb!="",test=""`;
  assert.equal(
    valueQuery('http_requests', { label: 'pod', namespace: 'shop', names: ['web-1', 'web.2'] }, [
      { key: 'path', operator: 'in', values: new Set(['/a', '/b']) },
      ...parseLabelRequirements('code!=500,verb,!test'),
    ]),
    `sum by (pod) (http_requests{${matchers}}) or sum by (pod) (rate(http_requests_total{${matchers}}[1m])) or sum by (pod) (rate(http_requests_seconds_total{${matchers}}[1m]))`,
  );
  assert.match(valueQuery('load', { label: 'node', names: ['n1'] }, []), /^sum by \(node\) \(load\{node=~"n1"\}\) or /);
  assert.throws(() => valueQuery('load', { label: 'node', names: ['n1'] }, parseLabelRequirements('a>5')), /cannot be compared by >/);
});
