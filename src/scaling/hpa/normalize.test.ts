import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { History } from './history.ts';
import { normalize, type NormalizeInput } from './normalize.ts';
import { downLimit, upLimit } from './policies.ts';
import type { Behavior, ScalingRules } from './types.ts';

const NOW = 1_000_000_000;
const ALL = { type: 'Percent', value: 100, periodSeconds: 15 };

/** With what the API fills in. */
function behaviorOf({ scaleUp, scaleDown }: { scaleUp?: ScalingRules; scaleDown?: ScalingRules } = {}): Behavior {
  return {
    scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, ALL], ...scaleUp },
    scaleDown: { selectPolicy: 'Max', policies: [ALL], ...scaleDown },
  };
}

function historyOf(recommendations: readonly [replicas: number, secondsAgo: number][] = []): History {
  const history = new History(0, NOW);
  history.recommendations = recommendations.map(([replicas, secondsAgo]) => ({ replicas, atMs: NOW - secondsAgo * 1000 }));
  return history;
}

function run(current: number, wanted: number, more: Partial<NormalizeInput> = {}): [replicas: number, able: string, limited: string] {
  const { replicas, conditions } = normalize({
    current,
    wanted,
    min: 1,
    max: 100,
    behavior: undefined,
    history: historyOf(),
    downscaleStabilizationMs: 300_000,
    nowMs: NOW,
    ...more,
  });
  const [able, limited] = conditions;
  return [replicas, able?.reason ?? '', `${limited?.status} ${limited?.reason}`];
}

test('without behavior replicas at most double at a time, or become four', () => {
  assert.deepEqual(run(1, 10), [4, 'ReadyForNewScale', 'True ScaleUpLimit']);
  assert.deepEqual(run(3, 10), [6, 'ReadyForNewScale', 'True ScaleUpLimit']);
  assert.deepEqual(run(10, 12), [12, 'ReadyForNewScale', 'False DesiredWithinRange']);
});

test('minimum and maximum hold, and say so', () => {
  assert.deepEqual(run(10, 12, { max: 11 }), [11, 'ReadyForNewScale', 'True TooManyReplicas']);
  assert.deepEqual(run(10, 1, { min: 3 }), [3, 'ReadyForNewScale', 'True TooFewReplicas']);
  assert.deepEqual(run(10, 0, { behavior: behaviorOf(), min: 2 }), [2, 'ReadyForNewScale', 'True TooFewReplicas']);
  assert.deepEqual(run(10, 30, { behavior: behaviorOf(), max: 12 }), [12, 'ReadyForNewScale', 'True TooManyReplicas']);
});

test('the highest recommendation of the last five minutes counts before replicas go', () => {
  assert.deepEqual(run(10, 4, { history: historyOf([[8, 299]]) }), [8, 'ScaleDownStabilized', 'False DesiredWithinRange']);
  assert.deepEqual(run(10, 4, { history: historyOf([[8, 301]]) }), [4, 'ReadyForNewScale', 'False DesiredWithinRange']);
  assert.equal(run(10, 4, { behavior: behaviorOf(), history: historyOf([[8, 299]]) })[0], 8);
  assert.equal(run(10, 4, { behavior: behaviorOf({ scaleDown: { stabilizationWindowSeconds: 60 } }), history: historyOf([[8, 61]]) })[0], 4);
});

test('a window for scaling up takes the lowest recommendation in it', () => {
  const behavior = behaviorOf({ scaleUp: { stabilizationWindowSeconds: 120 } });
  const lower = historyOf([
    [6, 100],
    [2, 200],
  ]);
  assert.deepEqual(run(4, 8, { behavior, history: lower }), [6, 'ScaleUpStabilized', 'False DesiredWithinRange']);
  // Lower than what is there: then nothing moves.
  assert.deepEqual(run(4, 8, { behavior, history: historyOf([[2, 100]]) }), [4, 'ScaleUpStabilized', 'False DesiredWithinRange']);
});

