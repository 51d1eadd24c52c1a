import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../runtime/virtual-clock.ts';
import { SchedulingQueue } from './queue.ts';

const setup = (): { clock: VirtualClock; queue: SchedulingQueue; add(uid: string, priority?: number): void; taken(): string | undefined } => {
  const clock = new VirtualClock();
  const queue = new SchedulingQueue(clock);
  return { clock, queue, add: (uid, priority = 0) => queue.add(uid, { name: uid }, priority), taken: () => queue.take()?.uid };
};

test('pods come out by priority, then by age', () => {
  const { add, taken } = setup();
  add('old');
  add('new');
  add('vip', 5);
  assert.deepEqual([taken(), taken(), taken(), taken()], ['vip', 'old', 'new', undefined]);
});

test('a pod that failed waits for an event and for its back-off, which doubles up to ten seconds', async () => {
  const { clock, queue, add, taken } = setup();
  add('a');
  for (const backoffMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    assert.equal(taken(), 'a');
    queue.unschedulable('a');
    queue.moveAll();
    await clock.advance(backoffMs - 1);
    assert.equal(taken(), undefined);
    await clock.advance(1);
  }
  assert.equal(taken(), 'a');
  queue.unschedulable('a');
  await clock.advance(60_000);
  assert.equal(taken(), undefined, 'nothing happened that could help');
});

test('an event after the back-off is acted on at once, and only for those it may help', async () => {
  const { clock, queue, add, taken } = setup();
  for (const uid of ['a', 'b']) {
    add(uid);
    taken();
    queue.unschedulable(uid);
  }
  await clock.advance(1000);
  queue.moveAll(({ uid }) => uid === 'b');
  assert.deepEqual([taken(), taken()], ['b', undefined]);
});

test('a pod whose room is ready need not serve its back-off', () => {
  const { queue, add, taken } = setup();
  add('a');
  taken();
  queue.unschedulable('a');
  queue.moveAll();
  queue.activate('a');
  assert.equal(taken(), 'a');
});

test('a pod whose binding failed comes back after its back-off without any event', async () => {
  const { clock, queue, add, taken } = setup();
  add('a');
  taken();
  queue.retry('a');
  await clock.advance(1000);
  assert.equal(taken(), 'a');
});

test('after five minutes a pod is tried again without any event', async () => {
  const { clock, queue, add, taken } = setup();
  add('a');
  taken();
  queue.unschedulable('a');
  await clock.advance(299_000);
  assert.equal(taken(), undefined);
  await clock.advance(31_000);
  assert.equal(taken(), 'a');
});

test('a pod that is removed while being tried does not come back', async () => {
  const { clock, queue, add, taken } = setup();
  add('a');
  taken();
  queue.remove('a');
  queue.retry('a');
  await clock.advance(60_000);
  assert.equal(taken(), undefined);
});

test('whoever waits wakes when a pod comes and when it is told to stop', async () => {
  const { queue, add } = setup();
  const stop = new AbortController();
  const woken = queue.wait(stop.signal);
  add('a');
  await woken;
  queue.take();
  const stopped = queue.wait(stop.signal);
  stop.abort();
  await stopped;
});
