import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodSpec } from '../../kube/types.ts';
import { planPod } from './plan.ts';
import { newContainerRecord, type ContainerRecord } from './record.ts';

const NOW = 1_000_000;
type Records = Record<string, Partial<ContainerRecord>>;

const records = (partial: Records): Record<string, ContainerRecord> =>
  Object.fromEntries(Object.entries(partial).map(([name, record]) => [name, { ...newContainerRecord(name), ...record }]));
const exited = (exitCode: number): Partial<ContainerRecord> => ({
  phase: 'exited',
  id: 'x',
  termination: { exitCode, reason: '', startedAtMs: 0, finishedAtMs: 0 },
});
const running: Partial<ContainerRecord> = { phase: 'running', id: 'x', started: true };
const spec = (init: string[], main: string[], restartPolicy: PodSpec['restartPolicy'] = 'Always'): PodSpec => ({
  restartPolicy,
  initContainers: init.map((name) => ({ name, ...(name.startsWith('side') ? { restartPolicy: 'Always' as const } : {}) })),
  containers: main.map((name) => ({ name })),
});

const cases: [string, PodSpec, Records, { start?: string; finished?: boolean; initialized?: boolean; wakeAtMs?: number }][] = [
  ['a new pod starts its first container', spec([], ['a', 'b']), {}, { start: 'a', initialized: true }],
  ['the second container waits for the first to have started', spec([], ['a', 'b']), { a: { phase: 'starting' } }, {}],
  ['then it starts', spec([], ['a', 'b']), { a: running }, { start: 'b' }],
  ['init containers come first', spec(['i'], ['a']), {}, { start: 'i', initialized: false }],
  ['containers wait for init containers', spec(['i'], ['a']), { i: { phase: 'running', id: 'x' } }, { initialized: false }],
  ['and start when those have succeeded', spec(['i'], ['a']), { i: exited(0) }, { start: 'a', initialized: true }],
  ['a failed init container is tried again', spec(['i'], ['a'], 'OnFailure'), { i: exited(1) }, { start: 'i', initialized: false }],
  ['unless the pod never restarts', spec(['i'], ['a'], 'Never'), { i: exited(1) }, { finished: true, initialized: false }],
  ['a sidecar that has not started holds the others back', spec(['side'], ['a']), { side: { phase: 'running', id: 'x' } }, { initialized: false }],
  ['a started sidecar lets them go on', spec(['side'], ['a']), { side: running }, { start: 'a', initialized: true }],
  ['a sidecar that ended starts again while containers run', spec(['side'], ['a']), { side: exited(0), a: running }, { start: 'side', initialized: true }],
  ['a container that ended starts again', spec([], ['a']), { a: exited(0) }, { start: 'a' }],
  ['after its back-off', spec([], ['a']), { a: { ...exited(1), backOffMs: 10, backOffUntilMs: NOW + 5 } }, { wakeAtMs: NOW + 5 }],
  [
    'at once when its back-off is further away than it is long',
    spec([], ['a']),
    { a: { ...exited(1), backOffMs: 10, backOffUntilMs: NOW + 3_600_000 } },
    { start: 'a' },
  ],
  [
    'while one backs off another starts',
    spec([], ['a', 'b']),
    { a: { ...exited(1), backOffMs: 10, backOffUntilMs: NOW + 5 } },
    { start: 'b', wakeAtMs: NOW + 5 },
  ],
  ['success ends a pod that restarts on failure only', spec([], ['a'], 'OnFailure'), { a: exited(0) }, { finished: true }],
  ['an ephemeral container starts before all others', { ...spec(['i'], ['a']), ephemeralContainers: [{ name: 'e' }] }, {}, { start: 'e', initialized: false }],
  ['and never again', { ...spec([], ['a']), ephemeralContainers: [{ name: 'e' }] }, { a: running, e: exited(0) }, {}],
  [
    'unless it has not run yet',
    { ...spec([], ['a']), ephemeralContainers: [{ name: 'e' }] },
    { a: running, e: { phase: 'waiting', backOffMs: 10, backOffUntilMs: NOW + 5 } },
    { wakeAtMs: NOW + 5 },
  ],
  ['nobody waits for it', { ...spec([], ['a'], 'Never'), ephemeralContainers: [{ name: 'e' }] }, { a: exited(0), e: running }, { finished: true }],
  ['any end ends a pod that never restarts', spec([], ['a', 'b'], 'Never'), { a: exited(0), b: exited(1) }, { finished: true }],
  ['but not before all have ended', spec([], ['a', 'b'], 'Never'), { a: exited(0), b: running }, {}],
  ['init containers do not run again once containers have run', spec(['i'], ['a']), { i: exited(1), a: exited(1) }, { start: 'a' }],
];

for (const [sentence, pod, state, wanted] of cases) {
  test(sentence, () => {
    const plan = planPod(pod, records(state), NOW);
    assert.deepEqual(
      { start: plan.start?.name, finished: plan.finished, initialized: plan.initialized, wakeAtMs: plan.wakeAtMs },
      { start: undefined, finished: false, initialized: true, wakeAtMs: undefined, ...wanted },
    );
  });
}
