import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults } from '../defaults/index.ts';
import type { KubeObject } from '../types.ts';
import { validateObject } from './index.ts';

function texts(object: object): string[] {
  const copy = structuredClone(object) as KubeObject;
  applyDefaults(copy);
  return validateObject(copy, undefined).map(({ field, message }) => `${field}: ${message}`);
}

const autoscaler = (spec: object, version = 'v2'): object => ({
  apiVersion: `autoscaling/${version}`,
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'h' },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 5, ...spec },
});
const cpu = (target: object): object => autoscaler({ metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] });
const TARGET = 'spec.metrics[0].resource.target';

// Upstream's answers.
const table: [string, object, string[]][] = [
  ['a plain one', autoscaler({}), []],
  ['one of version 1', autoscaler({ targetCPUUtilizationPercentage: 50 }, 'v1'), []],
  ['fewer at most than at least', autoscaler({ minReplicas: 6 }), ['spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`']],
  [
    'no replicas without a metric that works then',
    autoscaler({ minReplicas: 0 }),
    ['spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas'],
  ],
  [
    'a target without a group',
    autoscaler({ scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'v1' } }),
    ['spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group'],
  ],
  [
    'two targets of one metric',
    cpu({ type: 'Utilization', averageUtilization: 5, averageValue: '5' }),
    [`${TARGET}.averageValue: Forbidden: may not set both a target raw value and a target utilization`],
  ],
  ['a utilization of nothing', cpu({ type: 'Utilization', averageUtilization: 0 }), [`${TARGET}.averageUtilization: Invalid value: 0: must be greater than 0`]],
  [
    'a utilization of nothing in version 1',
    autoscaler({ targetCPUUtilizationPercentage: 0 }, 'v1'),
    [`${TARGET}.averageUtilization: Invalid value: 0: must be greater than 0`],
  ],
  [
    'a metric of an unknown type',
    autoscaler({ metrics: [{ type: 'Odd' }] }),
    ['spec.metrics[0].type: Unsupported value: "Odd": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"'],
  ],
  [
    'a policy that does nothing',
    autoscaler({ behavior: { scaleUp: { policies: [{ type: 'Odd', value: 0, periodSeconds: 1801 }] } } }),
    [
      'spec.behavior.scaleUp.policies[0].type: Unsupported value: "Odd": supported values: "Percent", "Pods"',
      'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
      'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
    ],
  ],
];
for (const [name, object, want] of table) test(`autoscaler: ${name}: ${want.length === 0 ? 'fine' : 'refused'}`, () => assert.deepEqual(texts(object), want));

test('a behavior that says something is filled up', () => {
  const object = autoscaler({ behavior: { scaleDown: { selectPolicy: 'Disabled' } } }) as KubeObject & { spec: { behavior: unknown } };
  applyDefaults(object);
  const everything = { type: 'Percent', value: 100, periodSeconds: 15 };
  assert.deepEqual(object.spec.behavior, {
    scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, everything] },
    scaleDown: { selectPolicy: 'Disabled', policies: [everything] },
  });
});
