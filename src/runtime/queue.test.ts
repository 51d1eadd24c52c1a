import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkQueue } from './queue.ts';
import { VirtualClock } from './virtual-clock.ts';

test('a key added many times is handed out once', async () => {
  const queue = new WorkQueue(new VirtualClock());
  queue.add('a');
  queue.add('a');
  queue.add('b');
  assert.equal(await queue.take(), 'a');
  assert.equal(await queue.take(), 'b');
  assert.equal(queue.length, 0);
});

test('a key added while worked on comes back only when its worker is done', async () => {
  const queue = new WorkQueue(new VirtualClock());
  queue.add('a');
  await queue.take();
  queue.add('a');
  assert.equal(queue.length, 0);
  queue.done('a');
  assert.equal(await queue.take(), 'a');
});

test('a waiting worker gets the next key at once', async () => {
  const queue = new WorkQueue(new VirtualClock());
  const next = queue.take();
  queue.add('a');
  assert.equal(await next, 'a');
});

test('failures double the delay from 5 ms to 1000 s, and forget starts anew', async () => {
  const clock = new VirtualClock(0);
  const queue = new WorkQueue(clock);
  const delays: number[] = [];
  for (let i = 0; i < 20; i++) {
    const from = clock.now();
    queue.addRateLimited('a');
    const next = queue.take();
    await clock.runUntil(() => queue.length > 0 || clock.now() > from, 2_000_000);
    await next;
    delays.push(clock.now() - from);
    queue.done('a');
  }
  assert.deepEqual(delays.slice(0, 4), [5, 10, 20, 40]);
  assert.equal(delays.at(-1), 1_000_000);
  queue.forget('a');
  assert.equal(queue.failures('a'), 0);
});

test('of several delays the earliest counts', async () => {
  const clock = new VirtualClock(0);
  const queue = new WorkQueue(clock);
  queue.addAfter('a', 100);
  queue.addAfter('a', 10);
  queue.addAfter('a', 50);
  await clock.advance(10);
  assert.equal(queue.length, 1);
  await queue.take();
  queue.done('a');
  await clock.advance(1000);
  assert.equal(queue.length, 0);
});

test('closing ends all waiting', async () => {
  const queue = new WorkQueue(new VirtualClock());
  const next = queue.take();
  queue.close();
  assert.equal(await next, undefined);
  queue.add('a');
  assert.equal(await queue.take(), undefined);
});