test('policies bound the rate: the largest change by default, the smallest by Min, none when Disabled', () => {
  const policies = [
    { type: 'Pods', value: 4, periodSeconds: 60 },
    { type: 'Percent', value: 10, periodSeconds: 60 },
  ];
  const rules = (selectPolicy: string): Behavior => behaviorOf({ scaleUp: { policies, selectPolicy }, scaleDown: { policies, selectPolicy } });
  assert.deepEqual(run(20, 80, { behavior: rules('Max') }), [24, 'ReadyForNewScale', 'True ScaleUpLimit']);
  assert.deepEqual(run(20, 80, { behavior: rules('Min') }), [22, 'ReadyForNewScale', 'True ScaleUpLimit']);
  assert.deepEqual(run(20, 80, { behavior: rules('Disabled') }), [20, 'ReadyForNewScale', 'True ScaleUpLimit']);
  assert.deepEqual(run(80, 20, { behavior: rules('Max') }), [72, 'ReadyForNewScale', 'True ScaleDownLimit']);
  assert.deepEqual(run(80, 20, { behavior: rules('Min') }), [76, 'ReadyForNewScale', 'True ScaleDownLimit']);
  assert.deepEqual(run(80, 20, { behavior: rules('Disabled') }), [80, 'ReadyForNewScale', 'True ScaleDownLimit']);
});

test('a period counts from the replicas at its beginning, whichever way they went since', () => {
  const history = historyOf();
  const rules: ScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }] };
  history.scaled(10, 13, NOW - 30_000, { scaleUp: rules, scaleDown: rules });
  assert.equal(upLimit(13, history, rules, NOW), 14);
  assert.equal(downLimit(13, history, rules, NOW), 6);
  history.scaled(13, 11, NOW - 20_000, { scaleUp: rules, scaleDown: rules });
  assert.equal(upLimit(11, history, rules, NOW), 14);
  assert.equal(upLimit(11, history, rules, NOW + 30_000), 17);
  assert.equal(upLimit(11, history, rules, NOW + 40_000), 15);
});

test('a percentage is rounded so that few replicas can still move', () => {
  const rules: ScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] };
  assert.equal(upLimit(1, historyOf(), rules, NOW), 2);
  assert.equal(downLimit(3, historyOf(), rules, NOW), 2);
});

const policy = fc.record({
  type: fc.constantFrom('Pods', 'Percent'),
  value: fc.integer({ min: 1, max: 120 }),
  periodSeconds: fc.integer({ min: 1, max: 1800 }),
});
const rulesArbitrary = fc.record({
  selectPolicy: fc.constantFrom('Max', 'Min', 'Disabled'),
  policies: fc.array(policy, { minLength: 1, maxLength: 3 }),
  stabilizationWindowSeconds: fc.integer({ min: 0, max: 600 }),
});
const walk = fc.array(fc.record({ wanted: fc.nat(60), seconds: fc.integer({ min: 1, max: 120 }) }), { minLength: 1, maxLength: 30 });

test('whatever metrics ask for over time: within minimum and maximum, and never below a recommendation of the window', () => {
  fc.assert(
    fc.property(
      fc.option(fc.record({ scaleUp: rulesArbitrary, scaleDown: rulesArbitrary }), { nil: undefined }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 20 }),
      walk,
      (behavior, min, room, steps) => {
        const max = min + room;
        let current = min;
        let nowMs = NOW;
        const history = new History(current, nowMs);
        const asked: { wanted: number; atMs: number }[] = [];
        for (const { wanted, seconds } of steps) {
          nowMs += seconds * 1000;
          const { replicas } = normalize({ current, wanted, min, max, behavior, history, downscaleStabilizationMs: 300_000, nowMs });
          assert.ok(replicas >= min && replicas <= max, `${replicas} is not in ${min}..${max}`);
          asked.push({ wanted, atMs: nowMs });
          const windowMs = behavior === undefined ? 300_000 : behavior.scaleDown.stabilizationWindowSeconds * 1000;
          const highest = Math.max(...asked.filter(({ atMs }) => atMs > nowMs - windowMs || atMs === nowMs).map((each) => each.wanted));
          if (replicas < current) assert.ok(replicas >= Math.min(current, highest, max), `${replicas} is below ${highest}`);
          if (behavior !== undefined) {
            if (behavior.scaleUp.selectPolicy === 'Disabled') assert.ok(replicas <= current);
            if (behavior.scaleDown.selectPolicy === 'Disabled') assert.ok(replicas >= current);
            if (replicas !== current) history.scaled(current, replicas, nowMs, behavior);
          }
          current = replicas;
        }
      },
    ),
  );
});
