import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conflict, notFound } from '../kube/status.ts';
import type { Lease } from '../kube/types.ts';
import type { Client } from './client.ts';
import { controllerContext } from './context.ts';
import { leaderElected } from './leader-election.ts';
import { silentLogger } from './log.ts';
import { seededRandom } from './random.ts';
import { VirtualClock } from './virtual-clock.ts';

const target = { group: 'coordination.k8s.io', plural: 'leases', name: 'main' };

/** An API that holds one Lease; `down` makes it fail. */
class LeaseApi {
  lease: Lease | undefined;
  readonly down = new Set<string>();
  #revision = 0;

  client(identity: string): Client {
    const check = () => {
      if (this.down.has(identity)) throw new Error('connection refused');
    };
    const put = async (_resource: unknown, lease: Lease) => {
      check();
      if (this.lease !== undefined && lease.metadata.resourceVersion !== this.lease.metadata.resourceVersion) throw conflict(target);
      return (this.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(++this.#revision) } });
    };
    const get = async () => {
      check();
      if (this.lease === undefined) throw notFound(target);
      return this.lease;
    };
    return { get, create: put, update: put } as unknown as Client;
  }
}

function contender(api: LeaseApi, clock: VirtualClock, identity: string) {
  const ctx = controllerContext({ client: api.client(identity), clock, random: seededRandom(1), log: silentLogger });
  const abort = new AbortController();
  const self = {
    leading: false,
    stop: async () => {
      abort.abort();
      await ended;
    },
  };
  const lead = async (signal: AbortSignal) => {
    self.leading = true;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    self.leading = false;
  };
  const ended = leaderElected(ctx, { name: 'main', namespace: 'kube-system', identity }, lead).run(abort.signal);
  return self;
}

test('one leads; a clean end hands over within seconds', async () => {
  const [api, clock] = [new LeaseApi(), new VirtualClock()];
  const a = contender(api, clock, 'a');
  await clock.advance(0);
  const b = contender(api, clock, 'b');
  await clock.advance(60_000);
  assert.deepEqual([a.leading, b.leading], [true, false]);
  await a.stop();
  await clock.advance(3000);
  assert.deepEqual([a.leading, b.leading], [false, true]);
  assert.equal(api.lease?.spec?.leaseTransitions, 1);
  await b.stop();
});

test('a leader that is cut off gives up before another takes over', async () => {
  const [api, clock] = [new LeaseApi(), new VirtualClock()];
  const a = contender(api, clock, 'a');
  await clock.advance(0);
  const b = contender(api, clock, 'b');
  await clock.advance(20_000);
  api.down.add('a');
  for (let i = 0; i < 200; i++) {
    await clock.advance(100);
    assert.ok(!(a.leading && b.leading), 'two lead');
  }
  assert.deepEqual([a.leading, b.leading], [false, true]);
  await a.stop();
  await b.stop();
});
