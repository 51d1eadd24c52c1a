/** HorizontalPodAutoscalers with the real API and controllers, under a virtual clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customResourceDefinitions, deployments, horizontalPodAutoscalers, type Resource } from '../../src/kube/resources.ts';
import { StatusError } from '../../src/kube/status.ts';
import type { CustomResourceDefinition, KubeObject, Unstructured } from '../../src/kube/types.ts';
import type { Client } from '../../src/runtime/client.ts';
import { Autoscaled } from './autoscaled.ts';

const MINUTE = 60_000;

test('replicas follow the load up at once and down after five minutes, within minimum and maximum', async () => {
  await using cluster = await Autoscaled.start();
  const { world, load } = cluster;
  load.set('web', 40);
  await cluster.deploy('web', 1);
  await cluster.autoscale('web', { minReplicas: 1, maxReplicas: 6 });
  // Readiness of CPU counts after the pods' first five minutes.
  await world.clock.advance(6 * MINUTE);
  assert.equal(await cluster.replicas('web'), 1);
  assert.deepEqual(await cluster.conditions('web'), [
    'AbleToScale=True ReadyForNewScale',
    'ScalingActive=True ValidMetricFound',
    'ScalingLimited=False DesiredWithinRange',
  ]);

  load.set('web', 200);
  const before = world.clock.now();
  await world.until('four replicas', async () => (await cluster.replicas('web')) === 4);
  assert.ok(world.clock.now() - before <= 31_000, 'a sample and a look later');
  const { status } = await cluster.hpa('web');
  assert.deepEqual([status?.currentReplicas, status?.desiredReplicas, status?.observedGeneration], [1, 4, 1]);
  assert.equal(status?.currentMetrics?.[0]?.resource?.current.averageUtilization, 200);
  assert.deepEqual(await cluster.events('SuccessfulRescale'), ['New size: 4; reason: cpu resource utilization (percentage of request) above target']);

  load.set('web', 900);
  await world.until('the maximum', async () => (await cluster.replicas('web')) === 6);
  assert.ok((await cluster.conditions('web')).includes('ScalingLimited=True TooManyReplicas'));

  load.set('web', 5);
  const quiet = world.clock.now();
  await world.until('fewer replicas', async () => (await cluster.replicas('web')) < 6);
  assert.ok(world.clock.now() - quiet >= 5 * MINUTE, 'not before the window has passed');
  await world.until('the minimum', async () => (await cluster.replicas('web')) === 1);
  assert.ok((await cluster.events('SuccessfulRescale')).some((text) => text === 'New size: 1; reason: All metrics below target'));
});

test('a behavior says how fast replicas go and come', async () => {
  await using cluster = await Autoscaled.start();
  const { world, load } = cluster;
  load.set('web', 500);
  await cluster.deploy('web', 10);
  await cluster.autoscale('web', {
    behavior: {
      scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
      scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 2, periodSeconds: 60 }] },
    },
  });
  await world.clock.advance(6 * MINUTE);
  load.set('web', 10);
  const sizes = new Set<number>();
  await world.until('one replica', async () => {
    sizes.add(await cluster.replicas('web'));
    return sizes.has(1);
  });
  assert.deepEqual([...sizes], [10, 8, 6, 4, 2, 1]);
  assert.ok((await cluster.events('SuccessfulRescale')).includes('New size: 8; reason: All metrics below target'));
});

test('a target outside its bounds is brought back, whatever it uses', async () => {
  await using cluster = await Autoscaled.start();
  await cluster.deploy('web', 1);
  await cluster.autoscale('web', { minReplicas: 3 });
  await cluster.world.until('the minimum', async () => (await cluster.replicas('web')) === 3);
  assert.deepEqual(await cluster.events('SuccessfulRescale'), ['New size: 3; reason: Current number of replicas below Spec.MinReplicas']);
  assert.deepEqual(await cluster.conditions('web'), ['AbleToScale=True SucceededRescale', 'ScaledToZero=False NotScaledToZero']);
});

test('when a node no longer tells what its pods use, nothing moves by what they used', async () => {
  await using cluster = await Autoscaled.start();
  const { world, load } = cluster;
  load.set('web', 100);
  await cluster.deploy('web', 1);
  await cluster.autoscale('web', { minReplicas: 1, maxReplicas: 6 });
  await world.clock.advance(6 * MINUTE);
  cluster.measured = false;
  load.set('web', 600);
  await world.until('it is said', async () => (await cluster.conditions('web')).includes('ScalingActive=False FailedGetResourceMetric'));
  const before = await cluster.replicas('web');
  await world.clock.advance(10 * MINUTE);
  assert.equal(await cluster.replicas('web'), before);
  cluster.measured = true;
  await world.until('it is measured again', async () => (await cluster.replicas('web')) === 6);
});

for (const [what, byMs] of [
  ['forward', 60 * MINUTE],
  ['back', -60 * MINUTE],
] as const)
  test(`when the machine's time is set ${what} an hour, replicas neither fall before their window has passed nor stay`, async () => {
    await using cluster = await Autoscaled.start();
    const { world, load } = cluster;
    load.set('web', 100);
    await cluster.deploy('web', 1);
    await cluster.autoscale('web', { minReplicas: 1, maxReplicas: 6 });
    await world.clock.advance(6 * MINUTE);
    load.set('web', 300);
    await world.until('six replicas', async () => (await cluster.replicas('web')) === 6);
    load.set('web', 5);
    await world.clock.advance(MINUTE);
    world.clock.set(byMs);
    const before = world.clock.monotonic();
    await world.until('fewer replicas', async () => (await cluster.replicas('web')) < 6);
    const waitedMs = world.clock.monotonic() - before;
    assert.ok(waitedMs >= 3 * MINUTE && waitedMs <= 5 * MINUTE, `${waitedMs / MINUTE} minutes`);
    load.set('web', 300);
    await world.until('more again', async () => (await cluster.replicas('web')) === 6, 5 * MINUTE);
  });

test('a changed spec is looked at at once, its own status is not', async () => {
  await using cluster = await Autoscaled.start();
  const { world } = cluster;
  await cluster.deploy('web', 4);
  await cluster.autoscale('web');
  await world.clock.advance(2 * MINUTE);
  const { metadata } = await cluster.hpa('web');
  await world.client.patch(horizontalPodAutoscalers, { namespace: 'default', name: 'web' }, { spec: { maxReplicas: 2 } }, { type: 'merge' });
  await world.clock.advance(10);
  assert.equal(await cluster.replicas('web'), 2);
  await world.clock.advance(MINUTE);
  const writes = Number((await cluster.hpa('web')).metadata.resourceVersion) - Number(metadata.resourceVersion);
  assert.ok(writes < 100, `${writes} revisions in a minute`);
});

test('a target that is not there, or that nothing knows, is said in the status and an event', async () => {
  await using cluster = await Autoscaled.start();
  await cluster.autoscale('gone');
  await cluster.autoscale('odd', { scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Oddity', name: 'odd' } });
  await cluster.autoscale('fixed', { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'fixed' } });
  await cluster.world.clock.advance(100);
  const text = "the HPA controller was unable to get the target's current scale: ";
  const messages = await Promise.all(['gone', 'odd', 'fixed'].map(async (name) => (await cluster.hpa(name)).status?.conditions?.[0]?.message));
  assert.deepEqual(messages, [
    `${text}deployments.apps "gone" not found`,
    `${text}no matches for kind "Oddity" in group "example.com"`,
    `${text}the server could not find the requested resource`,
  ]);
  assert.deepEqual(await cluster.conditions('gone'), ['AbleToScale=False FailedGetScale']);
  assert.ok((await cluster.events('FailedGetScale')).includes('no matches for kind "Oddity" in group "example.com"'));
});

test('two autoscalers of the same pods both stop, and say who the other is', async () => {
  await using cluster = await Autoscaled.start();
  const { world } = cluster;
  await cluster.deploy('web', 1);
  await cluster.autoscale('web');
  await cluster.autoscale('again', { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } });
  await world.clock.advance(MINUTE);
  for (const name of ['web', 'again']) assert.ok((await cluster.conditions(name)).includes('ScalingActive=False AmbiguousSelector'), name);
  const text = 'pods by selector app=web are controlled by more than one HPA (e.g. [default/again default/web])';
  assert.ok((await cluster.events('AmbiguousSelector')).includes(text));
  assert.ok((await cluster.events('FailedComputeMetricsReplicas')).includes(text));
  await world.client.delete(horizontalPodAutoscalers, { namespace: 'default', name: 'again' });
  await world.until('one is left in peace', async () => (await cluster.conditions('web')).includes('ScalingActive=True ValidMetricFound'));
});

test('without metrics nothing moves and upstream words say why', async () => {
  await using cluster = await Autoscaled.start();
  const { world } = cluster;
  await cluster.deploy('web', 2);
  await cluster.autoscale('web', {
    metrics: [
      { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '5' } } },
      { type: 'Pods', pods: { metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue: '5' } } },
    ],
  });
  await world.clock.advance(MINUTE);
  const { conditions, currentMetrics } = (await cluster.hpa('web')).status ?? {};
  const message =
    'the HPA was unable to compute the replica count: unable to get external metric default/queue/nil: unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue.external.metrics.k8s.io)';
  assert.deepEqual(
    conditions?.map((condition) => [condition.type, condition.reason]),
    [
      ['AbleToScale', 'SucceededGetScale'],
      ['ScalingActive', 'FailedGetExternalMetric'],
    ],
  );
  assert.equal(conditions?.[1]?.message, message);
  assert.deepEqual(currentMetrics, [{ type: '' }, { type: '' }]);
  assert.deepEqual(await cluster.events('FailedGetPodsMetric'), [
    'unable to get metric qps: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
  ]);
});

/** An adapter with one metric from outside. */
function queue(length: () => number): Pick<Client, 'get' | 'list'> {
  const missing = (): never => {
    throw new StatusError(404, 'NotFound', 'the server could not find the requested resource');
  };
  return {
    get: async () => missing(),
    async list<T extends KubeObject>(resource: Resource<T>) {
      if (resource.group !== 'external.metrics.k8s.io' || resource.plural !== 'queue') return missing();
      const item: Unstructured = { apiVersion: 'external.metrics.k8s.io/v1beta1', kind: 'ExternalMetricValue', metadata: {}, value: String(length()) };
      // The one resource that is answered has items of this shape.
      return { metadata: { resourceVersion: '' }, items: [item as unknown as T] };
    },
  };
}

