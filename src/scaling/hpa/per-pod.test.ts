import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Pod } from '../../kube/types.ts';
import type { PodMetrics } from './metrics-client.ts';
import { replicasByUsage, replicasByUtilization, type PerPodInput } from './per-pod.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();

interface PodWish {
  /** In thousandths; absent: not measured. */
  use?: number;
  /** Default '1': a core. */
  request?: string;
  phase?: 'Running' | 'Pending' | 'Failed' | 'Succeeded';
  ready?: boolean;
  /** Default: a day ago. */
  startedSecondsAgo?: number;
  /** Default: when it started. */
  readySinceSecondsAgo?: number;
  deleting?: boolean;
}

function podOf(
  i: number,
  { request = '1', phase = 'Running', ready = true, startedSecondsAgo = 86_400, readySinceSecondsAgo = startedSecondsAgo, deleting }: PodWish,
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${i}`, namespace: 'default', ...(deleting ? { deletionTimestamp: at(1) } : {}) },
    spec: { containers: [{ name: 'main', ...(request === '' ? {} : { resources: { requests: { cpu: request, memory: request } } }) }] },
    status: {
      phase,
      startTime: at(startedSecondsAgo),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at(readySinceSecondsAgo) }],
    },
  };
}

function input(wishes: readonly PodWish[], more: Partial<PerPodInput> = {}): PerPodInput & { resource: string } {
  const metrics: PodMetrics = new Map();
  for (const [i, { use }] of wishes.entries()) if (use !== undefined) metrics.set(`pod-${i}`, { time: NOW, windowMs: 60_000, millis: use });
  return {
    metrics,
    pods: wishes.map((wish, i) => podOf(i, wish)),
    currentReplicas: wishes.length,
    tolerances: { up: 0.1, down: 0.1 },
    delays: { cpuInitializationMs: 120_000, initialReadinessDelayMs: 10_000 },
    nowMs: NOW,
    resource: 'cpu',
    ...more,
  };
}

const uses = (...millis: number[]): PodWish[] => millis.map((use) => ({ use }));
const unready = (use: number): PodWish => ({ use, ready: false, startedSecondsAgo: 30 });
/** Percent of requests → replicas and what is shown. */
const utilization = (wishes: readonly PodWish[], target: number, more?: Partial<PerPodInput>): [replicas: number, percent: number | undefined, raw: number] => {
  const found = replicasByUtilization(input(wishes, more), target);
  return [found.replicas, found.utilization, found.usage];
};

test('more is used than the target: replicas grow in proportion, rounded up', () => {
  assert.deepEqual(utilization(uses(300, 500, 700), 30), [5, 50, 500]);
});

test('less is used: replicas shrink in proportion, rounded up', () => {
  assert.deepEqual(utilization(uses(100, 300, 500, 250, 250), 50), [3, 28, 280]);
});

test('inside the tolerance nothing changes, at its ends neither', () => {
  assert.deepEqual(utilization(uses(1010, 1030, 1020), 100), [3, 102, 1020]);
  assert.deepEqual(utilization(uses(1100, 1100, 1100), 100), [3, 110, 1100]);
  assert.deepEqual(utilization(uses(1110, 1110, 1110), 100), [4, 111, 1110]);
  assert.deepEqual(utilization(uses(900, 900, 900, 900, 900, 900, 900, 900, 900, 900, 900), 100), [11, 90, 900]);
});

test('each direction has a tolerance of its own', () => {
  const tolerances = { up: 0.01, down: 0.5 };
  assert.equal(utilization(uses(1020, 1020), 100, { tolerances })[0], 3);
  assert.equal(utilization(uses(600, 600), 100, { tolerances })[0], 2);
});

test('pods that are not ready yet do not count, and when replicas grow they count as using nothing', () => {
  assert.deepEqual(utilization([unready(300), { use: 500 }, { use: 700 }], 30), [4, 60, 600]);
  // Hot as it is, the unready one damps the ratio below the tolerance.
  assert.deepEqual(utilization([unready(400), { use: 500 }, unready(700)], 30), [3, 50, 500]);
});

test('pods still pending are taken as unready', () => {
  const pending: PodWish = { use: 700, phase: 'Pending' };
  assert.deepEqual(utilization([{ use: 300 }, { use: 500 }, pending], 30), [3, 40, 400]);
});

test('failed pods and pods that go do not count at all', () => {
  assert.deepEqual(utilization([{ use: 500 }, { use: 700 }, { use: 900, phase: 'Failed' }], 50, { currentReplicas: 2 }), [3, 60, 600]);
  assert.deepEqual(utilization([{ use: 500 }, { use: 700 }, { use: 900, deleting: true }], 50, { currentReplicas: 2 }), [3, 60, 600]);
});

test('when replicas would go, pods without numbers count as using all they asked for, or the target if that is more', () => {
  assert.deepEqual(utilization([{ use: 400 }, { use: 100 }, {}, {}], 100), [3, 25, 250]);
  assert.deepEqual(utilization([{ use: 600 }, { use: 600 }, {}], 200), [2, 60, 600]);
});

test('when replicas would come, pods without numbers count as using nothing, and never turn the direction', () => {
  assert.deepEqual(utilization([{ use: 1000 }, {}, {}, {}], 20), [5, 100, 1000]);
  assert.deepEqual(utilization([{ use: 1000 }, {}], 90), [2, 100, 1000]);
});

test('a pod that was never ready does not count once its start is long over, one that was ready before does', () => {
  const neverReady: PodWish = { use: 900, ready: false, startedSecondsAgo: 600, readySinceSecondsAgo: 595 };
  const wasReady: PodWish = { use: 900, ready: false, startedSecondsAgo: 600, readySinceSecondsAgo: 60 };
  assert.equal(utilization([{ use: 500 }, neverReady], 50)[1], 50);
  assert.equal(utilization([{ use: 500 }, wasReady], 50)[1], 70);
});

test('while a pod may still initialize, it counts only when it was ready for a whole window', () => {
  const justReady: PodWish = { use: 900, startedSecondsAgo: 100, readySinceSecondsAgo: 30 };
  const readyForAWindow: PodWish = { use: 900, startedSecondsAgo: 100, readySinceSecondsAgo: 61 };
  assert.equal(utilization([{ use: 500 }, justReady], 50)[1], 50);
  assert.equal(utilization([{ use: 500 }, readyForAWindow], 50)[1], 70);
});

test('readiness counts for CPU alone', () => {
  const { replicas, utilization: percent } = replicasByUtilization(input([{ use: 100 }, unready(900)], { resource: 'memory' }), 30);
  assert.deepEqual([replicas, percent], [4, 50]);
});

test('raw targets know no requests: pods without numbers count as the target when replicas would go', () => {
  const raw = (wishes: readonly PodWish[], target: number) => {
    const { resource: _resource, ...rest } = input(wishes);
    const { replicas, usage } = replicasByUsage(rest, target);
    return [replicas, usage];
  };
  assert.deepEqual(raw(uses(20_000, 10_000, 30_000), 15_000), [4, 20_000]);
  assert.deepEqual(raw(uses(12_000, 12_000, 12_000, 12_000, 12_000), 20_000), [3, 12_000]);
  assert.deepEqual(raw([{ use: 10_000 }, { use: 10_000 }, {}], 20_000), [2, 10_000]);
  assert.deepEqual(raw([{ use: 30_000 }, {}], 20_000), [2, 30_000]);
});

test('what cannot be computed is said in upstream words', () => {
  assert.throws(() => utilization([{ use: 100, request: '' }], 50), /^Error: missing request for cpu in container main of Pod pod-0$/);
  assert.throws(() => utilization([], 50), /no pods returned by selector while calculating replica count/);
  assert.throws(() => utilization([unready(100)], 50), /did not receive metrics for targeted pods \(pods might be unready\)/);
  assert.throws(() => utilization([{ use: 100, request: '0' }], 50), /no metrics returned matched known pods/);
  assert.throws(() => replicasByUtilization({ ...input(uses(1)), container: 'other' }, 50), /^Error: container other not found in Pod pod-0$/);
});

const wish = fc.record({ use: fc.option(fc.nat(3000), { nil: undefined }), ready: fc.boolean(), startedSecondsAgo: fc.constantFrom(30, 86_400) });

test('pods that say nothing never turn the direction that the others ask for, nor take it further', () => {
  fc.assert(
    fc.property(fc.array(wish as fc.Arbitrary<PodWish>, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 200 }), (wishes, target) => {
      const counted = wishes.filter(({ use, ready, startedSecondsAgo }) => use !== undefined && ready && startedSecondsAgo !== 30);
      fc.pre(counted.length > 0);
      const ratio = Math.trunc((counted.reduce((sum, { use = 0 }) => sum + use, 0) * 100) / (counted.length * 1000)) / target;
      const { replicas } = replicasByUtilization(input(wishes), target);
      const current = wishes.length;
      const [least, most] = ratio > 1 ? [current, Math.ceil(ratio * current)] : [Math.ceil(ratio * counted.length), current];
      assert.ok(replicas >= least && replicas <= most, `ratio ${ratio}: ${replicas} of ${current}`);
      if (ratio >= 0.9 && ratio <= 1.1) assert.equal(replicas, current);
    }),
  );
});
