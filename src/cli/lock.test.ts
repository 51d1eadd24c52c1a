import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { withLock } from './lock.ts';

const dir = mkdtempSync(join(tmpdir(), 'argosy-lock-'));
after(() => rmSync(dir, { recursive: true }));

test('one works at a time, and a failure lets the next in', async () => {
  const path = join(dir, 'a.lock');
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = withLock(path, async () => {
    order.push('first begins');
    await gate.promise;
    order.push('first ends');
    throw new Error('broken');
  });
  const second = withLock(path, async () => void order.push('second'));
  gate.resolve();
  await assert.rejects(first, /broken/);
  await second;
  assert.deepEqual(order, ['first begins', 'first ends', 'second']);
  assert.equal(existsSync(path), false);
});

test('the lock of a process that died is taken over', async () => {
  const path = join(dir, 'b.lock');
  // No process has a number this large (kernel/pid_max is at most 2^22).
  writeFileSync(path, '99999999');
  assert.equal(await withLock(path, async () => 'done'), 'done');
});
