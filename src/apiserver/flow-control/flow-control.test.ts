import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { VirtualClock } from '../../runtime/virtual-clock.ts';
import type { Attributes } from '../authz/index.ts';
import type { UserInfo } from '../engine.ts';
import { testWorld } from '../testing.ts';
import { defaultLevels, defaultSchemas } from './defaults.ts';
import { FlowControl } from './index.ts';
import { keepFlowControl } from './keeper.ts';
import { deal, PriorityLevel, type Refusal, type Seat } from './level.ts';

const QUEUING = { queues: 64, handSize: 6, queueLengthLimit: 50 };

/** Fills the level's seats, and says who is served in which order. */
class Crowd {
  readonly clock = new VirtualClock();
  readonly level: PriorityLevel;
  readonly served: string[] = [];
  readonly refused: [string, Refusal][] = [];
  readonly seats: Seat[] = [];

  constructor(seats: number, queuing: typeof QUEUING | undefined = QUEUING) {
    this.level = new PriorityLevel(this.clock, { seats, ...(queuing === undefined ? {} : { queuing }) });
  }

  async comes(flow: string, times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      const seat = this.level.enter(flow);
      const sit = (taken: Seat): void => {
        this.served.push(flow);
        this.seats.push(taken);
      };
      if (seat instanceof Promise) seat.then(sit, (why: Refusal) => this.refused.push([flow, why]));
      else sit(seat);
    }
    await turn();
  }

  /** The one served longest is done after 10 ms. */
  async done(times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      await this.clock.advance(10);
      this.seats.shift()?.release();
      await turn();
    }
  }
}

test('as long as there are seats nobody waits', async () => {
  const crowd = new Crowd(3);
  await crowd.comes('a', 3);
  assert.deepEqual([crowd.level.load.executing, crowd.level.load.waiting], [3, 0]);
  await crowd.done(3);
  assert.deepEqual([crowd.level.load.executing, crowd.level.load.waiting], [0, 0]);
});

test('who asks for much waits behind itself: others take turns with it', async () => {
  const crowd = new Crowd(2);
  await crowd.comes('greedy', 42);
  await crowd.comes('modest', 3);
  await crowd.done(8);
  const later = crowd.served.slice(2);
  assert.equal(later.filter((flow) => flow === 'modest').length, 3, `modest is served among the first: ${later.join(' ')}`);
  await crowd.done(100);
  assert.equal(crowd.served.length, 45, 'and nobody is forgotten');
});

test('a flow that fills its queues is refused, and others are not', async () => {
  const crowd = new Crowd(1);
  await crowd.comes('greedy', 400);
  assert.equal(crowd.refused.length, 400 - 1 - QUEUING.handSize * QUEUING.queueLengthLimit);
  assert.ok(crowd.refused.every(([, why]) => why === 'queue-full'));
  crowd.refused.length = 0;
  await crowd.comes('modest', 5);
  assert.deepEqual(crowd.refused, []);
  await crowd.done(20);
  assert.ok(crowd.served.includes('modest'));
});

test('nobody waits for more than a quarter of a minute', async () => {
  const crowd = new Crowd(1);
  await crowd.comes('a', 2);
  await crowd.clock.advance(15_000);
  await turn();
  assert.deepEqual(crowd.refused, [['a', 'time-out']]);
  assert.deepEqual([crowd.level.load.executing, crowd.level.load.waiting], [1, 0]);
});

test('who leaves the line is not served', async () => {
  const crowd = new Crowd(1);
  await crowd.comes('a');
  let leave = (): void => assert.fail('nobody was told how to leave');
  const waiting = crowd.level.enter('a', (fn) => (leave = fn));
  leave();
  await assert.rejects(
    async () => waiting,
    (why) => why === 'cancelled',
  );
  await crowd.done();
  leave();
  assert.deepEqual([crowd.level.load.executing, crowd.level.load.waiting], [0, 0]);
});

test('a level without queues refuses whom it cannot serve', async () => {
  const level = new PriorityLevel(new VirtualClock(), { seats: 1 });
  level.enter('a');
  await assert.rejects(
    async () => level.enter('a'),
    (why) => why === 'concurrency-limit',
  );
});

test('who waits is served when the level grows', async () => {
  const crowd = new Crowd(1);
  await crowd.comes('a', 10);
  crowd.level.reconfigure({ seats: 4, queuing: { ...QUEUING, queues: 8 } });
  await turn();
  assert.deepEqual([crowd.level.load.executing, crowd.level.load.waiting], [4, 6]);
  await crowd.done(10);
  assert.equal(crowd.served.length, 10);
});

test('a hand is dealt without repeats, and the same again', () => {
  for (const flow of ['a', 'b', 'c']) {
    const hand = deal(flow, 16, 8);
    assert.equal(new Set(hand).size, 8);
    assert.ok(hand.every((card) => card >= 0 && card < 16));
    assert.deepEqual(deal(flow, 16, 8), hand);
  }
  assert.notDeepEqual(deal('a', 128, 6), deal('b', 128, 6));
});

