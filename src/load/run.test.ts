import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../runtime/clock.ts';
import { seededRandom } from '../runtime/random.ts';
import { VirtualClock } from '../runtime/virtual-clock.ts';
import { runLoad, type LoadPlan, type LoadResult } from './run.ts';
import { parseRate, Schedule } from './schedule.ts';
import type { Done, Transport } from './transport.ts';

const START = Date.UTC(2026, 0, 1);

/** A target under the clock: `answerAt` says when a request that came at a moment is answered (milliseconds after the start), or never. */
function target(clock: Clock, answerAt: (atMs: number) => number | undefined): Transport & { sentAt: number[]; connections: number } {
  const sentAt: number[] = [];
  const made = {
    sentAt,
    connections: 0,
    connection() {
      made.connections++;
      let cancel: (() => void) | undefined;
      return {
        send(done: Done) {
          const now = clock.now() - START;
          sentAt.push(now);
          const at = answerAt(now);
          cancel = at === undefined ? undefined : clock.after(at - now, () => done(200, 100, undefined));
        },
        drop: () => cancel?.(),
      };
    },
  };
  return made;
}

async function run(plan: LoadPlan, answerAt: (atMs: number) => number | undefined, stopAfterMs?: number) {
  const clock = new VirtualClock(START, async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  });
  const transport = target(clock, answerAt);
  const stop = new AbortController();
  if (stopAfterMs !== undefined) clock.after(stopAfterMs, () => stop.abort());
  let result: LoadResult | undefined;
  void runLoad({ clock, random: seededRandom(1), transport }, plan, stop.signal).then((ended) => (result = ended));
  await clock.runUntil(() => result !== undefined);
  assert.ok(result !== undefined, 'the run ends');
  return { result, transport };
}

const users = (count: number, spawnRate: number, min = 0, max = min): LoadPlan['profile'] => ({
  loop: 'closed',
  users: count,
  spawnRate,
  waitMs: { min, max },
});
const rate = (text: string, durationMs: number, connections = 1000): LoadPlan => ({
  profile: { loop: 'open', steps: parseRate(text, durationMs, Number), connections },
  durationMs,
  timeoutMs: 5000,
});

test('users begin at their spawn rate, each with a connection of its own', async () => {
  const { result, transport } = await run({ profile: users(300, 0.4, 1e9), durationMs: 60_000, timeoutMs: 1000 }, (at) => at + 5);
  assert.deepEqual(
    transport.sentAt,
    Array.from({ length: 24 }, (_, i) => i * 2500),
  );
  assert.equal(transport.connections, 24);
  assert.equal(result.series[29]!.users, 13);
});

test('a user sends again when its answer came and its wait time is over', async () => {
  const { transport } = await run({ profile: users(1, 1, 400), durationMs: 10_000, timeoutMs: 1000 }, (at) => at + 100);
  assert.deepEqual(
    transport.sentAt,
    Array.from({ length: 20 }, (_, i) => i * 500),
  );
});

test('wait times are spread evenly between their bounds', async () => {
  const { transport } = await run({ profile: users(1, 1, 100, 300), durationMs: 400_000, timeoutMs: 1000 }, (at) => at + 1);
  const waits = transport.sentAt.slice(1).map((at, i) => at - transport.sentAt[i]! - 1);
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
  assert.ok(Math.min(...waits) >= 100 && Math.min(...waits) < 102 && Math.max(...waits) <= 300 && Math.max(...waits) > 298);
  assert.ok(Math.abs(mean - 200) < 6, `mean ${mean}`);
});

test('an open loop sends at its rate without drift, whatever the answers take', async () => {
  const { result, transport } = await run(rate('50/s', 60_000), (at) => at + 3);
  assert.equal(result.requests.sent, 3000);
  for (const [n, at] of transport.sentAt.entries()) assert.ok(Math.abs(at - n * 20) <= 1, `request ${n} at ${at}`);
  assert.ok(Math.abs(result.latencyMs.p50 - 3) < 0.01);
  assert.equal(result.requests.late.busy + result.requests.late.slow, 0);
  assert.ok(result.series.every((point) => Math.abs(point.requestsPerSecond - 50) <= 1));
});

/** Stalls from 4 s to 6 s: what comes then is answered at its end. */
const stalls = (at: number): number => (at >= 4000 && at < 6000 ? 6000 + 1 : at + 1);

