import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf, type Run } from './traffic-series.ts';

/** [atSeconds, wanted, ready, nodes] */
function run(...samples: [number, number, number, number][]): Run {
  return {
    title: 'run',
    samples: samples.map(([atSeconds, wanted, ready, nodes]) => ({ atSeconds, wanted, ready, nodes, requestsPerSecond: ready * 10, users: 1 })),
    requests: { answered: 0, failed: 0, p50Ms: 0, p99Ms: 0 },
  };
}

test('a wait for a node is a plateau, costs requests, and a start of pods is none', () => {
  const measured = run([0, 8, 8, 2], [10, 9, 8, 2], [12, 9, 8, 3], [40, 9, 9, 3], [50, 12, 9, 3], [53, 12, 12, 3]);
  assert.deepEqual(figuresOf(measured, { perPod: 10, most: 12, untilSeconds: 60 }), {
    ninthSeconds: 30,
    allReadySeconds: 53,
    plateauSeconds: 30,
    lostRequests: 30 * 10 + 3 * 3 * 10,
    nodeMinutes: (12 * 2 + 48 * 3) / 60,
  });
});

test('what never came has no time', () => {
  const { ninthSeconds, allReadySeconds } = figuresOf(run([0, 4, 4, 1]), { perPod: 10, most: 30, untilSeconds: 10 });
  assert.deepEqual([ninthSeconds, allReadySeconds], [undefined, undefined]);
});