test('with a metric from outside the last replica goes, and comes back with the first message', async () => {
  let messages = 40;
  await using cluster = await Autoscaled.start({ adapters: queue(() => messages) });
  const { world } = cluster;
  await cluster.deploy('worker', 1);
  await cluster.autoscale('worker', {
    minReplicas: 0,
    metrics: [{ type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '10' } } }],
    behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
  });
  await world.until('four workers', async () => (await cluster.replicas('worker')) === 4);
  messages = 0;
  await world.until('none', async () => (await cluster.replicas('worker')) === 0);
  assert.ok((await cluster.conditions('worker')).includes('ScaledToZero=True ScaledToZero'));
  await world.clock.advance(2 * MINUTE);
  assert.equal(await cluster.replicas('worker'), 0);
  messages = 25;
  await world.until('three workers', async () => (await cluster.replicas('worker')) === 3);
  assert.ok((await cluster.conditions('worker')).includes('ScaledToZero=False NotScaledToZero'));

  // Taken away by hand, they stay away.
  await world.client.patch(deployments, { namespace: 'default', name: 'worker' }, { spec: { replicas: 0 } }, { type: 'merge' });
  await world.clock.advance(2 * MINUTE);
  assert.equal(await cluster.replicas('worker'), 0);
  assert.ok((await cluster.conditions('worker')).includes('ScalingActive=False ScalingDisabled'));
});

