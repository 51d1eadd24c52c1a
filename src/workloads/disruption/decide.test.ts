import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodDisruptionBudget } from '../../kube/types.ts';
import { budgetStatus, expectedPods, pendingDisruptions } from './decide.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

function budget(spec: NonNullable<PodDisruptionBudget['spec']>, status?: PodDisruptionBudget['status']): PodDisruptionBudget {
  return { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'b', generation: 3 }, spec, ...(status ? { status } : {}) };
}

function pod(name: string, ready = true): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } };
}

const unknown = () => assert.fail('the scale is not asked for');

test('numbers and percentages become a count of healthy pods, rounded as upstream', () => {
  assert.deepEqual(expectedPods(budget({ minAvailable: 2 }), 5, unknown), { expected: 5, desiredHealthy: 2 });
  assert.deepEqual(
    expectedPods(budget({ minAvailable: '50%' }), 2, () => 7),
    { expected: 7, desiredHealthy: 4 },
  );
  assert.deepEqual(
    expectedPods(budget({ maxUnavailable: '30%' }), 2, () => 7),
    { expected: 7, desiredHealthy: 4 },
  );
  assert.deepEqual(
    expectedPods(budget({ maxUnavailable: 9 }), 2, () => 7),
    { expected: 7, desiredHealthy: 0 },
  );
});

test('what is healthy beyond the need may be disrupted', () => {
  const b = budget({ minAvailable: 1 });
  const status = budgetStatus(b, [pod('a'), pod('b'), pod('c', false)], { expected: 3, desiredHealthy: 1 }, {}, NOW);
  assert.deepEqual([status.currentHealthy, status.disruptionsAllowed, status.conditions?.[0]?.reason, status.observedGeneration], [2, 1, 'SufficientPods', 3]);
  assert.equal(budgetStatus(b, [pod('a')], { expected: 1, desiredHealthy: 1 }, {}, NOW).conditions?.[0]?.reason, 'InsufficientPods');
});

test('a granted disruption counts until its pod is gone or two minutes have passed', () => {
  const granted = { a: new Date(NOW - 30_000).toISOString(), gone: new Date(NOW).toISOString(), b: new Date(NOW - 121_000).toISOString() };
  const b = budget({ minAvailable: 1 }, { disruptedPods: granted });
  const { disrupted, recheckMs } = pendingDisruptions(b, [pod('a'), pod('b')], NOW);
  assert.deepEqual(disrupted, { a: granted.a });
  assert.equal(recheckMs, 90_000);
  assert.equal(budgetStatus(b, [pod('a'), pod('b')], { expected: 2, desiredHealthy: 1 }, disrupted, NOW).disruptionsAllowed, 0);
});
