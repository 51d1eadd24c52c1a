import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveView } from './live.ts';
import type { SecondPoint } from './recorder.ts';

const second = (at: number, requestsPerSecond: number): SecondPoint => ({
  at,
  requestsPerSecond,
  failedPerSecond: 0,
  p50: 1,
  p90: 2,
  p99: at,
  max: 9,
  users: 3,
  inFlight: 1,
  waiting: 0,
});

test('a terminal gets one picture that is drawn over, a row a measure and a column a second', () => {
  let written = '';
  const tell = liveView({ isTTY: true, columns: 60, write: (text) => (written += text) }, 1000);
  tell(second(1, 50));
  const first = written;
  assert.match(first, /requests\/s +50 █\n/);
  assert.match(first, /p99 +1\.00 ms █\n/);
  assert.match(first, /users +3 █\n/);
  tell(second(2, 100));
  const again = written.slice(first.length);
  assert.ok(again.startsWith(`\u001b[${first.split('\n').length - 1}A`));
  assert.match(again, /requests\/s +100 ▄█\n/);
  for (let at = 3; at < 100; at++) tell(second(at, 1));
  const last = written.split('\u001b[2K').slice(-6);
  assert.ok(last.every((line) => line.trimEnd().length <= 60));
});

test('elsewhere a second is a line, and of a long run every tenth', () => {
  const lines = (durationMs: number): number => {
    let count = 0;
    const tell = liveView({ write: () => count++ }, durationMs);
    for (let at = 1; at <= 20; at++) tell(second(at, 5));
    return count;
  };
  assert.equal(lines(60_000), 20);
  assert.equal(lines(600_000), 2);
});
