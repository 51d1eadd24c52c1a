import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../kube/types.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';
import { SchedulingQueue } from './queue.ts';

const pod = (uid: string, priority = 0): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: uid, uid }, spec: { priority, containers: [] } });
const taken = (queue: SchedulingQueue): string | undefined => queue.take()?.metadata.name;

test('pods come out by priority, then by age', async () => {
  const clock = new VirtualClock();
  const queue = new SchedulingQueue(clock);
  queue.add(pod('old'));
  await clock.advance(1);
  queue.add(pod('new'));
  queue.add(pod('vip', 5));
  assert.deepEqual([taken(queue), taken(queue), taken(queue), taken(queue)], ['vip', 'old', 'new', undefined]);
});

test('a pod that failed waits for an event and for its back-off, which doubles up to ten seconds', async () => {
  const clock = new VirtualClock();
  const queue = new SchedulingQueue(clock);
  queue.add(pod('a'));
  for (const backoffMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    assert.equal(taken(queue), 'a');
    queue.failed();
    queue.moveAll();
    await clock.advance(backoffMs - 1);
    assert.equal(taken(queue), undefined);
    await clock.advance(1);
  }
  assert.equal(taken(queue), 'a');
  queue.failed();
  await clock.advance(60_000);
  assert.equal(taken(queue), undefined, 'nothing happened that could help');
});

test('an event during the try counts', async () => {
  const clock = new VirtualClock();
  const queue = new SchedulingQueue(clock);
  queue.add(pod('a'));
  queue.take();
  queue.moveAll();
  queue.failed();
  await clock.advance(1000);
  assert.equal(taken(queue), 'a');
});

test('after five minutes a pod is tried again without any event', async () => {
  const clock = new VirtualClock();
  const queue = new SchedulingQueue(clock);
  queue.add(pod('a'));
  queue.take();
  queue.failed();
  await clock.advance(299_000);
  assert.equal(taken(queue), undefined);
  await clock.advance(2_000);
  assert.equal(taken(queue), 'a');
});
