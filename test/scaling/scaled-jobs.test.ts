/** ScaledJobs as users have them: the real API and controllers under a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobs, pods } from '../../src/kube/resources.ts';
import type { Job, Pod } from '../../src/kube/types.ts';
import { scaledJobs, type ScaledJob } from '../../src/scaling/index.ts';
import { query, Scaled } from './scaled.ts';

async function make(scaled: Scaled, spec: Partial<ScaledJob['spec']> = {}): Promise<void> {
  await scaled.world.create(scaledJobs, {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledJob',
    metadata: { name: 'work', namespace: 'default' },
    spec: {
      jobTargetRef: { template: { spec: { containers: [{ name: 'main', image: 'worker:1' }] } } },
      pollingInterval: 10,
      triggers: [query('queue', { metadata: { serverAddress: 'http://queue', query: 'length', threshold: '1' } })],
      ...spec,
    },
  });
}

const unfinished = async ({ world }: Scaled): Promise<Job[]> =>
  (await world.list(jobs)).filter(
    ({ status, metadata }) => !status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed') && !metadata.deletionTimestamp,
  );

const running = (scaled: Scaled, count: number): Promise<void> =>
  scaled.world.until(`${count} jobs run`, async () => (await unfinished(scaled)).length === count);

async function finish({ world }: Scaled, count: number): Promise<void> {
  const live = (await world.list(pods)).filter(({ status }) => status?.phase === 'Running').slice(0, count);
  for (const { metadata } of live) {
    const change = (pod: Pod): unknown => ({ status: { ...pod.status, phase: 'Succeeded' } });
    const key = { namespace: 'default', name: metadata.name ?? '' };
    await world.client.patch(pods, key, change(await world.client.get(pods, key)), { type: 'merge', subresource: 'status' });
  }
}

const conditions = async ({ world }: Scaled): Promise<string[]> =>
  ((await world.client.get(scaledJobs, { namespace: 'default', name: 'work' })).status?.conditions ?? []).map(({ type, status, reason }) =>
    [`${type}=${status}`, ...(reason ? [reason] : [])].join(' '),
  );

test('a job is made for each item, no more than may run, and the next when one is done', async () => {
  await using scaled = await Scaled.start();
  scaled.answers.set('queue', 7);
  await make(scaled, { maxReplicaCount: 4 });
  await running(scaled, 4);
  const [job] = await unfinished(scaled);
  assert.equal(job?.metadata.labels?.['scaledjob.keda.sh/name'], 'work');
  assert.equal(job?.spec?.template.spec?.restartPolicy, 'OnFailure');
  await scaled.world.clock.advance(60_000);
  assert.equal((await unfinished(scaled)).length, 4);
  scaled.answers.set('queue', 3);
  await finish(scaled, 2);
  await running(scaled, 3);
  assert.ok((await conditions(scaled)).includes('Active=True ScalerActive'));
  scaled.answers.set('queue', 0);
  await scaled.world.until('it is at rest', async () => (await conditions(scaled)).includes('Active=False ScalerNotActive'));
  assert.deepEqual(await scaled.events('KEDAJobsCreated'), ['Created 4 jobs', 'Created 1 jobs']);
});

test('finished jobs are kept as far as the history goes', async () => {
  await using scaled = await Scaled.start();
  scaled.answers.set('queue', 5);
  await make(scaled, { successfulJobsHistoryLimit: 2 });
  await running(scaled, 5);
  await scaled.world.until('they run', async () => (await scaled.world.list(pods)).filter(({ status }) => status?.phase === 'Running').length === 5);
  scaled.answers.set('queue', 0);
  await finish(scaled, 5);
  await scaled.world.until('two are kept', async () => (await scaled.world.list(jobs)).length === 2);
});

test('jobs of an older spec go, unless the rollout is gradual', async () => {
  for (const [strategy, left] of [
    ['immediate', 0],
    ['gradual', 2],
  ] as const) {
    await using scaled = await Scaled.start();
    scaled.answers.set('queue', 2);
    await make(scaled, { rollout: { strategy } });
    await running(scaled, 2);
    const old = new Set((await unfinished(scaled)).map(({ metadata }) => metadata.name));
    const template = { spec: { containers: [{ name: 'main', image: 'worker:2' }] } };
    await scaled.world.client.patch(scaledJobs, { namespace: 'default', name: 'work' }, { spec: { jobTargetRef: { template } } }, { type: 'merge' });
    await scaled.world.clock.advance(30_000);
    await running(scaled, 2);
    assert.equal((await unfinished(scaled)).filter(({ metadata }) => old.has(metadata.name)).length, left, strategy);
  }
});

test('paused it makes none; a trigger that fails makes none and is told', async () => {
  await using scaled = await Scaled.start();
  scaled.answers.set('queue', new Error('connection refused'));
  await make(scaled);
  await scaled.world.until('the failure is told', async () => (await conditions(scaled)).includes('Ready=False TriggerError'));
  await scaled.world.client.patch(
    scaledJobs,
    { namespace: 'default', name: 'work' },
    { metadata: { annotations: { 'autoscaling.keda.sh/paused': 'true' } } },
    { type: 'merge' },
  );
  await scaled.world.until('it is paused', async () => (await conditions(scaled)).includes('Paused=True ScaledJobPaused'));
  scaled.answers.set('queue', 3);
  await scaled.world.clock.advance(120_000);
  assert.deepEqual(await scaled.world.list(jobs), []);
  await scaled.world.client.patch(
    scaledJobs,
    { namespace: 'default', name: 'work' },
    { metadata: { annotations: { 'autoscaling.keda.sh/paused': null } } },
    { type: 'merge' },
  );
  await running(scaled, 3);
  assert.ok((await conditions(scaled)).includes('Paused=False ScaledJobUnpaused'));
});
