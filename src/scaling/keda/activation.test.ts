import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideActivation } from './activation.ts';
import type { ScaledObject, ScaledObjectSpec, ScaledObjectStatus } from './types.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

interface Case {
  spec?: Partial<ScaledObjectSpec>;
  status?: ScaledObjectStatus;
  annotations?: Record<string, string>;
  replicas: number;
  active?: boolean;
  failed?: boolean;
}

function decide({ spec, status = {}, annotations = {}, replicas, active = false, failed = false }: Case): string {
  const scaledObject: ScaledObject = {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: 'so', namespace: 'default', annotations, creationTimestamp: ago(1000) },
    spec: { scaleTargetRef: { name: 'app' }, triggers: [], ...spec },
    status,
  };
  const { scale, ready, active: activeCondition, sawWork } = decideActivation({ scaledObject, replicas, active, failed, activeMetrics: [], now: NOW });
  return [scale ? `${scale.kind} ${scale.replicas}` : 'stay', `Ready=${ready.status}`, activeCondition.reason, ...(sawWork ? ['work'] : [])].join(', ');
}

const table: [name: string, given: Case, want: string][] = [
  ['work wakes what is at zero', { replicas: 0, active: true }, 'activate 1, Ready=True, ScalerActive'],
  ['work wakes it to its minimum', { replicas: 0, active: true, spec: { minReplicaCount: 3 } }, 'activate 3, Ready=True, ScalerActive'],
  [
    'work wakes it from idle to its minimum',
    { replicas: 1, active: true, spec: { idleReplicaCount: 1, minReplicaCount: 3 } },
    'activate 3, Ready=True, ScalerActive',
  ],
  ['with work and replicas the autoscaler decides', { replicas: 2, active: true }, 'stay, Ready=True, ScalerActive, work'],
  ['with some work and some failures it is partly ready', { replicas: 2, active: true, failed: true }, 'stay, Ready=Unknown, ScalerActive'],
  ['without work it cools down', { replicas: 2, status: { lastActiveTime: ago(299) } }, 'stay, Ready=True, ScalerCooldown'],
  ['cooled down it goes to zero', { replicas: 2, status: { lastActiveTime: ago(301) } }, 'deactivate 0, Ready=True, ScalerNotActive'],
  ['its own cooldown counts', { replicas: 2, status: { lastActiveTime: ago(31) }, spec: { cooldownPeriod: 30 } }, 'deactivate 0, Ready=True, ScalerNotActive'],
  ['what never had work does not cool down', { replicas: 2 }, 'deactivate 0, Ready=True, ScalerNotActive'],
  ['unless the initial cooldown says so', { replicas: 2, spec: { initialCooldownPeriod: 2000 } }, 'stay, Ready=True, ScalerCooldown'],
  ['with a minimum the autoscaler decides', { replicas: 5, spec: { minReplicaCount: 2 } }, 'stay, Ready=True, ScalerNotActive'],
  ['below its minimum it comes up', { replicas: 1, spec: { minReplicaCount: 2 } }, 'minimum 2, Ready=True, ScalerNotActive'],
  ['without work it goes idle', { replicas: 5, spec: { minReplicaCount: 2, idleReplicaCount: 0 } }, 'deactivate 0, Ready=True, ScalerNotActive'],
  ['idle it stays', { replicas: 0, spec: { minReplicaCount: 2, idleReplicaCount: 0 } }, 'stay, Ready=True, ScalerNotActive'],
  ['a failure holds what is there', { replicas: 2, failed: true }, 'stay, Ready=False, ScalerNotActive'],
  [
    'a failure holds what is there until the fallback',
    { replicas: 2, failed: true, spec: { fallback: { failureThreshold: 3, replicas: 5 } } },
    'stay, Ready=True, ScalerNotActive',
  ],
  [
    'a fallback to zero lets it go',
    { replicas: 2, failed: true, spec: { fallback: { failureThreshold: 3, replicas: 0 } } },
    'deactivate 0, Ready=True, ScalerNotActive',
  ],
  [
    'forced, it is active without work',
    { replicas: 0, annotations: { 'autoscaling.keda.sh/force-activation': 'true' } },
    'activate 1, Ready=True, ScalerActive',
  ],
  [
    'paused, it does not come up',
    { replicas: 0, active: true, annotations: { 'autoscaling.keda.sh/paused-scale-out': 'true' } },
    'stay, Ready=True, ScalerActive',
  ],
  ['paused, it does not go down', { replicas: 2, annotations: { 'autoscaling.keda.sh/paused-scale-in': 'yes' } }, 'stay, Ready=True, ScalerNotActive'],
];
for (const [name, given, want] of table) test(name, () => assert.equal(decide(given), want));
