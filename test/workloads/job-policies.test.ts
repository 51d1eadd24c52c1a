import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events, jobs, pods } from '../../src/kube/resources.ts';
import type { Job, Pod } from '../../src/kube/types.ts';
import { World } from './world.ts';

type Spec = Omit<NonNullable<Job['spec']>, 'template'>;

const KEY = { namespace: 'default', name: 'j' };
const INDEX = 'batch.kubernetes.io/job-completion-index';
const FAILURES = 'batch.kubernetes.io/job-index-failure-count';
const indexed = { completionMode: 'Indexed' as const, completions: 3, parallelism: 3 };

const job = (spec: Partial<Spec>): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: KEY,
  spec: { ...spec, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'x' }] } } },
});

async function started(spec: Partial<Spec>, count: number): Promise<World> {
  const world = await World.start();
  await world.create(jobs, job(spec));
  await world.until('pods run', async () => (await running(world)).length === count);
  return world;
}

const status = async (world: World) => (await world.client.get(jobs, KEY)).status ?? {};
const running = async (world: World) =>
  (await world.list(pods)).filter((pod) => pod.status?.phase === 'Running' && pod.metadata.deletionTimestamp === undefined);
const conditions = async (world: World) => (await status(world)).conditions?.map(({ type, reason, message }) => [type, reason, message]);

async function runningIndex(world: World, index: number): Promise<Pod | undefined> {
  return (await running(world)).find((pod) => pod.metadata.annotations?.[INDEX] === String(index));
}

/** Ends the pod that runs now; waits for the job to have one if need be. */
async function end(world: World, code: number, index?: number): Promise<Pod> {
  const find = async () => (index === undefined ? (await running(world))[0] : runningIndex(world, index));
  await world.until('a pod to end', async () => (await find()) !== undefined);
  const pod = (await find())!;
  const key = { namespace: 'default', name: pod.metadata.name ?? '' };
  await world.client.patch(pods, key, { metadata: { annotations: { 'test/ends': String(code) } } }, { type: 'merge' });
  await world.until('it has ended', async () => !['Running', 'Pending'].includes((await world.client.get(pods, key)).status?.phase ?? ''));
  return pod;
}

