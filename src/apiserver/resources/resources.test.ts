import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaOf } from '../../kube/schema/index.ts';
import type { KubeObject, Unstructured } from '../../kube/types.ts';
import { convertAutoscalerV1 } from './autoscalers.ts';
import { convertEvent } from './events.ts';
import { builtinResources } from './index.ts';

test('no two resources have the same name, kind or short name in a group and version', () => {
  for (const field of ['plural', 'kind'] as const) {
    const names = builtinResources.map((d) => `${d.group}/${d.version}/${d[field]}`);
    assert.equal(new Set(names).size, names.length);
  }
  const short = builtinResources.flatMap((d) => d.shortNames.map((name) => `${name} ${d.group === 'events.k8s.io' ? '' : d.group} ${d.version}`));
  assert.equal(new Set(short).size, short.length - 1, 'only events are in two groups');
});

test('every kind is in the schema table, except those that are not sent', () => {
  const missing = builtinResources.filter((d) => schemaOf(d) === undefined).map((d) => `${d.group}/${d.version} ${d.kind}`);
  assert.deepEqual(missing, []);
});

test('status subresources and status fields belong together', () => {
  for (const d of builtinResources)
    assert.equal(
      d.hasStatus,
      d.subresources.some(({ name }) => name === 'status'),
      d.plural,
    );
});

test('events survive the way to the other API and back', () => {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e' },
    involvedObject: { name: 'p' },
    message: 'm',
    source: { component: 'c' },
    count: 3,
    reportingComponent: 'c',
  };
  assert.deepEqual(convertEvent.toStorage(convertEvent.fromStorage(event as KubeObject)), event);
});

test('an autoscaler with one CPU target has it as a field in v1, and nothing else is lost on the way', () => {
  const memory = { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 60 } } };
  const v2 = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h', annotations: { mine: 'x' } },
    spec: {
      maxReplicas: 4,
      metrics: [memory, { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
      behavior: { scaleDown: { selectPolicy: 'Min' } },
    },
  } as KubeObject;
  const v1 = convertAutoscalerV1.fromStorage(v2) as Unstructured & { spec: Record<string, unknown> };
  assert.equal(v1.spec['targetCPUUtilizationPercentage'], 50);
  assert.equal(v1.spec['metrics'], undefined);
  assert.deepEqual(convertAutoscalerV1.toStorage(v1), v2);
});