const workers: Resource<Unstructured> = { group: 'example.com', version: 'v1', kind: 'Worker', plural: 'workers', namespaced: true };

/** Scaled like a deployment; who counts its pods is nobody here. */
const workerDefinition: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'workers.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Worker', plural: 'workers' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' },
        },
      },
    ],
  },
};

test('a custom resource is scaled by its scale subresource, and needs a selector for that', async () => {
  await using cluster = await Autoscaled.start();
  const { world, load } = cluster;
  load.set('web', 200);
  await cluster.deploy('web', 1);
  await world.create(customResourceDefinitions, workerDefinition);
  const served = async (): Promise<boolean> => world.engine.definition('example.com', 'v1', 'workers') !== undefined;
  await world.until('the kind is served', served);
  const key = { namespace: 'default', name: 'worker' };
  await world.create(workers, { apiVersion: 'example.com/v1', kind: 'Worker', metadata: key, spec: { replicas: 1 } });
  await cluster.autoscale('worker', { scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Worker', name: 'worker' } });
  await world.clock.advance(MINUTE);
  assert.ok((await cluster.conditions('worker')).includes('ScalingActive=False InvalidSelector'));
  assert.deepEqual(await cluster.events('SelectorRequired'), ['selector is required']);
  await world.client.patch(workers, key, { status: { replicas: 1, selector: 'app=web' } }, { type: 'merge', subresource: 'status' });
  const replicas = async (): Promise<unknown> => ((await world.client.get(workers, key))['spec'] as { replicas?: number }).replicas;
  await world.until('four workers', async () => (await replicas()) === 4);
});
