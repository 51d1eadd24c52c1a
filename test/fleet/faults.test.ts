/** What is away, cut off, killed or set back in time: nothing is lost, doubled or taken away because of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clusters } from '../../src/fleet/kinds/cluster.ts';
import { propagationPolicies, type PropagationPolicy } from '../../src/fleet/kinds/policy.ts';
import { getCondition } from '../../src/kube/conditions.ts';
import { deployments, pods } from '../../src/kube/resources.ts';
import type { Deployment } from '../../src/kube/types.ts';
import { seededRandom } from '../../src/runtime/random.ts';
import { Fleet } from './world.ts';

const KEY = { namespace: 'default', name: 'hello' };
const MEMBERS = ['ap', 'eu', 'us'] as const;
/** A member is not missed before so long. */
const GRACE_MS = 40_000;

const hello: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: KEY,
  spec: {
    replicas: 6,
    selector: { matchLabels: { app: 'hello' } },
    template: { metadata: { labels: { app: 'hello' } }, spec: { containers: [{ name: 'hello', image: 'hello' }] } },
  },
};

const policy: PropagationPolicy = {
  apiVersion: 'policy.karmada.io/v1alpha1',
  kind: 'PropagationPolicy',
  metadata: { namespace: 'default', name: 'hello' },
  spec: {
    resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'hello' }],
    placement: { replicaScheduling: { replicaSchedulingType: 'Divided', replicaDivisionPreference: 'Weighted' } },
  },
};

async function running(): Promise<Fleet> {
  const fleet = await Fleet.start(MEMBERS);
  await fleet.client.create(deployments, hello);
  await fleet.client.create(propagationPolicies, policy);
  await ready(fleet, 6);
  return fleet;
}

async function ready(fleet: Fleet, count: number): Promise<void> {
  await fleet.until(`${count} ready`, async () => {
    const { status } = await fleet.hubDeployment('hello');
    return status?.readyReplicas === count && status.replicas === count;
  });
}

/** Of pods and deployments, by member: what is made anew has another. */
async function identities(fleet: Fleet): Promise<string[]> {
  const found = MEMBERS.map(async (name) => {
    const { world } = fleet.member(name);
    const objects = [...(await world.list(pods)), ...(await world.list(deployments))];
    return objects.map(({ metadata }) => `${name}/${metadata.uid ?? ''}`);
  });
  return (await Promise.all(found)).flat().sort();
}

const scale = (fleet: Fleet, replicas: number): Promise<unknown> => fleet.client.patch(deployments, KEY, { spec: { replicas } }, { type: 'merge' });
const condition = async (fleet: Fleet, name: string) => getCondition((await fleet.client.get(clusters, { name })).status?.conditions, 'Ready');

test('a cut that is shorter than the grace is not even noticed', async () => {
  await using fleet = await running();
  const before = await identities(fleet);
  fleet.member('eu').agent?.link.cut();
  await fleet.clock.advance(GRACE_MS - 15_000);
  assert.equal((await condition(fleet, 'eu'))?.status, 'True');
  fleet.member('eu').agent?.link.mend();
  await fleet.clock.advance(60_000);
  assert.equal((await condition(fleet, 'eu'))?.status, 'True');
  assert.deepEqual(await identities(fleet), before);
});

test('a member that is away longer is unknown and tainted, keeps all it has, and catches up when it is back', async () => {
  await using fleet = await running();
  const before = await identities(fleet);
  fleet.member('eu').agent?.link.cut();
  await fleet.until('it is missed', async () => (await condition(fleet, 'eu'))?.status === 'Unknown', 3 * GRACE_MS);
  assert.equal((await condition(fleet, 'eu'))?.reason, 'ClusterStatusUnknown');
  assert.deepEqual((await fleet.client.get(clusters, { name: 'eu' })).spec.taints, [{ key: 'cluster.karmada.io/unreachable', effect: 'NoSchedule' }]);
  await scale(fleet, 9);
  await fleet.clock.advance(600_000);
  assert.deepEqual(await fleet.replicas('hello'), { ap: 3, eu: 2, us: 3 });
  assert.deepEqual(
    before.filter((identity) => identity.startsWith('eu/')),
    (await identities(fleet)).filter((identity) => identity.startsWith('eu/')),
  );
  fleet.member('eu').agent?.link.mend();
  await ready(fleet, 9);
  assert.deepEqual(await fleet.replicas('hello'), { ap: 3, eu: 3, us: 3 });
  const now = await identities(fleet);
  assert.deepEqual(
    before.filter((identity) => !now.includes(identity)),
    [],
  );
  await fleet.until('it is taken back', async () => ((await fleet.client.get(clusters, { name: 'eu' })).spec.taints ?? []).length === 0);
});

