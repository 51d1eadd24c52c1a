import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events } from '../../kube/resources.ts';
import { timestamp } from '../../runtime/clock.ts';
import { testWorld } from '../testing.ts';

test('an event goes an hour after it last happened', async () => {
  const { client, clock } = await testWorld();
  const key = { name: 'e', namespace: 'default' };
  await client.create(events, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: key,
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    reason: 'R',
    message: 'm',
    type: 'Normal',
    firstTimestamp: timestamp(clock.now()),
    lastTimestamp: timestamp(clock.now()),
  });
  await clock.advance(1_800_000);
  await client.patch(events, key, { count: 2, lastTimestamp: timestamp(clock.now()) }, { type: 'merge' });
  await clock.advance(3_500_000);
  assert.equal((await client.list(events)).items.length, 1);
  await clock.advance(600_000);
  assert.equal((await client.list(events)).items.length, 0);
});
