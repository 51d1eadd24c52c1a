/** What is scaled, by what, and what the metrics say. */
import type { Call } from '../peer.ts';
import { NAMESPACE } from './nodes.ts';
import { pathOf } from './scenarios.ts';

/** The label of a pod that says how much CPU (millicores) and memory (Ki) it uses; without it nobody measures the pod. */
export const USE = 'use';

const APPROVED = { 'api-approved.kubernetes.io': 'https://github.com/kubernetes/kubernetes/pull/1' };
const OPEN = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };

const definition = (group: string, version: string, kind: string, plural: string, subresources?: object): object => ({
  metadata: { name: `${plural}.${group}`, ...(group.endsWith('.k8s.io') ? { annotations: APPROVED } : {}) },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural },
    versions: [{ name: version, served: true, storage: true, schema: OPEN, ...(subresources === undefined ? {} : { subresources }) }],
  },
});

/** An external metric is a resource of its name; custom metrics have no adapter. */
export const DEFINITIONS: readonly object[] = [
  definition('metrics.k8s.io', 'v1beta1', 'PodMetrics', 'pods'),
  definition('external.metrics.k8s.io', 'v1beta1', 'ExternalMetricValue', 'queue'),
  definition('example.com', 'v1', 'Worker', 'workers', {
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.spec.selector' },
  }),
];

