/** Statuses that controllers write: counts are not negative, and parts are no more than the whole. */
import type { Unstructured } from '../types.ts';
import { invalidValue, nonNegative, type Errors } from './field.ts';

interface Counts {
  fields: readonly string[];
  /** Parts that may not exceed `status.replicas`. */
  parts: readonly string[];
  /** What upstream calls the ready ones in its text about the available ones. */
  ready: string;
}

const OF_KIND: Record<string, Counts> = {
  Deployment: {
    fields: [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'terminatingReplicas',
      'collisionCount',
    ],
    parts: ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
    ready: 'readyReplicas',
  },
  ReplicaSet: {
    fields: ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration', 'terminatingReplicas'],
    parts: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
    ready: 'readyReplicas',
  },
  ReplicationController: {
    fields: ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'],
    parts: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
    ready: 'readyReplicas',
  },
  StatefulSet: {
    fields: ['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas', 'observedGeneration', 'collisionCount'],
    parts: ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
    ready: 'status.readyReplicas',
  },
  DaemonSet: {
    fields: [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ],
    parts: [],
    ready: '',
  },
  HorizontalPodAutoscaler: { fields: ['currentReplicas', 'desiredReplicas'], parts: [], ready: '' },
  PodDisruptionBudget: {
    fields: ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'],
    parts: [],
    ready: '',
  },
};

type Numbers = Record<string, number | undefined>;

export function validateCounts(errors: Errors, object: Unstructured, old: Unstructured | undefined): void {
  const counts = OF_KIND[object.kind];
  if (counts === undefined) return;
  const status = (object['status'] ?? {}) as Numbers;
  for (const field of counts.fields) nonNegative(errors, `status.${field}`, status[field]);
  const { replicas = 0, availableReplicas = 0, readyReplicas = 0, collisionCount = 0 } = status;
  for (const field of counts.parts) {
    const part = status[field] ?? 0;
    if (part > replicas) errors.push(invalidValue(`status.${field}`, part, 'cannot be greater than status.replicas'));
  }
  if (counts.parts.length > 0 && availableReplicas > readyReplicas)
    errors.push(invalidValue('status.availableReplicas', availableReplicas, `cannot be greater than ${counts.ready}`));
  const before = ((old?.['status'] ?? {}) as Numbers)['collisionCount'] ?? 0;
  if (collisionCount < before) errors.push(invalidValue('status.collisionCount', collisionCount, 'cannot be decremented'));
}
