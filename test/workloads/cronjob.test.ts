import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cronJobs, events, jobs } from '../../src/kube/resources.ts';
import type { CronJob } from '../../src/kube/types.ts';
import { World } from './world.ts';

const MINUTE = 60_000;
const KEY = { namespace: 'default', name: 'tick' };

function cronJob(spec: Partial<NonNullable<CronJob['spec']>>, ends: 'ends' | 'runs on' = 'ends'): CronJob {
  const annotations: Record<string, string> = ends === 'ends' ? { 'test/ends': '0' } : {};
  const template = { metadata: { annotations }, spec: { restartPolicy: 'Never' as const, containers: [{ name: 'main', image: 'x' }] } };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: KEY,
    spec: { schedule: '* * * * *', jobTemplate: { metadata: { labels: { of: 'tick' } }, spec: { backoffLimit: 0, template } }, ...spec },
  };
}

const status = async (world: World) => (await world.client.get(cronJobs, KEY)).status ?? {};
const names = async (world: World) => (await world.list(jobs)).map(({ metadata }) => metadata.name).sort();
/** The name of the job of a minute of the world's first hours. */
const nameAt = (minute: number) => `tick-${Date.UTC(2026, 0, 1) / MINUTE + minute}`;

async function reasons(world: World): Promise<string[]> {
  return (await world.list(events)).filter((event) => event.involvedObject.kind === 'CronJob').map((event) => `${event.reason}: ${event.message}`);
}

test('a job each minute, named by its time, and the last three are kept', async () => {
  await using world = await World.start();
  await world.create(cronJobs, cronJob({}));
  await world.until('the first', async () => (await names(world)).length === 1);
  const [job] = await world.list(jobs);
  assert.equal(job?.metadata.name, nameAt(1));
  assert.equal(job.metadata.labels?.['of'], 'tick');
  assert.equal(job.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'], '2026-01-01T00:01:00Z');
  assert.deepEqual([job.metadata.ownerReferences?.[0]?.kind, job.metadata.ownerReferences?.[0]?.controller], ['CronJob', true]);
  assert.deepEqual(
    (await status(world)).active?.map(({ kind, apiVersion, name }) => [kind, apiVersion, name]),
    [['Job', 'batch/v1', nameAt(1)]],
  );
  await world.clock.advance(5 * MINUTE + 10_000);
  assert.deepEqual(await names(world), [4, 5, 6].map(nameAt));
  const now = await status(world);
  assert.equal(now.lastScheduleTime, '2026-01-01T00:06:00Z');
  assert.ok(now.lastSuccessfulTime);
  const said = await reasons(world);
  for (const text of [
    `SuccessfulCreate: Created job ${nameAt(1)}`,
    `SawCompletedJob: Saw completed job: ${nameAt(1)}, condition: Complete`,
    `SuccessfulDelete: Deleted job ${nameAt(1)}`,
  ])
    assert.ok(said.includes(text), text);
});

test('Forbid waits for the job before, Replace ends it, Allow starts another', async () => {
  for (const [concurrencyPolicy, want] of [
    ['Forbid', [nameAt(1)]],
    ['Replace', [nameAt(3)]],
    ['Allow', [1, 2, 3].map(nameAt)],
  ] as const) {
    await using world = await World.start();
    await world.create(cronJobs, cronJob({ concurrencyPolicy }, 'runs on'));
    await world.clock.advance(3 * MINUTE + 10_000);
    assert.deepEqual(await names(world), want, concurrencyPolicy);
    assert.deepEqual((await status(world)).active?.map(({ name }) => name).sort(), want);
    if (concurrencyPolicy === 'Forbid')
      assert.ok((await reasons(world)).includes('JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid'));
  }
});

test('a suspended cron job starts nothing; resumed, it makes up for the last time only', async () => {
  await using world = await World.start();
  await world.create(cronJobs, cronJob({ suspend: true, schedule: '*/10 * * * *' }));
  await world.clock.advance(35 * MINUTE);
  assert.deepEqual(await names(world), []);
  await world.client.patch(cronJobs, KEY, { spec: { suspend: false } }, { type: 'merge' });
  await world.clock.advance(1_000);
  assert.deepEqual(await names(world), [nameAt(30)]);
});

test('a time that is too long ago is missed, and so many missed times that a clock may be wrong are told', async () => {
  await using world = await World.start();
  await world.create(cronJobs, cronJob({ schedule: '5 * * * *', startingDeadlineSeconds: 60, suspend: true }));
  await world.clock.advance(70 * MINUTE);
  await world.client.patch(cronJobs, KEY, { spec: { suspend: false } }, { type: 'merge' });
  await world.clock.advance(1_000);
  assert.deepEqual(await names(world), []);
  await world.client.delete(cronJobs, KEY);
  await world.clock.advance(1_000);
  await world.create(cronJobs, cronJob({ suspend: true }));
  await world.clock.advance(102 * MINUTE);
  await world.client.patch(cronJobs, KEY, { spec: { suspend: false } }, { type: 'merge' });
  await world.clock.advance(1_000);
  assert.equal((await names(world)).length, 1);
  assert.ok((await reasons(world)).some((text) => text.startsWith('TooManyMissedTimes: too many missed start times.')));
});

test('a new schedule is for the times to come', async () => {
  await using world = await World.start();
  await world.create(cronJobs, cronJob({ schedule: '0 0 1 7 *' }));
  await world.clock.advance(10 * MINUTE + 5_000);
  await world.client.patch(cronJobs, KEY, { spec: { schedule: '*/5 * * * *', timeZone: 'Europe/Berlin' } }, { type: 'merge' });
  await world.clock.advance(1_000);
  assert.deepEqual(await names(world), []);
  await world.clock.advance(5 * MINUTE);
  assert.deepEqual(await names(world), [nameAt(15)]);
  assert.equal((await world.list(jobs))[0]?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp'], '2026-01-01T01:15:00+01:00');
});

test('an active job that somebody deletes is let go, and jobs are collected with their cron job', async () => {
  await using world = await World.start();
  await world.create(cronJobs, cronJob({ schedule: '@hourly' }, 'runs on'));
  await world.until('started', async () => (await names(world)).length === 1, 3_700_000);
  await world.client.delete(jobs, { namespace: 'default', name: nameAt(60) }, { propagationPolicy: 'Background' });
  await world.until('let go', async () => (await status(world)).active === undefined);
  assert.ok((await reasons(world)).includes(`MissingJob: Active job went missing: ${nameAt(60)}`));
  await world.until('again', async () => (await names(world)).length === 1, 3_700_000);
  await world.client.delete(cronJobs, KEY, { propagationPolicy: 'Background' });
  await world.until('gone', async () => (await names(world)).length === 0);
});
