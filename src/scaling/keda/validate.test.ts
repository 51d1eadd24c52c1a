import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HorizontalPodAutoscaler } from '../../kube/types.ts';
import type { ScaledObject, ScaledObjectSpec, Trigger } from './types.ts';
import { warningsOf, whyRefused, type Neighbours } from './validate.ts';

const trigger = (more: Partial<Trigger> = {}): Trigger => ({ type: 'prometheus', metadata: {}, ...more });

function scaledObject(spec: Partial<ScaledObjectSpec>, name = 'so', annotations: Record<string, string> = {}): ScaledObject {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name, namespace: 'default', annotations },
    spec: { scaleTargetRef: { name: 'app' }, triggers: [trigger()], ...spec },
  };
}

function hpa(name: string, target: string, more: Partial<HorizontalPodAutoscaler['metadata']> = {}): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace: 'default', ...more },
    spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } },
  };
}

const alone: Neighbours = {
  kindOf: ({ apiVersion, kind }) => `${apiVersion || 'apps/v1'}.${kind || 'Deployment'}`,
  scaledObjects: [],
  autoscalers: [],
  podSpec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1' } } }] },
  hasDefault: () => false,
};
const cpu = trigger({ type: 'cpu', metricType: 'Utilization', metadata: { value: '50' } });
const memory = trigger({ type: 'memory', metricType: 'Utilization', metadata: { value: '50' } });
const modifiers = (formula: string, target = '5') => ({ advanced: { scalingModifiers: { formula, target } } });
const transfer = { 'scaledobject.keda.sh/transfer-hpa-ownership': 'true' };

const refused: [name: string, ScaledObject, Partial<Neighbours>, RegExp][] = [
  [
    'an unknown trigger',
    scaledObject({ triggers: [trigger(), trigger({ type: 'kafka9' })] }),
    {},
    /^spec.triggers\[1\].type: no scaler found for type: kafka9; there are: .*prometheus/,
  ],
  ['two triggers of one name', scaledObject({ triggers: [trigger({ name: 'a' }), trigger({ name: 'a' })] }), {}, /triggerName "a" is defined multiple times/],
  [
    'cached metrics of cpu',
    scaledObject({ minReplicaCount: 1, triggers: [{ ...cpu, useCachedMetrics: true }] }),
    {},
    /"useCachedMetrics" is not supported for "cpu" scaler/,
  ],
  ['a minimum above the maximum', scaledObject({ minReplicaCount: 5, maxReplicaCount: 4 }), {}, /^MinReplicaCount=5 must be less than MaxReplicaCount=4$/],
  [
    'idle that is no less than the minimum',
    scaledObject({ minReplicaCount: 2, idleReplicaCount: 2 }),
    {},
    /^IdleReplicaCount=2 must be less than MinReplicaCount=2$/,
  ],
  [
    'a fallback of cpu alone',
    scaledObject({ minReplicaCount: 1, triggers: [cpu], fallback: { failureThreshold: 1, replicas: 1 } }),
    {},
    /for the fallback to be enabled$/,
  ],
  [
    'a formula that is wrong',
    scaledObject({ triggers: [trigger({ name: 'a' })], ...modifiers('a + c') }),
    {},
    /error validating formula in ScalingModifiers: unknown name c/,
  ],
  ['a formula over triggers without names', scaledObject(modifiers('a')), {}, /triggers\[0\].name must be set/],
  ['a formula without a target', scaledObject({ triggers: [trigger({ name: 'a' })], ...modifiers('a', '') }), {}, /target "" must be a number above zero/],
  [
    'a fallback by formula without one',
    scaledObject({ fallback: { failureThreshold: 1, replicas: 1, behavior: 'scalingModifiers' } }),
    {},
    /requires scalingModifiers.formula to be defined/,
  ],
  [
    'memory that no container asks for',
    scaledObject({ minReplicaCount: 1, triggers: [memory] }),
    {},
    /has a memory trigger but the container c doesn't have the memory request defined/,
  ],
  ['cpu alone down to zero', scaledObject({ triggers: [cpu] }), {}, /only cpu\/memory triggers AND minReplica is 0/],
  [
    'a target of another ScaledObject',
    scaledObject({}),
    { scaledObjects: [scaledObject({}, 'other')] },
    /^the workload 'app' of type 'apps\/v1.Deployment' is already managed by the ScaledObject 'other'$/,
  ],
  [
    'the autoscaler of another ScaledObject',
    scaledObject({ advanced: { horizontalPodAutoscalerConfig: { name: 'keda-hpa-other' } } }),
    { scaledObjects: [scaledObject({ scaleTargetRef: { name: 'elsewhere' } }, 'other')] },
    /^the HPA 'keda-hpa-other' is already managed by the ScaledObject 'other'$/,
  ],
  [
    'a target of an autoscaler',
    scaledObject({}),
    { autoscalers: [hpa('own', 'app')] },
    /^the workload 'app' of type 'apps\/v1.Deployment' is already managed by the hpa 'own'$/,
  ],
  [
    'an autoscaler to take over that is not named',
    scaledObject({}, 'so', transfer),
    { autoscalers: [hpa('own', 'app')] },
    /^the existing hpa 'own' for workload 'app' .* must be specified by name in advanced settings/,
  ],
];
for (const [name, given, neighbours, why] of refused) test(`refused: ${name}`, () => assert.match(whyRefused(given, { ...alone, ...neighbours }) ?? '', why));

const allowed: [name: string, ScaledObject, Partial<Neighbours>][] = [
  ['an ordinary one', scaledObject({}), {}],
  [
    'a target of the same name and another kind',
    scaledObject({}),
    { scaledObjects: [scaledObject({ scaleTargetRef: { name: 'app', kind: 'StatefulSet' } }, 'other')] },
  ],
  ['itself', scaledObject({}), { scaledObjects: [scaledObject({})] }],
  [
    'its own autoscaler',
    scaledObject({}),
    { autoscalers: [hpa('keda-hpa-so', 'app', { ownerReferences: [{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'so', uid: 'u' }] })] },
  ],
  ['an autoscaler that allows it', scaledObject({}), { autoscalers: [hpa('own', 'app', { annotations: { 'validations.keda.sh/hpa-ownership': 'false' } })] }],
  [
    'an autoscaler to take over',
    scaledObject({ advanced: { horizontalPodAutoscalerConfig: { name: 'own' } } }, 'so', transfer),
    { autoscalers: [hpa('own', 'app')] },
  ],
  ['memory by a default of the namespace', scaledObject({ minReplicaCount: 1, triggers: [memory] }), { hasDefault: (resource) => resource === 'memory' }],
  ['cpu beside another trigger down to zero', scaledObject({ triggers: [cpu, trigger()] }), {}],
];
for (const [name, given, neighbours] of allowed) test(`allowed: ${name}`, () => assert.equal(whyRefused(given, { ...alone, ...neighbours }), undefined));

test('what is allowed and does nothing is said', () => {
  assert.equal(warningsOf(scaledObject({ minReplicaCount: 1, pollingInterval: 1, cooldownPeriod: 1 })).length, 2);
  assert.deepEqual(warningsOf(scaledObject({ pollingInterval: 1, cooldownPeriod: 1 })), []);
});
