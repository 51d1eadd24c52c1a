import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../kube/types.ts';
import type { MetricsClient } from './metrics-client.ts';
import { propose, type Failure, type Observed, type Proposal } from './proposal.ts';
import type { MetricSpec } from './types.ts';

const NOW = Date.UTC(2026, 0, 1);

function pods(count: number): Pod[] {
  return Array.from({ length: count }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${i}`, namespace: 'default' },
    spec: { containers: ['main', 'log'].map((name) => ({ name, resources: { requests: { cpu: '500m', memory: '1Ki' } } })) },
    status: {
      phase: 'Running',
      startTime: '2025-01-01T00:00:00Z',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2025-01-01T00:00:00Z' }],
    },
  }));
}

const observed = (more: Partial<Observed> = {}): Observed => ({
  namespace: 'default',
  selector: 'app=web',
  specReplicas: 3,
  statusReplicas: 3,
  pods: pods(3),
  tolerances: { up: 0.1, down: 0.1 },
  delays: { cpuInitializationMs: 300_000, initialReadinessDelayMs: 30_000 },
  nowMs: NOW,
  ...more,
});

/** Each pod, object and value of the same size; thousandths. */
function answering(millis: number): MetricsClient {
  const perPod = async () => new Map(pods(3).map(({ metadata }) => [metadata.name ?? '', { time: NOW, windowMs: 15_000, millis }]));
  return { ofResource: perPod, ofPods: perPod, ofObject: async () => millis, ofExternal: async () => [millis / 2, millis / 2] };
}

const silent: MetricsClient = {
  ofResource: () => Promise.reject(new Error('no metrics returned from resource metrics API')),
  ofPods: () => Promise.reject(new Error('no metrics returned from custom metrics API')),
  ofObject: () => Promise.reject(new Error('none')),
  ofExternal: () => Promise.reject(new Error('none')),
};

const metric = { name: 'qps' };
const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'front' };
const specs = {
  cpu: { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
  cpuRaw: { type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: '500m' } } },
  memory: { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Ki' } } },
  container: { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'main', target: { type: 'Utilization', averageUtilization: 50 } } },
  pods: { type: 'Pods', pods: { metric, target: { type: 'AverageValue', averageValue: '500m' } } },
  object: { type: 'Object', object: { metric, describedObject: ingress, target: { type: 'Value', value: '500m' } } },
  objectAverage: { type: 'Object', object: { metric, describedObject: ingress, target: { type: 'AverageValue', averageValue: '500m' } } },
  external: { type: 'External', external: { metric, target: { type: 'Value', value: '500m' } } },
  externalAverage: {
    type: 'External',
    external: { metric: { ...metric, selector: { matchLabels: { q: 'a' } } }, target: { type: 'AverageValue', averageValue: '500m' } },
  },
} satisfies Record<string, MetricSpec>;

const succeed = async (spec: MetricSpec, millis: number, more?: Partial<Observed>): Promise<Proposal> => {
  const result = await propose(spec, observed(more), answering(millis));
  assert.ok('replicas' in result, JSON.stringify(result));
  return result;
};
const failed = async (spec: MetricSpec, more?: Partial<Observed>): Promise<Failure> => {
  const result = await propose(spec, observed(more), silent);
  assert.ok('reason' in result);
  return result;
};

test('each kind of metric proposes replicas and shows what it saw, under the name that upstream gives it', async () => {
  const table: [keyof typeof specs, number, number, string, unknown][] = [
    ['cpu', 1000, 6, 'cpu resource utilization (percentage of request)', { averageUtilization: 100, averageValue: '1' }],
    ['cpuRaw', 1000, 6, 'cpu resource', { averageValue: '1' }],
    ['memory', 2_048_000, 6, 'memory resource', { averageValue: '2Ki' }],
    ['container', 1000, 12, 'cpu container resource utilization (percentage of request)', { averageUtilization: 200, averageValue: '1' }],
    ['pods', 1000, 6, 'pods metric qps', { averageValue: '1' }],
    ['object', 1000, 6, 'Ingress metric qps', { value: '1' }],
    ['objectAverage', 2500, 5, 'external metric qps(nil)', { averageValue: '834m' }],
    ['external', 1000, 6, 'external metric qps(nil)', { value: '1' }],
    [
      'externalAverage',
      2500,
      5,
      'external metric qps(&LabelSelector{MatchLabels:map[string]string{q: a,},MatchExpressions:[]LabelSelectorRequirement{},})',
      { averageValue: '834m' },
    ],
  ];
  for (const [name, millis, replicas, text, current] of table) {
    const proposal = await succeed(specs[name], millis);
    assert.deepEqual([name, proposal.replicas, proposal.name], [name, replicas, text]);
    const { type, ...source } = proposal.status;
    assert.equal(type, specs[name].type);
    assert.deepEqual(Object.values(source)[0]?.current, current);
  }
});

test('one number for all counts from nothing too, and then knows no tolerance', async () => {
  const none = { specReplicas: 0, statusReplicas: 0, pods: [] };
  assert.equal((await succeed(specs.external, 520, none)).replicas, 2);
  assert.equal((await succeed(specs.external, 0, none)).replicas, 0);
  const average = await succeed(specs.externalAverage, 2500, none);
  assert.deepEqual([average.replicas, average.status.external?.current], [5, { averageValue: '2500m' }]);
  assert.equal((await succeed(specs.externalAverage, 0, none)).replicas, 0);
});

test('an average over replicas does not ask which of them are ready, a value does', async () => {
  const halfReady = pods(3);
  halfReady[0]!.status!.conditions![0]!.status = 'False';
  assert.equal((await succeed(specs.external, 1000, { pods: halfReady })).replicas, 4);
  assert.equal((await succeed(specs.externalAverage, 2500, { pods: halfReady })).replicas, 5);
});

test('more than can be counted is as much as can be had', async () => {
  assert.equal((await succeed(specs.external, 1e30)).replicas, 2 ** 31 - 1);
  assert.equal((await succeed(specs.externalAverage, 1e30)).replicas, 2 ** 31 - 1);
});

test('why there is no metric is said in upstream words, briefly in the condition and in full for the autoscaler', async () => {
  const cpu = await failed(specs.cpu);
  assert.equal(cpu.reason, 'FailedGetResourceMetric');
  assert.equal(cpu.message, 'failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API');
  assert.equal(cpu.summary, `failed to get cpu resource metric value: ${cpu.message}`);
  const summaries = await Promise.all(
    [specs.container, specs.pods, specs.object, specs.objectAverage, specs.external, specs.externalAverage].map(async (spec) => (await failed(spec)).summary),
  );
  assert.deepEqual(summaries, [
    'failed to get main container metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    'failed to get pods metric value: unable to get metric qps: no metrics returned from custom metrics API',
    'failed to get object metric value: unable to get metric qps on Ingress default/front: none',
    'failed to get object metric value: failed to get qps object metric: unable to get metric qps on Ingress default/front: none',
    'failed to get qps external metric value: failed to get external metric qps: unable to get external metric default/qps/nil: none',
    'failed to get qps external metric value: failed to get qps external metric: unable to get external metric default/qps/&LabelSelector{MatchLabels:map[string]string{q: a,},MatchExpressions:[]LabelSelectorRequirement{},}: none',
  ]);
  const noPods = await propose(specs.external, observed({ pods: [] }), answering(2000));
  assert.equal('reason' in noPods && noPods.message, 'unable to calculate ready pods: no pods returned by selector while calculating replica count');
});
