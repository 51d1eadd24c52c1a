import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../kube/types.ts';
import { testWorld } from '../testing.ts';

const metrics = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
  { type: 'Pods', pods: { metric: { name: 'm', selector: { matchLabels: { a: 'b' } } }, target: { type: 'AverageValue', averageValue: '1k' } } },
  {
    type: 'Object',
    object: { describedObject: { kind: 'Service', name: 's', apiVersion: 'v1' }, metric: { name: 'm' }, target: { type: 'Value', value: '5' } },
  },
  { type: 'External', external: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } },
  { type: 'ContainerResource', containerResource: { name: 'memory', container: 'c', target: { type: 'AverageValue', averageValue: '1Gi' } } },
];
const KEY = { namespace: 'default', name: 'h' };

test('an autoscaler is the same after a change through version 1, which shows the rest in annotations', async () => {
  const { engine, ctx, definition } = await testWorld();
  const [v1, v2] = [definition('autoscaling/v1/horizontalpodautoscalers'), definition('autoscaling/v2/horizontalpodautoscalers')];
  const object = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 5,
      metrics,
      behavior: { scaleDown: { selectPolicy: 'Disabled' } },
    },
  };
  const made = (await engine.create(v2, ctx, 'default', object as KubeObject)).object as KubeObject & { spec: Record<string, unknown> };
  const old = (await engine.get(v1, ctx, KEY)).object as KubeObject & { spec: Record<string, unknown> };
  assert.deepEqual([old.spec['targetCPUUtilizationPercentage'], old.spec['metrics']], [50, undefined]);
  assert.equal(
    old.metadata.annotations?.['autoscaling.alpha.kubernetes.io/metrics'],
    '[{"type":"Pods","pods":{"metricName":"m","targetAverageValue":"1k","selector":{"matchLabels":{"a":"b"}}}},' +
      '{"type":"Object","object":{"target":{"kind":"Service","name":"s","apiVersion":"v1"},"metricName":"m","targetValue":"5"}},' +
      '{"type":"External","external":{"metricName":"m","targetAverageValue":"5"}},' +
      '{"type":"ContainerResource","containerResource":{"name":"memory","targetAverageValue":"1Gi","container":"c"}}]',
  );
  await engine.patch(v1, ctx, KEY, { spec: { maxReplicas: 9 } }, { type: 'merge' });
  const after = (await engine.get(v2, ctx, KEY)).object as KubeObject & { spec: Record<string, unknown> };
  // The one with a field of its own comes last then.
  const [cpu, ...others] = metrics;
  assert.deepEqual(after.spec, { ...made.spec, maxReplicas: 9, metrics: [...others, cpu] });
  assert.equal(after.metadata.annotations, undefined);
});
