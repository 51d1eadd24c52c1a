import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { PodGuard, type AttachedMessage, type AttachedPod } from './guard.ts';

const POD: AttachedPod = { uid: 'u', namespace: 'default', name: 'p', ip: '10.109.0.10' };

function start(): { clock: VirtualClock; guard: PodGuard; sent: AttachedMessage[] } {
  const clock = new VirtualClock();
  const guard = new PodGuard(clock);
  const sent: AttachedMessage[] = [];
  guard.connect((message) => sent.push(message));
  return { clock, guard, sent };
}

test('a pod waits until it is known whether there are policies, and goes on when there are none', async () => {
  const { guard, sent } = start();
  const waiting = guard.guard(POD);
  guard.receive({ type: 'policies', any: false });
  await waiting;
  await guard.guard({ ...POD, uid: 'next' });
  assert.deepEqual(sent, []);
});

test('with policies a pod waits for the word that its own are in force', async () => {
  const { guard, sent } = start();
  guard.receive({ type: 'policies', any: true });
  let passed = false;
  const waiting = guard.guard(POD).then(() => (passed = true));
  guard.receive({ type: 'guarded', uid: 'another' });
  await Promise.resolve();
  assert.equal(passed, false);
  assert.deepEqual(sent, [{ type: 'attached', ...POD }]);
  guard.receive({ type: 'guarded', uid: POD.uid });
  await waiting;
});

test('the data plane that starts again is told of the pods that wait', async () => {
  const { guard, sent } = start();
  guard.receive({ type: 'policies', any: true });
  const waiting = guard.guard(POD);
  guard.disconnect();
  const later = guard.guard({ ...POD, uid: 'later' });
  assert.equal(sent.length, 1, 'nobody is there to be told');
  guard.connect((message) => sent.push(message));
  guard.receive({ type: 'policies', any: true });
  assert.deepEqual(
    sent.map(({ uid }) => uid),
    ['u', 'u', 'later'],
  );
  for (const uid of ['u', 'later']) guard.receive({ type: 'guarded', uid });
  await Promise.all([waiting, later]);
});

test('without an answer the pod does not start', async () => {
  const { clock, guard } = start();
  guard.receive({ type: 'policies', any: true });
  const refused = assert.rejects(guard.guard(POD), /network policies are not in force after 10 s/);
  await clock.advance(10_000);
  await refused;
});
