/** The article's third section up to its last policy: applied on the hub, seen in the members. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceBindings } from '../../src/fleet/kinds/binding.ts';
import { clusters } from '../../src/fleet/kinds/cluster.ts';
import { propagationPolicies, type PropagationPolicy } from '../../src/fleet/kinds/policy.ts';
import { works } from '../../src/fleet/kinds/work.ts';
import { getCondition } from '../../src/kube/conditions.ts';
import { customResourceDefinitions, deployments, pods, services, type Resource } from '../../src/kube/resources.ts';
import type { Deployment, Service } from '../../src/kube/types.ts';
import { Fleet } from './world.ts';

function deployment(name: string, replicas?: number): Deployment {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name, image: 'stefanprodan/podinfo' }] } },
    },
  };
}

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'hello', namespace: 'default' },
  spec: { ports: [{ port: 5000, targetPort: 9898 }], selector: { app: 'hello' } },
};

function policy(weights: Record<string, number>, workloads: readonly string[] = ['hello']): PropagationPolicy {
  return {
    apiVersion: 'policy.karmada.io/v1alpha1',
    kind: 'PropagationPolicy',
    metadata: { name: 'hello-propagation', namespace: 'default' },
    spec: {
      resourceSelectors: [
        ...workloads.map((name) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name })),
        { apiVersion: 'v1', kind: 'Service', name: 'hello' },
      ],
      placement: {
        clusterAffinity: { clusterNames: ['eu', 'ap', 'us'] },
        replicaScheduling: {
          replicaDivisionPreference: 'Weighted',
          replicaSchedulingType: 'Divided',
          weightPreference: {
            staticWeightList: Object.entries(weights).map(([name, weight]) => ({ targetCluster: { clusterNames: [name] }, weight })),
          },
        },
      },
    },
  };
}

async function apply(fleet: Fleet, wanted: PropagationPolicy): Promise<void> {
  await fleet.client.patch(propagationPolicies, { namespace: 'default', name: 'hello-propagation' }, wanted, {
    type: 'apply',
    fieldManager: 'kubectl',
    force: true,
  });
}

const sorted = (numbers: Record<string, number>): number[] => Object.values(numbers).sort((a, b) => b - a);

async function ready(fleet: Fleet, name: string): Promise<number> {
  return (await fleet.hubDeployment(name)).status?.readyReplicas ?? 0;
}

async function podNames(fleet: Fleet): Promise<string[]> {
  const found = await Promise.all(
    [...fleet.members.values()].map(async ({ name, world }) => (await world.list(pods)).map(({ metadata }) => `${name}/${metadata.name ?? ''}`)),
  );
  return found.flat();
}

async function podCounts(fleet: Fleet): Promise<Record<string, number>> {
  const found = [...fleet.members.values()].map(async ({ name, world }) => [name, (await world.list(pods)).length] as const);
  return Object.fromEntries((await Promise.all(found)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

test('members that joined are ready, and a deployment without a policy runs nowhere and says so once', async () => {
  await using fleet = await Fleet.start();
  await fleet.until('members are ready', async () => {
    const { items } = await fleet.client.list(clusters);
    return items.length === 3 && items.every(({ status }) => getCondition(status?.conditions, 'Ready')?.status === 'True');
  });
  await fleet.client.create(deployments, deployment('hello', 3));
  await fleet.until('the event', async () => (await fleet.reasons('Deployment', 'hello')).includes('ApplyPolicyFailed'));
  await fleet.clock.advance(120_000);
  assert.deepEqual(await fleet.reasons('Deployment', 'hello'), ['ApplyPolicyFailed']);
  assert.deepEqual(await fleet.replicas('hello'), {});
  assert.deepEqual(await fleet.client.list(works).then(({ items }) => items.filter(({ spec }) => spec.workload.manifests[0]?.kind === 'Deployment')), []);
});

test("weights of the article's policies divide replicas, and a change moves as few pods as can be", async () => {
  await using fleet = await Fleet.start();
  await fleet.client.create(deployments, deployment('hello', 3));
  await fleet.client.create(services, service);
  await apply(fleet, policy({ us: 1, ap: 1, eu: 1 }));
  await fleet.until('3/3', async () => (await ready(fleet, 'hello')) === 3);
  assert.deepEqual(await fleet.replicas('hello'), { ap: 1, eu: 1, us: 1 });
  for (const { world } of fleet.members.values()) assert.equal((await world.list(services)).filter(({ metadata }) => metadata.name === 'hello').length, 1);
  const first = await podNames(fleet);

  await fleet.client.patch(deployments, { namespace: 'default', name: 'hello' }, { spec: { replicas: 10 } }, { type: 'merge' });
  await fleet.until('10/10', async () => (await ready(fleet, 'hello')) === 10);
  assert.deepEqual(sorted(await fleet.replicas('hello')), [4, 3, 3]);
  const ten = await podNames(fleet);
  assert.deepEqual(
    first.filter((name) => !ten.includes(name)),
    [],
  );
  const before = await fleet.replicas('hello');

  await apply(fleet, policy({ us: 2, ap: 1, eu: 2 }));
  await fleet.until('4, 4, 2', async () => JSON.stringify(await fleet.replicas('hello')) === JSON.stringify({ ap: 2, eu: 4, us: 4 }));
  await fleet.until('pods are where they belong', async () => JSON.stringify(await podCounts(fleet)) === JSON.stringify({ ap: 2, eu: 4, us: 4 }));
  await fleet.until('10/10 again', async () => (await ready(fleet, 'hello')) === 10);
  const now = await podNames(fleet);
  assert.equal(ten.filter((name) => !now.includes(name)).length, (before.ap ?? 0) - 2 + Math.max(0, (before.eu ?? 0) - 4) + Math.max(0, (before.us ?? 0) - 4));

  await fleet.client.create(deployments, deployment('sleep'));
  await apply(fleet, policy({ us: 2, ap: 2, eu: 1 }, ['hello', 'sleep']));
  await fleet.until('sleep runs', async () => (await ready(fleet, 'sleep')) === 1);
  await fleet.until('4, 4, 2 elsewhere', async () => JSON.stringify(await fleet.replicas('hello')) === JSON.stringify({ ap: 4, eu: 2, us: 4 }));
  const sleeping = await fleet.replicas('sleep');
  assert.equal(Object.keys(sleeping).length, 1);
  assert.ok(!('eu' in sleeping));
});

test('events of a template tell its way: policy, binding, works, members, status', async () => {
  await using fleet = await Fleet.start();
  await fleet.client.create(deployments, deployment('hello', 3));
  await apply(fleet, policy({ us: 1, ap: 1, eu: 1 }));
  await fleet.until('3/3', async () => (await ready(fleet, 'hello')) === 3);
  const reasons = new Set(await fleet.reasons('Deployment', 'hello'));
  for (const reason of ['ApplyPolicySucceed', 'ScheduleBindingSucceed', 'SyncWorkSucceed', 'SyncSucceed', 'AggregateStatusSucceed'])
    assert.ok(reasons.has(reason), reason);
  const binding = await fleet.client.get(resourceBindings, { namespace: 'default', name: 'hello-deployment' });
  assert.deepEqual(binding.spec.clusters, [
    { name: 'ap', replicas: 1 },
    { name: 'eu', replicas: 1 },
    { name: 'us', replicas: 1 },
  ]);
  for (const type of ['Scheduled', 'FullyApplied']) assert.equal(getCondition(binding.status?.conditions, type)?.status, 'True', type);
  const { items } = await fleet.client.list(works);
  for (const work of items) assert.equal(getCondition(work.status?.conditions, 'Applied')?.status, 'True', work.metadata.namespace ?? '');
});

test('a template that is deleted is gone from all members, and so is what was made of it', async () => {
  await using fleet = await Fleet.start();
  await fleet.client.create(deployments, deployment('hello', 3));
  await apply(fleet, policy({ us: 1, ap: 1, eu: 1 }));
  await fleet.until('3/3', async () => (await ready(fleet, 'hello')) === 3);
  await fleet.client.delete(deployments, { namespace: 'default', name: 'hello' }, { propagationPolicy: 'Background' });
  await fleet.until('nothing is left', async () => {
    const bindings = (await fleet.client.list(resourceBindings)).items.length;
    const left = (await fleet.client.list(works)).items.filter(({ spec }) => spec.workload.manifests[0]?.kind === 'Deployment').length;
    return bindings + left === 0 && Object.keys(await fleet.replicas('hello')).length === 0 && (await podNames(fleet)).length === 0;
  });
});

test('a policy that is deleted leaves what runs, and a new one claims it again', async () => {
  await using fleet = await Fleet.start();
  await fleet.client.create(deployments, deployment('hello', 3));
  await apply(fleet, policy({ us: 1, ap: 1, eu: 1 }));
  await fleet.until('3/3', async () => (await ready(fleet, 'hello')) === 3);
  const before = await podNames(fleet);
  await fleet.client.delete(propagationPolicies, { namespace: 'default', name: 'hello-propagation' });
  await fleet.until(
    'the claim is gone',
    async () => (await fleet.hubDeployment('hello')).metadata.annotations?.['propagationpolicy.karmada.io/name'] === undefined,
  );
  await fleet.clock.advance(60_000);
  assert.deepEqual(await podNames(fleet), before);
  await apply(fleet, policy({ us: 1 }));
  await fleet.until('all in us', async () => JSON.stringify(await fleet.replicas('hello')) === JSON.stringify({ us: 3 }));
});

test('a policy for a kind that comes later takes effect when it comes', async () => {
  await using fleet = await Fleet.start(['eu']);
  await apply(fleet, {
    ...policy({ eu: 1 }),
    spec: { resourceSelectors: [{ apiVersion: 'example.test/v1', kind: 'Widget' }], placement: { clusterAffinity: { clusterNames: ['eu'] } } },
  });
  await fleet.clock.advance(1000);
  const widgets: Resource = { group: 'example.test', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true };
  await fleet.client.create(customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.test' },
    spec: {
      group: 'example.test',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
    },
  });
  await fleet.until('it is served', () => Promise.resolve(fleet.engine.definitions().some(({ plural }) => plural === 'widgets')));
  await fleet.client.create(widgets, { apiVersion: 'example.test/v1', kind: 'Widget', metadata: { name: 'one', namespace: 'default' } });
  await fleet.until('it is bound', async () => (await fleet.client.list(resourceBindings)).items.some(({ metadata }) => metadata.name === 'one-widget'));
});