const finished = (world: World) =>
  world.until('the job ends', async () => (await status(world)).conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') === true);

test('a failure policy fails the job, ignores, or counts, by exit code', async () => {
  const rule = (action: 'FailJob' | 'Ignore' | 'Count', value: number) => ({ action, onExitCodes: { operator: 'In' as const, values: [value] } });
  await using world = await started({ backoffLimit: 1, podFailurePolicy: { rules: [rule('Ignore', 5), rule('FailJob', 42)] } }, 1);
  await end(world, 5);
  await end(world, 5);
  await end(world, 1);
  const last = await end(world, 42);
  await finished(world);
  const text = `Container main for pod default/${last.metadata.name} failed with exit code 42 matching FailJob rule at index 1`;
  assert.deepEqual(await conditions(world), [
    ['FailureTarget', 'PodFailurePolicy', text],
    ['Failed', 'PodFailurePolicy', text],
  ]);
  // Those that were ignored do not count.
  assert.equal((await status(world)).failed, 2);
  assert.ok((await world.list(events)).some(({ reason, message }) => reason === 'PodFailurePolicy' && message === text));
});

test('with a limit for each index one failing index does not take the others with it', async () => {
  await using world = await started({ ...indexed, backoffLimitPerIndex: 1 }, 3);
  await end(world, 0, 0);
  const first = await end(world, 1, 1);
  assert.equal(first.metadata.annotations?.[FAILURES], '0');
  const second = await end(world, 1, 1);
  assert.equal(second.metadata.annotations?.[FAILURES], '1');
  await world.until('index 1 has failed', async () => (await status(world)).failedIndexes === '1');
  assert.equal((await conditions(world))?.length ?? 0, 0);
  await end(world, 0, 2);
  await finished(world);
  const { completedIndexes, failedIndexes, succeeded, failed, active } = await status(world);
  assert.deepEqual(
    { completedIndexes, failedIndexes, succeeded, failed, active },
    { completedIndexes: '0,2', failedIndexes: '1', succeeded: 2, failed: 2, active: undefined },
  );
  assert.deepEqual((await conditions(world))?.at(-1), ['Failed', 'FailedIndexes', 'Job has failed indexes']);
});

test('too many failed indexes end the job; FailIndex gives an index up at once', async () => {
  const podFailurePolicy = { rules: [{ action: 'FailIndex' as const, onExitCodes: { operator: 'In' as const, values: [3] } }] };
  await using world = await started({ ...indexed, backoffLimitPerIndex: 5, maxFailedIndexes: 1, podFailurePolicy }, 3);
  await end(world, 3, 0);
  await world.until('one has failed', async () => (await status(world)).failedIndexes === '0');
  await end(world, 3, 2);
  await finished(world);
  assert.deepEqual((await conditions(world))?.at(-1), [
    'Failed',
    'MaxFailedIndexesExceeded',
    'Job has exceeded the specified maximal number of failed indexes',
  ]);
  assert.equal((await running(world)).length, 0);
});

test('a success policy completes the job before all indexes have', async () => {
  await using world = await started({ ...indexed, successPolicy: { rules: [{ succeededIndexes: '0' }, { succeededIndexes: '1,2', succeededCount: 1 }] } }, 3);
  await end(world, 0, 2);
  await finished(world);
  assert.deepEqual(await conditions(world), [
    ['SuccessCriteriaMet', 'SuccessPolicy', 'Matched rules at index 1'],
    ['Complete', 'SuccessPolicy', 'Matched rules at index 1'],
  ]);
  assert.equal((await running(world)).length, 0);
  assert.equal((await status(world)).succeeded, 1);
});

test('a pod on its way out is replaced only when it has ended, if the job says so', async () => {
  await using world = await started({ podReplacementPolicy: 'Failed' }, 1);
  const [pod] = await running(world);
  const key = { namespace: 'default', name: pod?.metadata.name ?? '' };
  await world.client.patch(pods, key, { metadata: { finalizers: [...(pod?.metadata.finalizers ?? []), 'test/held'] } }, { type: 'merge' });
  await world.client.delete(pods, key);
  await world.clock.advance(30_000);
  assert.equal((await world.list(pods)).length, 1);
  assert.deepEqual([(await status(world)).terminating, (await status(world)).active], [1, undefined]);
});

test('a suspended job has no pods, and runs when it is resumed', async () => {
  await using world = await started({ suspend: false, parallelism: 2, completions: 2 }, 2);
  await world.client.patch(jobs, KEY, { spec: { suspend: true } }, { type: 'merge' });
  await world.until('no pods', async () => (await world.list(pods)).length === 0);
  assert.deepEqual(await conditions(world), [['Suspended', 'JobSuspended', 'Job suspended']]);
  assert.equal((await status(world)).failed, undefined);
  await world.client.patch(jobs, KEY, { spec: { suspend: false } }, { type: 'merge' });
  await world.until('pods again', async () => (await running(world)).length === 2);
  assert.deepEqual(await conditions(world), [['Suspended', 'JobResumed', 'Job resumed']]);
  await end(world, 0);
  await end(world, 0);
  await finished(world);
});

test('a job that another controller manages is left alone', async () => {
  await using world = await World.start();
  await world.create(jobs, job({ managedBy: 'example.com/other' }));
  await world.clock.advance(60_000);
  assert.deepEqual(await status(world), {});
  assert.equal((await world.list(pods)).length, 0);
});

test('a job lets go of pods that do not match any more, and takes orphans that do', async () => {
  await using world = await started({ completions: 4, parallelism: 2 }, 2);
  const [pod] = await running(world);
  const key = { namespace: 'default', name: pod?.metadata.name ?? '' };
  const labels = pod?.metadata.labels ?? {};
  const without = Object.fromEntries(Object.keys(labels).map((name) => [name, null]));
  await world.client.patch(pods, key, { metadata: { labels: without } }, { type: 'merge' });
  await world.until('another runs', async () => (await running(world)).length === 3);
  const released = await world.client.get(pods, key);
  assert.deepEqual([released.metadata.ownerReferences, released.metadata.finalizers], [undefined, undefined]);
  await world.client.patch(pods, key, { metadata: { labels } }, { type: 'merge' });
  await world.until(
    'taken back',
    async () =>
      (await world.client.get(pods, key).catch(() => undefined))?.metadata.ownerReferences?.[0]?.kind !== undefined || (await running(world)).length === 2,
  );
  await world.until('two run', async () => (await running(world)).length === 2);
});

test('a finished job goes when its time has passed', async () => {
  await using world = await started({ ttlSecondsAfterFinished: 60 }, 1);
  await end(world, 0);
  await finished(world);
  await world.clock.advance(50_000);
  assert.equal((await world.list(jobs)).length, 1);
  await world.until('gone', async () => (await world.list(jobs)).length === 0 && (await world.list(pods)).length === 0);
});