test('a stall of two seconds shows in the tail of an open loop, as every caller would have felt it', async () => {
  // One in five requests was due in the stall, evenly spread: a tenth waited more than a second. One connection then has a queue to work off.
  for (const connections of [1000, 1]) {
    const { result } = await run(rate('100/s', 10_000, connections), stalls);
    assert.equal(result.requests.sent, 1000);
    assert.ok(Math.abs(result.latencyMs.p90 - 1000) < (connections === 1 ? 120 : 60), `p90 ${result.latencyMs.p90} of ${connections} connections`);
    assert.ok(result.latencyMs.p99 > 1850 && result.latencyMs.max > 1990, `p99 ${result.latencyMs.p99} of ${connections} connections`);
    assert.ok(result.latencyMs.p50 < 5);
    if (connections === 1) assert.ok(result.requests.late.busy > 150 && result.requests.late.slow === 0 && result.requests.late.mostMs > 1900);
    else assert.equal(result.requests.late.busy, 0);
  }
});

test('the same stall is one slow request to a user who waits for it', async () => {
  const { result } = await run({ profile: users(1, 1, 9), durationMs: 10_000, timeoutMs: 5000 }, stalls);
  assert.ok(result.latencyMs.p99 < 5 && result.latencyMs.max > 1900);
});

test('what finds no connection before its timeout is not sent, and counted', async () => {
  const { result } = await run({ ...rate('10/s', 10_000, 1), timeoutMs: 1000 }, () => undefined);
  const { sent, unsent, failed } = result.requests;
  assert.equal(sent + unsent, 100);
  assert.ok(unsent > 70, `${unsent} unsent`);
  assert.equal(result.errors['timeout'], sent);
  assert.equal(failed, sent);
  assert.ok(result.latencyMs.min >= 999, 'a timeout counts with what it waited');
});

test('answers that come after the last request was sent still count', async () => {
  const { result } = await run(rate('10/s', 1000), (at) => at + 3000);
  assert.equal(result.requests.answered, 10);
  assert.equal(result.requests.unfinished, 0);
  assert.ok(result.seconds > 3.5 && result.seconds < 4.2);
});

test('an interrupted run ends at once with what was done', async () => {
  const { result } = await run(rate('10/s', 60_000), (at) => at + 4000, 5950);
  assert.equal(result.interrupted, true);
  assert.ok(result.seconds < 6);
  assert.deepEqual([result.requests.sent, result.requests.answered, result.requests.unfinished], [60, 20, 40]);
});

test('ramps and steps have their requests where the area under the rate reaches them', () => {
  const ramp = new Schedule(parseRate('0-100/s', 10_000, Number));
  assert.equal(ramp.total, 500);
  // n = 5·t², so request 125 is due after five seconds.
  assert.ok(Math.abs(ramp.dueAt(125) - 5000) < 0.001);
  const down = new Schedule(parseRate('100-0/s', 10_000, Number));
  assert.ok(Math.abs(down.dueAt(375) - 5000) < 0.001);
  const steps = new Schedule(parseRate('10/s:1000,20/s:500,5/s:1000', undefined, Number));
  assert.equal(steps.total, 25);
  assert.equal(steps.ms, 2500);
  assert.deepEqual(
    [9, 10, 11, 19, 20, 21].map((n) => steps.dueAt(n)),
    [900, 1000, 1050, 1450, 1500, 1700],
  );
  const pairs = new Schedule(parseRate('0-100/s:4000,100-30/s:3000,30/s:1000', undefined, Number));
  for (let n = 0, last = 0; n < pairs.total; n++) {
    const at = pairs.dueAt(n);
    assert.ok(at >= last && at < pairs.ms);
    assert.ok(Math.abs(pairs.dueBy(at) - (n + 1)) <= 1, `${n} at ${at}`);
    last = at;
  }
});

test('a bad rate names the mend', () => {
  assert.throws(() => parseRate('fast', 1000, Number), /'fast' is not a rate: write 500\/s/);
  assert.throws(() => parseRate('0/s', 1000, Number), /sends nothing/);
  assert.throws(() => parseRate('1/s,2/s', 1000, Number), /each step but the last needs its length/);
  assert.throws(() => parseRate('1/s:1000', 2000, Number), /steps last 1 s and --for says 2 s/);
  assert.throws(() => parseRate('1/s', undefined, Number), /add --for/);
});