test('what was deleted on the hub while a member was away is deleted there when it is back', async () => {
  await using fleet = await running();
  fleet.member('us').agent?.link.cut();
  await fleet.client.delete(deployments, KEY, { propagationPolicy: 'Background' });
  await fleet.clock.advance(120_000);
  assert.deepEqual(await fleet.replicas('hello'), { us: 2 });
  fleet.member('us').agent?.link.mend();
  await fleet.until('gone everywhere', async () => Object.keys(await fleet.replicas('hello')).length === 0);
});

test('an agent that is started again, and a hub that is, make nothing anew', async () => {
  await using fleet = await running();
  const before = await identities(fleet);
  await fleet.member('ap').agent?.stop();
  await fleet.stopHub();
  await fleet.clock.advance(10_000);
  fleet.startHub();
  fleet.startAgent('ap');
  await fleet.clock.advance(120_000);
  assert.deepEqual(await identities(fleet), before);
  await scale(fleet, 3);
  await ready(fleet, 3);
  assert.deepEqual(await fleet.replicas('hello'), { ap: 1, eu: 1, us: 1 });
});

test('a clock of the machine that is set by an hour makes nobody away', async () => {
  await using fleet = await running();
  const before = await identities(fleet);
  for (const ms of [3_600_000, -7_200_000]) {
    fleet.clock.set(ms);
    await fleet.clock.advance(30_000);
    for (const name of MEMBERS) assert.equal((await condition(fleet, name))?.status, 'True', `${name} after ${ms} ms`);
  }
  assert.deepEqual(await identities(fleet), before);
});

test('who changes or deletes what the fleet brought finds it put right, and what the template does not speak of stays his', async () => {
  await using fleet = await running();
  const { client } = fleet.member('ap').world;
  await client.patch(deployments, KEY, { metadata: { labels: { mine: 'yes' } }, spec: { replicas: 50 } }, { type: 'merge' });
  await fleet.until('put right', async () => (await fleet.replicas('hello')).ap === 2);
  assert.equal((await client.get(deployments, KEY)).metadata.labels?.mine, 'yes');
  await client.delete(deployments, KEY);
  await fleet.until('made again', async () => (await fleet.replicas('hello')).ap === 2);
  await ready(fleet, 6);
});

describe('scaling, cutting, killing in any order ends where it should', () => {
  for (let seed = 1; seed <= 25; seed++) {
    test(`seed ${seed}`, async () => {
      await using fleet = await running();
      const random = seededRandom(seed);
      const cut = new Set<string>();
      let wanted = 6;
      for (let step = 0; step < 12; step++) {
        const name = MEMBERS[Math.floor(random.next() * MEMBERS.length)]!;
        const choice = Math.floor(random.next() * 5);
        if (choice === 0) await scale(fleet, (wanted = 1 + Math.floor(random.next() * 12)));
        else if (choice === 1) {
          const { link } = fleet.member(name).agent!;
          if (cut.delete(name)) link.mend();
          else {
            cut.add(name);
            link.cut();
          }
        } else if (choice === 2) {
          await fleet.member(name).agent?.stop();
          cut.delete(name);
          fleet.startAgent(name);
        } else if (choice === 3) {
          await fleet.stopHub();
          fleet.startHub();
        } else {
          const weights = MEMBERS.map((member) => ({ targetCluster: { clusterNames: [member] }, weight: 1 + Math.floor(random.next() * 3) }));
          const replicaScheduling = { ...policy.spec.placement?.replicaScheduling, weightPreference: { staticWeightList: weights } };
          await fleet.client.patch(propagationPolicies, KEY, { spec: { placement: { replicaScheduling } } }, { type: 'merge' });
        }
        await fleet.clock.advance(Math.floor(random.next() * 50_000));
        assert.ok(
          Object.values(await fleet.replicas('hello')).some((replicas) => replicas > 0),
          'it runs somewhere all the time',
        );
      }
      for (const name of cut) fleet.member(name).agent?.link.mend();
      await fleet.until(
        `${wanted} in the end`,
        async () => {
          const { status } = await fleet.hubDeployment('hello');
          const sum = Object.values(await fleet.replicas('hello')).reduce((total, replicas) => total + replicas, 0);
          return status?.readyReplicas === wanted && status.replicas === wanted && sum === wanted;
        },
        120_000,
      );
      const asked = await fleet.replicas('hello');
      for (const name of MEMBERS) assert.equal((await fleet.member(name).world.list(pods)).length, asked[name] ?? 0, `pods of ${name}`);
    });
  }
});
