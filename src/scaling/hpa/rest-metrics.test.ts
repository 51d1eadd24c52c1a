import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourcePath } from '../../runtime/http/request.ts';
import { StatusError } from '../../kube/status.ts';
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import type { MetricsClient } from './metrics-client.ts';
import { restMetrics } from './rest-metrics.ts';
import type { KindMapper } from './targets.ts';

/** Answers by path and query, and keeps what was asked. */
function api(answer: (url: string) => unknown): { metrics: MetricsClient; asked: string[]; clock: VirtualClock } {
  const asked: string[] = [];
  const url = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    return `${path}${given.length > 0 ? `?${given.map(([name, value]) => `${name}=${value}`).join('&')}` : ''}`;
  };
  const reply = async (text: string): Promise<never> => {
    asked.push(text);
    // The paths say of what type the answer is.
    return answer(text) as never;
  };
  const client: Pick<Client, 'get' | 'list'> = {
    get: (resource, { namespace, name }, { subresource, query = {} } = {}) => reply(url(resourcePath(resource, namespace, name, subresource), query)),
    list: <T extends KubeObject>(resource: Resource<T>, { namespace, ...query }: { namespace?: string; labelSelector?: string } = {}) =>
      reply(url(resourcePath(resource, namespace), query)),
  };
  const clock = new VirtualClock();
  const kinds: KindMapper = (group, kind) => (kind === 'Ingress' ? [{ group, version: 'v1', kind, plural: 'ingresses', namespaced: true }] : []);
  const whole = client as Client;
  return { metrics: restMetrics({ resources: whole, adapters: whole, kinds, clock }), asked, clock };
}

const usage = (name: string, containers: Record<string, Record<string, string>>) => ({
  metadata: { name },
  timestamp: '2026-01-01T00:00:30Z',
  window: '1m0.5s',
  containers: Object.entries(containers).map(([container, used]) => ({ name: container, usage: used })),
});
const time = Date.UTC(2026, 0, 1, 0, 0, 30);

test('what pods use is listed once a namespace and second, and summed in thousandths', async () => {
  const { metrics, asked, clock } = api(() => ({
    items: [usage('a', { main: { cpu: '1200001n' }, log: { cpu: '5m' } }), usage('b', { main: { cpu: '1' }, log: {} }), usage('c', { main: { cpu: '9' } })],
  }));
  const query = { namespace: 'default', pods: ['a', 'b', 'd'], resource: 'cpu' };
  const [both, main] = await Promise.all([metrics.ofResource(query), metrics.ofResource({ ...query, container: 'main' })]);
  assert.deepEqual([...both], [['a', { time, windowMs: 60_500, millis: 7 }]]);
  assert.deepEqual(
    [...main].map(([name, { millis }]) => [name, millis]),
    [
      ['a', 2],
      ['b', 1000],
    ],
  );
  assert.deepEqual(asked, ['/apis/metrics.k8s.io/v1beta1/namespaces/default/pods']);
  await clock.advance(15_000);
  await metrics.ofResource(query);
  assert.equal(asked.length, 2);
  await assert.rejects(metrics.ofResource({ ...query, pods: ['d'] }), /^Error: no metrics returned from resource metrics API$/);
});

test('custom and external metrics are asked for under the paths that adapters serve', async () => {
  const value = { timestamp: '2026-01-01T00:00:30Z', value: '1500m' };
  const { metrics, asked } = api(() => ({ items: [{ ...value, describedObject: { name: 'a' } }] }));
  const metric = { name: 'qps', selector: { matchLabels: { verb: 'GET' } } };
  const namespace = 'default';
  assert.deepEqual([...(await metrics.ofPods({ namespace, selector: 'app=web', metric }))], [['a', { time, windowMs: 60_000, millis: 1500 }]]);
  assert.equal(await metrics.ofObject({ namespace, object: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'front' }, metric }), 1500);
  assert.equal(await metrics.ofObject({ namespace, object: { apiVersion: 'v1', kind: 'Namespace', name: 'other' }, metric: { name: 'qps' } }), 1500);
  assert.deepEqual(await metrics.ofExternal({ namespace, metric }), [1500]);
  assert.deepEqual(asked, [
    '/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/pods/*/qps?labelSelector=app=web&metricLabelSelector=verb=GET',
    '/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/ingresses.networking.k8s.io/front/qps?metricLabelSelector=verb=GET',
    '/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/metrics/qps',
    '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/qps?labelSelector=verb=GET',
  ]);
});

test('what is not served, empty or ambiguous is said in upstream words', async () => {
  const namespace = 'default';
  const metric = { name: 'qps' };
  const front = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'front' };
  const missing = api(() => {
    throw new StatusError(404, 'NotFound', 'the server could not find the requested resource');
  }).metrics;
  await assert.rejects(missing.ofResource({ namespace, pods: ['a'], resource: 'cpu' }), {
    message: 'unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)',
  });
  await assert.rejects(missing.ofPods({ namespace, selector: '', metric }), {
    message: 'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
  });
  await assert.rejects(missing.ofObject({ namespace, object: { kind: 'Oddity', name: 'x' }, metric }), {
    message: 'unable to fetch metrics from custom metrics API: unable to map kind Oddity to resource: no matches for kind "Oddity" in group ""',
  });
  const empty = api(() => ({ items: [] })).metrics;
  await assert.rejects(empty.ofPods({ namespace, selector: '', metric }), { message: 'no metrics returned from custom metrics API' });
  await assert.rejects(empty.ofExternal({ namespace, metric }), { message: 'no metrics returned from external metrics API' });
  await assert.rejects(empty.ofObject({ namespace, object: front, metric }), {
    message: 'unable to fetch metrics from custom metrics API: the custom metrics API server returned 0 results when we asked for exactly one',
  });
  const refusing = api(() => {
    throw new StatusError(404, 'NotFound', 'the server could not find the metric qps for pods', { name: 'qps' });
  }).metrics;
  await assert.rejects(refusing.ofExternal({ namespace, metric }), {
    message: 'unable to fetch metrics from external metrics API: the server could not find the metric qps for pods',
  });
});
