import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../runtime/random.ts';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import { instanceType } from '../catalogue/index.ts';
import type { Instance, NodePool } from '../provider.ts';
import { localCloud, type CloudState } from './index.ts';

const type = instanceType('g6-standard-2');
assert.ok(type);
const pool: NodePool = { name: 'lke-pool', instanceType: type, min: 1, max: 3 };

function world(more: { failureRate?: number; state?: CloudState } = {}) {
  const clock = new VirtualClock();
  const booted: string[] = [];
  const removed: string[] = [];
  const cloud = localCloud({
    pools: [pool],
    bootDelayMs: 120_000,
    clock,
    random: seededRandom(7),
    onBoot: (i) => booted.push(i.nodeName),
    onRemove: (n) => removed.push(n),
    ...more,
  });
  cloud.start();
  return { clock, cloud, booted, removed };
}

test('the first nodes are there at once, later ones after the boot delay', async () => {
  const { clock, cloud, booted } = world();
  assert.equal(booted.length, 1);
  await cloud.increase('lke-pool', 1);
  await clock.advance(119_999);
  assert.equal(booted.length, 1);
  await clock.advance(1);
  assert.equal(booted.length, 2);
});

test('a pool does not grow past its maximum', async () => {
  const { cloud } = world();
  await cloud.increase('lke-pool', 2);
  await assert.rejects(cloud.increase('lke-pool', 1), /has 3 of at most 3 nodes/);
});

test('a removed node is given back, and one that still boots never comes', async () => {
  const { clock, cloud, booted, removed } = world();
  await cloud.increase('lke-pool', 1);
  const booting = (await cloud.instances('lke-pool')).find((i) => i.phase === 'booting');
  await cloud.remove('lke-pool', booting?.nodeName ?? '');
  await clock.advance(200_000);
  assert.equal(booted.length, 1);
  await cloud.remove('lke-pool', booted[0] ?? '');
  assert.deepEqual(removed, booted);
});

test('after a restart the same nodes run and boots under way finish', async () => {
  let saved: readonly Instance[] = [];
  const state: CloudState = { load: () => saved, save: (instances) => (saved = structuredClone(instances)) };
  const first = world({ state });
  await first.cloud.increase('lke-pool', 1);
  await first.clock.advance(60_000);
  first.cloud.stop();
  const second = world({ state });
  assert.deepEqual(second.booted, first.booted);
  await second.clock.advance(120_000);
  assert.equal(second.booted.length, 2);
});

test('a failed boot is said and does not count', async () => {
  const { clock, cloud } = world({ failureRate: 1 });
  await cloud.increase('lke-pool', 1);
  await clock.advance(120_000);
  assert.ok((await cloud.instances('lke-pool')).every((i) => i.phase === 'failed' && i.error));
});