const EXTERNAL = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${NAMESPACE}/queue`;

const value = (name: string, of: string): Call => ({
  method: 'POST',
  path: EXTERNAL,
  body: {
    apiVersion: 'external.metrics.k8s.io/v1beta1',
    kind: 'ExternalMetricValue',
    metadata: { name, labels: { q: name } },
    metricName: 'queue',
    metricLabels: { q: name },
    timestamp: '2026-01-01T00:00:00Z',
    value: of,
  },
});

export const EXTERNAL_VALUES: readonly Call[] = [value('busy', '35'), value('calm', '1500m'), value('idle', '0')];

const make = (base: string, plural: string, body: object): Call => ({ method: 'POST', path: pathOf(base, plural), body });

const workload = (plural: string, name: string, replicas: number, use?: number, requests: object = { cpu: '100m', memory: '100Ki' }): Call =>
  make('/apis/apps/v1', plural, {
    metadata: { name },
    spec: {
      replicas,
      ...(plural === 'statefulsets' ? { serviceName: name, podManagementPolicy: 'Parallel' } : {}),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name, ...(use === undefined ? {} : { [USE]: String(use) }) } },
        spec: { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'x', resources: { requests } }] },
      },
    },
  });
const deployment = (name: string, replicas: number, use?: number, requests?: object): Call => workload('deployments', name, replicas, use, requests);

type Metric = Record<string, unknown>;

const cpu = (averageUtilization: number): Metric => ({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } });
const raw = (name: string, averageValue: string): Metric => ({ type: 'Resource', resource: { name, target: { type: 'AverageValue', averageValue } } });
const external = (target: object, q?: string, name = 'queue'): Metric => ({
  type: 'External',
  external: { metric: { name, ...(q === undefined ? {} : { selector: { matchLabels: { q } } }) }, target },
});
const average = (averageValue: string): object => ({ type: 'AverageValue', averageValue });
const container = (name: string): Metric => ({
  type: 'ContainerResource',
  containerResource: { name: 'cpu', container: name, target: { type: 'Utilization', averageUtilization: 50 } },
});
const pods: Metric = { type: 'Pods', pods: { metric: { name: 'qps' }, target: average('5') } };
const ofObject: Metric = {
  type: 'Object',
  object: { metric: { name: 'hits' }, describedObject: { apiVersion: 'v1', kind: 'Service', name: 'front' }, target: { type: 'Value', value: '5' } },
};

interface Wish {
  name: string;
  target?: { apiVersion?: string; kind: string; name: string };
  min?: number;
  max?: number;
  metrics?: Metric[];
  behavior?: object;
}

const scaler = ({ name, target, min = 1, max = 8, metrics = [cpu(50)], behavior }: Wish): Call =>
  make('/apis/autoscaling/v2', 'horizontalpodautoscalers', {
    metadata: { name },
    spec: {
      scaleTargetRef: target ?? { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: min,
      maxReplicas: max,
      metrics,
      ...(behavior === undefined ? {} : { behavior }),
    },
  });

/** Each with a deployment of its name. */
const CASES: readonly (Wish & { replicas: number; use?: number; requests?: object })[] = [
  { name: 'above', replicas: 2, use: 90 },
  { name: 'below', replicas: 4, use: 10, min: 2 },
  { name: 'within', replicas: 3, use: 52 },
  { name: 'edge', replicas: 3, use: 55 },
  { name: 'exact', replicas: 3, use: 40 },
  { name: 'raw-cpu', replicas: 2, use: 90, metrics: [raw('cpu', '60m')], max: 3 },
  { name: 'raw-memory', replicas: 2, use: 2048, metrics: [raw('memory', '4Mi')] },
  { name: 'container', replicas: 2, use: 90, metrics: [container('c')], max: 4 },
  { name: 'no-container', replicas: 1, use: 90, metrics: [container('other')] },
  { name: 'no-request', replicas: 1, use: 90, requests: { memory: '1Ki' } },
  { name: 'unmeasured', replicas: 2 },
  { name: 'queue', replicas: 1, metrics: [external(average('10'), 'busy')] },
  { name: 'queue-sum', replicas: 1, metrics: [external(average('10'))] },
  { name: 'queue-value', replicas: 2, metrics: [external({ type: 'Value', value: '25' }, 'busy')], max: 3 },
  { name: 'queue-part', replicas: 3, metrics: [external(average('1'), 'calm')] },
  { name: 'queue-empty', replicas: 1, metrics: [external(average('1'), 'nothing')] },
  { name: 'queue-unknown', replicas: 1, metrics: [external(average('1'), 'busy', 'other')] },
  { name: 'to-zero', replicas: 2, min: 0, metrics: [external(average('1'), 'idle')] },
  { name: 'pods', replicas: 1, metrics: [pods] },
  { name: 'object', replicas: 1, metrics: [ofObject] },
  { name: 'one-fails-up', replicas: 2, use: 90, metrics: [pods, cpu(50)], max: 4 },
  { name: 'one-fails-down', replicas: 4, use: 10, metrics: [cpu(50), pods] },
  { name: 'two', replicas: 2, use: 60, metrics: [cpu(50), external(average('10'), 'busy')] },
  { name: 'off', replicas: 0 },
  { name: 'too-many', replicas: 5, use: 50, max: 3 },
  { name: 'too-few', replicas: 1, use: 50, min: 3 },
  { name: 'slow-up', replicas: 2, use: 90, behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 600 }] } } },
  { name: 'slow-down', replicas: 5, use: 5, behavior: { scaleDown: { policies: [{ type: 'Percent', value: 20, periodSeconds: 600 }] } } },
  { name: 'never-down', replicas: 4, use: 5, behavior: { scaleDown: { selectPolicy: 'Disabled' } } },
  { name: 'never-up', replicas: 2, use: 90, behavior: { scaleUp: { selectPolicy: 'Disabled' } } },
  { name: 'tolerant', replicas: 3, use: 60, behavior: { scaleUp: { tolerance: '0.3' } } },
  { name: 'strict', replicas: 4, use: 51, behavior: { scaleUp: { tolerance: '0.01' } }, max: 5 },
];

export const TARGETS: readonly Call[] = [
  ...CASES.map(({ name, replicas, use, requests }) => deployment(name, replicas, use, requests)),
  workload('statefulsets', 'stateful', 2, 10),
  deployment('shared', 1, 50),
  deployment('workers', 2, 90),
  make('/apis/example.com/v1', 'workers', {
    apiVersion: 'example.com/v1',
    kind: 'Worker',
    metadata: { name: 'worker' },
    spec: { replicas: 2, selector: 'app=workers' },
    status: { replicas: 2 },
  }),
  make('/apis/example.com/v1', 'workers', { apiVersion: 'example.com/v1', kind: 'Worker', metadata: { name: 'aimless' }, spec: { replicas: 1 } }),
  make('/apis/example.com/v1', 'workers', { apiVersion: 'example.com/v1', kind: 'Worker', metadata: { name: 'odd' }, spec: { replicas: 1, selector: 'a in' } }),
];

const worker = (name: string) => ({ apiVersion: 'example.com/v1', kind: 'Worker', name });

export const AUTOSCALERS: readonly Call[] = [
  ...CASES.map(scaler),
  scaler({ name: 'stateful', target: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'stateful' } }),
  scaler({ name: 'worker', target: worker('worker'), max: 3 }),
  scaler({ name: 'aimless', target: worker('aimless') }),
  scaler({ name: 'odd', target: worker('odd') }),
  scaler({ name: 'gone', target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gone' } }),
  scaler({ name: 'unknown', target: { apiVersion: 'example.com/v1', kind: 'Oddity', name: 'x' } }),
  scaler({ name: 'unscalable', target: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'x' } }),
  scaler({ name: 'shared-a', target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shared' } }),
  scaler({ name: 'shared-b', target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shared' } }),
];
