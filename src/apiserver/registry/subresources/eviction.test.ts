import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podDisruptionBudgets, pods } from '../../../kube/resources.ts';
import { StatusError } from '../../../kube/status.ts';
import type { KubeObject, PodDisruptionBudget } from '../../../kube/types.ts';
import { pod, testWorld, type TestWorld } from '../../testing.ts';

const key = (name: string): { name: string; namespace: string } => ({ name, namespace: 'default' });

async function runningPod({ client }: TestWorld, name: string, ready = true): Promise<void> {
  await client.create(pods, pod(name, { labels: { app: 'web' }, spec: { nodeName: 'n' } }));
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
  await client.patch(pods, key(name), { status }, { type: 'merge', subresource: 'status' });
}

async function budget({ client }: TestWorld, status: Partial<NonNullable<PodDisruptionBudget['status']>>, name = 'budget'): Promise<void> {
  await client.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  });
  await client.patch(podDisruptionBudgets, key(name), { status: { observedGeneration: 1, ...status } }, { type: 'merge', subresource: 'status' });
}

function evict({ client }: TestWorld, name: string): Promise<KubeObject> {
  return client.createSubresource(pods, key(name), 'eviction', { apiVersion: 'policy/v1', kind: 'Eviction', metadata: key(name) });
}

function refusal(cause: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StatusError && error.code === 429, String(error));
    assert.equal(error.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    assert.equal(error.status.details?.causes?.[0]?.reason, 'DisruptionBudget');
    assert.match(error.status.details?.causes?.[0]?.message ?? '', cause);
    return true;
  };
}

test('an eviction uses up the budget and starts the pod on its way out; the next is refused with the numbers', async () => {
  const world = await testWorld();
  await runningPod(world, 'a');
  await runningPod(world, 'b');
  await budget(world, { disruptionsAllowed: 1, desiredHealthy: 1, currentHealthy: 2, expectedPods: 2 });
  assert.equal(((await evict(world, 'a')) as unknown as { status: string }).status, 'Success');
  const going = await world.client.get(pods, key('a'));
  assert.equal(going.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(going.status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason, 'EvictionByEvictionAPI');
  const after = await world.client.get(podDisruptionBudgets, key('budget'));
  assert.equal(after.status?.disruptionsAllowed, 0);
  assert.deepEqual(Object.keys(after.status?.disruptedPods ?? {}), ['a']);
  await assert.rejects(evict(world, 'b'), refusal(/^The disruption budget budget needs 1 healthy pods and has 2 currently$/));
});

test('a budget that the controller has not looked at yet refuses and says when to come back', async () => {
  const world = await testWorld();
  await runningPod(world, 'a');
  await budget(world, { observedGeneration: 0, disruptionsAllowed: 1 });
  await assert.rejects(
    evict(world, 'a'),
    (error) => refusal(/still being processed/)(error) && (error as StatusError).status.details?.retryAfterSeconds === 10,
  );
});

test('pods that do not run, or that are not ready while enough others are, go without asking the budget', async () => {
  const world = await testWorld();
  await world.client.create(pods, pod('pending', { labels: { app: 'web' } }));
  await runningPod(world, 'unready', false);
  await budget(world, { disruptionsAllowed: 0, desiredHealthy: 1, currentHealthy: 1 });
  await evict(world, 'pending');
  await evict(world, 'unready');
  assert.notEqual((await world.client.get(pods, key('unready'))).metadata.deletionTimestamp, undefined);
});

test('two budgets over one pod are an error, as upstream', async () => {
  const world = await testWorld();
  await runningPod(world, 'a');
  await budget(world, { disruptionsAllowed: 1 });
  await budget(world, { disruptionsAllowed: 1 }, 'other');
  await assert.rejects(
    evict(world, 'a'),
    (error) => error instanceof StatusError && error.code === 500 && /more than one PodDisruptionBudget/.test(error.message),
  );
});
