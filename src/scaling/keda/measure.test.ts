import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileFormula } from './formula/compile.ts';
import { measure, type Answer } from './measure.ts';
import type { BuiltTrigger } from './pool.ts';
import { externalMetric } from './scaler.ts';
import type { MetricTargetType, ScaledObject, ScaledObjectSpec, ScaledObjectStatus } from './types.ts';

interface Said {
  name: string;
  value?: number;
  active?: boolean;
  metricType?: MetricTargetType;
}

interface Case {
  said: Said[];
  spec?: Partial<ScaledObjectSpec>;
  status?: ScaledObjectStatus;
  replicas?: { current: number; ready: number };
}

function run({ said, spec = {}, status = {}, replicas = { current: 4, ready: 2 } }: Case): Record<string, unknown> {
  const triggers = said.map(({ name }) => ({ type: 'prometheus', name, metadata: {} }));
  const scaledObject: ScaledObject = {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: 'so', namespace: 'default' },
    spec: { scaleTargetRef: { name: 'app' }, triggers, ...spec },
    status,
  };
  const answers = said.map(({ name, value, active = (value ?? 0) > 0, metricType = 'AverageValue' }, index): Answer => {
    const metric = externalMetric({ index, metricType }, name, 10);
    const built: BuiltTrigger = {
      trigger: triggers[index]!,
      index,
      scaler: { metrics: [metric], read: () => Promise.reject(new Error()), close: () => Promise.resolve() },
    };
    return { built, metric, name: `s${index}-${name}`, ...(value === undefined ? { error: 'lost' } : { reading: { value, active } }) };
  });
  const { formula } = spec.advanced?.scalingModifiers ?? {};
  const built = {
    generation: 1,
    triggers: answers.map((answer) => answer.built),
    ...(formula && { formula: compileFormula(formula, new Set(said.map(({ name }) => name))) }),
  };
  const { values, active, failed, fallbackActive, health } = measure({ scaledObject, answers, built, replicas });
  return { values: Object.fromEntries(values), active, failed, ...(fallbackActive ? { fallbackActive } : {}), ...(health ? { health } : {}) };
}

const failing = (numberOfFailures: number): ScaledObjectStatus => ({ health: { 's0-a': { numberOfFailures, status: 'Failing' } } });
const fallback = { failureThreshold: 3, replicas: 6 };
const modifiers = (formula: string, more = {}) => ({ advanced: { scalingModifiers: { formula, target: '5', ...more } } });

const table: [name: string, given: Case, want: Record<string, unknown>][] = [
  ['a value is told as it is', { said: [{ name: 'a', value: 7 }] }, { values: { 's0-a': 7 }, active: true, failed: false }],
  [
    'one active trigger is enough',
    {
      said: [
        { name: 'a', value: 0 },
        { name: 'b', value: 1 },
      ],
    },
    { values: { 's0-a': 0, 's1-b': 1 }, active: true, failed: false },
  ],
  ['a failure without fallback tells nothing', { said: [{ name: 'a' }] }, { values: {}, active: false, failed: true }],
  [
    'failures are borne up to the threshold',
    { said: [{ name: 'a' }], spec: { fallback }, status: failing(2) },
    { values: {}, active: false, failed: true, health: { 's0-a': { numberOfFailures: 3, status: 'Failing' } } },
  ],
  [
    'beyond the threshold the value means the fallback replicas',
    { said: [{ name: 'a' }], spec: { fallback }, status: failing(3) },
    { values: { 's0-a': 60 }, active: true, failed: false, fallbackActive: true, health: { 's0-a': { numberOfFailures: 4, status: 'Failing' } } },
  ],
  [
    'of a target of all together the value is divided by the ready pods',
    { said: [{ name: 'a', metricType: 'Value' }], spec: { fallback }, status: failing(3) },
    { values: { 's0-a': 30 }, active: true, failed: false, fallbackActive: true, health: { 's0-a': { numberOfFailures: 4, status: 'Failing' } } },
  ],
  [
    'without ready pods that cannot be said',
    { said: [{ name: 'a', metricType: 'Value' }], spec: { fallback }, status: failing(3), replicas: { current: 4, ready: 0 } },
    { values: {}, active: false, failed: true, health: { 's0-a': { numberOfFailures: 4, status: 'Failing' } } },
  ],
  ...(
    [
      ['currentReplicas', 9, 90],
      ['currentReplicasIfHigher', 9, 90],
      ['currentReplicasIfHigher', 3, 60],
      ['currentReplicasIfLower', 9, 60],
      ['currentReplicasIfLower', 3, 30],
    ] as const
  ).map(([behavior, current, value]): [string, Case, Record<string, unknown>] => [
    `${behavior} at ${current} replicas tells ${value}`,
    { said: [{ name: 'a' }], spec: { fallback: { ...fallback, behavior } }, status: failing(3), replicas: { current, ready: current } },
    { values: { 's0-a': value }, active: true, failed: false, fallbackActive: true, health: { 's0-a': { numberOfFailures: 4, status: 'Failing' } } },
  ]),
  [
    'a good answer forgives',
    { said: [{ name: 'a', value: 2 }], spec: { fallback }, status: failing(9) },
    { values: { 's0-a': 2 }, active: true, failed: false, health: { 's0-a': { numberOfFailures: 0, status: 'Happy' } } },
  ],
  [
    'a formula makes one value',
    {
      said: [
        { name: 'a', value: 7 },
        { name: 'b', value: 3 },
      ],
      spec: modifiers('a + b'),
    },
    { values: { 'composite-metric': 10 }, active: true, failed: false },
  ],
  [
    'its own activation counts',
    { said: [{ name: 'a', value: 7 }], spec: modifiers('a', { activationTarget: '7' }) },
    { values: { 'composite-metric': 7 }, active: false, failed: false },
  ],
  ['a failure makes no value', { said: [{ name: 'a' }, { name: 'b', value: 3 }], spec: modifiers('a + b') }, { values: {}, active: false, failed: true }],
  ['a formula that fails tells nothing', { said: [{ name: 'a', value: 7 }], spec: modifiers('a > 2') }, { values: {}, active: false, failed: true }],
  [
    'a formula says what is done without a trigger',
    {
      said: [{ name: 'a' }, { name: 'b', value: 3 }],
      spec: { ...modifiers('a ?? b ?? 8'), fallback: { ...fallback, behavior: 'scalingModifiers' } },
      status: failing(3),
    },
    {
      values: { 'composite-metric': 3 },
      active: true,
      failed: false,
      health: { 's0-a': { numberOfFailures: 4, status: 'Failing' }, 's1-b': { numberOfFailures: 0, status: 'Happy' } },
    },
  ],
  [
    'a formula of nothing means the fallback replicas',
    { said: [{ name: 'a' }], spec: { ...modifiers('a'), fallback: { ...fallback, behavior: 'scalingModifiers' } }, status: failing(3) },
    { values: { 'composite-metric': 30 }, active: true, failed: false, health: { 's0-a': { numberOfFailures: 4, status: 'Failing' } } },
  ],
];
for (const [name, given, want] of table) test(name, () => assert.deepEqual(run(given), want));