const list: Attributes = { verb: 'list', group: '', plural: 'pods', namespace: 'a' };
const lease: Attributes = { verb: 'update', group: 'coordination.k8s.io', plural: 'leases', namespace: 'kube-system', name: 'x' };

function schemaOf(user: UserInfo, attributes: Attributes): string {
  const control = new FlowControl(new VirtualClock());
  control.configure(
    defaultSchemas().map((schema) => ({ ...schema, metadata: { ...schema.metadata, uid: schema.metadata.name ?? '' } })),
    defaultLevels(),
  );
  return control.classify(user, () => attributes).schemaUid;
}

test('requests find the flow schemas that upstream finds', () => {
  const everybody = 'system:authenticated';
  const account = (namespace: string): UserInfo => ({
    name: `system:serviceaccount:${namespace}:robot`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, everybody],
  });
  assert.equal(schemaOf({ name: 'admin', groups: ['system:masters', everybody] }, list), 'exempt');
  assert.equal(schemaOf({ name: 'jane', groups: [everybody] }, list), 'global-default');
  assert.equal(schemaOf({ name: 'jane', groups: [everybody] }, { verb: 'get', path: '/readyz/ping' }), 'probes');
  assert.equal(schemaOf({ name: 'jane', groups: [everybody] }, { verb: 'get', path: '/version' }), 'global-default');
  assert.equal(schemaOf(account('default'), list), 'service-accounts');
  assert.equal(schemaOf(account('kube-system'), list), 'kube-system-service-accounts');
  assert.equal(schemaOf(account('kube-system'), lease), 'system-leader-election');
  assert.equal(schemaOf({ name: 'system:kube-scheduler', groups: [everybody] }, list), 'kube-scheduler');
  assert.equal(schemaOf({ name: 'system:kube-scheduler', groups: [everybody] }, lease), 'system-leader-election');
  const node = { name: 'system:node:a', groups: ['system:nodes', everybody] };
  assert.equal(schemaOf(node, list), 'system-nodes');
  assert.equal(schemaOf(node, { verb: 'patch', group: '', plural: 'nodes', subresource: 'status', name: 'a' }), 'system-node-high');
});

test('the objects are there, are put right, and are obeyed', async () => {
  const world = await testWorld();
  const control = new FlowControl(world.clock);
  const keeping = await keepFlowControl({ engine: world.engine, clock: world.clock, log: { ...console, child: () => console } as never }, control);
  const schemas = world.definition('flowcontrol.apiserver.k8s.io/v1/flowschemas');
  const levels = world.definition('flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations');
  const names = async (): Promise<string[]> => (await world.engine.list(schemas, world.ctx)).items.map(({ object }) => object.metadata.name ?? '');
  assert.equal((await names()).length, 11);
  assert.equal((await world.engine.list(levels, world.ctx)).items.length, 8);
  const patch = (plural: typeof schemas, name: string, change: object): Promise<unknown> =>
    world.engine.patch(plural, world.ctx, { name }, change, { type: 'merge' });
  const until = async (what: string, is: () => Promise<boolean>): Promise<void> => {
    for (let tries = 0; !(await is()); tries++) {
      assert.ok(tries < 100, what);
      await turn();
    }
  };
  await world.engine.delete(schemas, world.ctx, { name: 'catch-all' });
  await until('what is mandatory comes back', async () => (await names()).includes('catch-all'));
  const precedence = async (): Promise<number> =>
    ((await world.engine.get(schemas, world.ctx, { name: 'global-default' })).object as unknown as { spec: { matchingPrecedence: number } }).spec
      .matchingPrecedence;
  await assert.rejects(patch(schemas, 'catch-all', { spec: { matchingPrecedence: 50 } }), /spec of 'catch-all' must equal the fixed value/);
  await patch(levels, 'exempt', { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } }, spec: { exempt: { lendablePercent: 50 } } });
  await patch(schemas, 'global-default', { spec: { matchingPrecedence: 50 } });
  await until('the change is taken back', async () => (await precedence()) === 9900);
  await patch(schemas, 'global-default', { metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } }, spec: { matchingPrecedence: 50 } });
  for (let i = 0; i < 20; i++) await turn();
  assert.equal(await precedence(), 50, 'unless the administrator says that it is theirs');
  const mine = { ...defaultSchemas()[9]!, metadata: { name: 'mine' } };
  mine.spec = { ...mine.spec, matchingPrecedence: 10, priorityLevelConfiguration: { name: 'nowhere' } };
  await world.engine.create(schemas, world.ctx, undefined, mine);
  const told = async (): Promise<string> => JSON.stringify((await world.engine.get(schemas, world.ctx, { name: 'mine' })).object);
  await until('who names no level is told', async () => (await told()).includes('"reason":"NotFound"'));
  await patch(schemas, 'mine', { spec: { priorityLevelConfiguration: { name: 'workload-high' } } });
  await until('and who names one', async () => (await told()).includes('"reason":"Found"'));
  const jane = { name: 'jane', groups: ['system:authenticated'] };
  const { uid } = (await world.engine.get(schemas, world.ctx, { name: 'mine' })).object.metadata;
  assert.equal(control.classify(jane, () => list).schemaUid, uid);
  keeping.stop();
});
