import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from './virtual-clock.ts';

test('timers fire in order of their time, then of their making', async () => {
  const clock = new VirtualClock(0);
  const fired: string[] = [];
  clock.after(20, () => fired.push('c'));
  clock.after(10, () => fired.push('a'));
  clock.after(10, () => fired.push('b'));
  await clock.advance(15);
  assert.deepEqual(fired, ['a', 'b']);
  assert.equal(clock.now(), 15);
  await clock.advance(5);
  assert.deepEqual(fired, ['a', 'b', 'c']);
});

test('what a timer sets off comes to rest before the next one fires', async () => {
  const clock = new VirtualClock(0);
  const log: string[] = [];
  void (async () => {
    await clock.sleep(10);
    log.push(`woke at ${clock.now()}`);
    await clock.sleep(5);
    log.push(`woke at ${clock.now()}`);
  })();
  clock.after(12, () => log.push(`timer at ${clock.now()}`));
  await clock.advance(100);
  assert.deepEqual(log, ['woke at 10', 'timer at 12', 'woke at 15']);
});

test('a cancelled timer does not fire and an aborted sleep ends at once', async () => {
  const clock = new VirtualClock(0);
  const cancel = clock.after(10, () => assert.fail('cancelled'));
  cancel();
  const controller = new AbortController();
  const sleep = clock.sleep(1_000_000, controller.signal);
  controller.abort();
  await sleep;
  await clock.advance(20);
});

test('runUntil stops at the first timer after which the condition holds', async () => {
  const clock = new VirtualClock(0);
  let count = 0;
  const tick = () => {
    count++;
    clock.after(10, tick);
  };
  clock.after(10, tick);
  assert.equal(await clock.runUntil(() => count === 3), true);
  assert.equal(clock.now(), 30);
  assert.equal(await clock.runUntil(() => count === 1000, 100), false);
});
