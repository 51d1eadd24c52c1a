import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  configMaps,
  daemonSets,
  deployments,
  endpoints,
  endpointSlices,
  events,
  jobs,
  namespaces,
  nodes,
  podDisruptionBudgets,
  pods,
  serviceAccounts,
  services,
  statefulSets,
} from '../../src/kube/resources.ts';
import { isNotFound } from '../../src/kube/status.ts';
import type { Deployment, Job, Service } from '../../src/kube/types.ts';
import { World } from './world.ts';

const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ name: 'http', containerPort: 8080 }] }] } };

function deployment(replicas: number): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'default', name: 'web' },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}

async function addresses(world: World, ready: boolean): Promise<number> {
  const slices = (await world.list(endpointSlices)).filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === 'web');
  return slices.flatMap((slice) => slice.endpoints ?? []).filter((endpoint) => !ready || endpoint.conditions?.ready).length;
}

test('a namespace is born with its account and CA, and takes its content with it', async () => {
  await using world = await World.start();
  await world.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  const key = { namespace: 'team', name: 'default' };
  await world.until('account', () =>
    world.client.get(serviceAccounts, key).then(
      () => true,
      () => false,
    ),
  );
  const ca = { namespace: 'team', name: 'kube-root-ca.crt' };
  await world.until('CA', () =>
    world.client.get(configMaps, ca).then(
      (map) => map.data?.['ca.crt'] === 'CA',
      () => false,
    ),
  );
  await world.client.delete(configMaps, ca);
  await world.until('CA again', () =>
    world.client.get(configMaps, ca).then(
      () => true,
      () => false,
    ),
  );
  await world.create(deployments, { ...deployment(3), metadata: { namespace: 'team', name: 'web' } });
  await world.until('three pods', async () => (await world.list(pods, 'team')).length === 3);
  await world.client.delete(namespaces, { name: 'team' });
  await world.until('gone', () => world.client.get(namespaces, { name: 'team' }).then(() => false, isNotFound));
  assert.equal((await world.list(pods, 'team')).length, 0);
});

test('while a pod of a namespace that goes is left, nothing else of it goes', async () => {
  await using world = await World.start();
  const [name, finalizer] = ['team', 'example.com/hold'];
  await world.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await world.until('account', () =>
    world.client.get(serviceAccounts, { namespace: name, name: 'default' }).then(
      () => true,
      () => false,
    ),
  );
  await world.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: name, name: 'settings' } });
  await world.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: name, name: 'held', finalizers: [finalizer] },
    spec: { containers: [{ name: 'main', image: 'x' }] },
  });
  await world.client.delete(namespaces, { name });
  const conditions = async () =>
    Object.fromEntries((await world.client.get(namespaces, { name })).status?.conditions?.map((c) => [c.type, `${c.status} ${c.message}`]) ?? []);
  await world.until('conditions', async () => 'NamespaceFinalizersRemaining' in (await conditions()));
  // Many rounds of the controller.
  await world.clock.advance(10_000);
  assert.ok((await world.client.get(pods, { namespace: name, name: 'held' })).metadata.deletionTimestamp);
  assert.ok((await world.list(configMaps, name)).some((map) => map.metadata.name === 'settings'));
  assert.deepEqual(await conditions(), {
    NamespaceDeletionDiscoveryFailure: 'False All resources successfully discovered',
    NamespaceDeletionGroupVersionParsingFailure: 'False All legacy kube types successfully parsed',
    NamespaceDeletionContentFailure: 'False All content successfully deleted, may be waiting on finalization',
    NamespaceContentRemaining: 'True Some resources are remaining: pods. has 1 resource instances',
    NamespaceFinalizersRemaining: `True Some content in the namespace has finalizers remaining: ${finalizer} in 1 resource instances`,
  });
  await world.client.patch(pods, { namespace: name, name: 'held' }, { metadata: { finalizers: null } }, { type: 'merge' });
  await world.until('gone', () => world.client.get(namespaces, { name }).then(() => false, isNotFound));
});

test('a service gets slices and endpoints that follow its pods, and a load balancer address', async () => {
  await using world = await World.start();
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'default', name: 'web' },
    spec: { type: 'LoadBalancer', selector: labels, ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }] },
  };
  await world.create(services, service);
  await world.until('an empty slice', async () => (await world.list(endpointSlices)).length === 1);
  await world.create(deployments, deployment(3));
  await world.until('three ready', async () => (await addresses(world, true)) === 3);
  const slice = (await world.list(endpointSlices))[0];
  assert.deepEqual(slice?.ports, [{ name: '', port: 8080, protocol: 'TCP' }]);
  await world.until('legacy too', async () => (await world.client.get(endpoints, { namespace: 'default', name: 'web' })).subsets?.[0]?.addresses?.length === 3);
  await world.until(
    'an address',
    async () => (await world.client.get(services, { namespace: 'default', name: 'web' })).status?.loadBalancer?.ingress?.[0]?.ip === '172.31.0.1',
  );
  await world.client.patch(deployments, { namespace: 'default', name: 'web' }, { spec: { replicas: 0 } }, { type: 'merge' });
  await world.until('none', async () => (await addresses(world, false)) === 0);
  await world.client.delete(services, { namespace: 'default', name: 'web' });
  await world.until('all gone', async () => (await world.list(endpointSlices)).length + (await world.list(endpoints)).length === 0);
});

test('Endpoints written by hand are mirrored into slices as long as their service has no selector', async () => {
  await using world = await World.start();
  const metadata = { namespace: 'default', name: 'web' };
  const ports = [{ port: 80 }];
  await world.create(services, { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } });
  await world.create(endpoints, { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports }] });
  const mirrored = async () =>
    (await world.list(endpointSlices))
      .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === 'web')
      .flatMap((slice) => (slice.endpoints ?? []).map(({ addresses: [address] }) => address))
      .join();
  await world.until('mirrored', async () => (await mirrored()) === '192.0.2.1');
  await world.client.patch(endpoints, metadata, { subsets: [{ addresses: [{ ip: '192.0.2.2' }, { ip: '192.0.2.3' }], ports }] }, { type: 'merge' });
  await world.until('follows', async () => (await mirrored()) === '192.0.2.2,192.0.2.3');
  await world.client.patch(services, metadata, { spec: { selector: { app: 'none' } } }, { type: 'merge' });
  await world.until('no longer mirrored', async () => (await mirrored()) === '');
  await world.client.patch(services, metadata, { spec: { selector: null } }, { type: 'merge' });
  await world.client.patch(endpoints, metadata, { subsets: [{ addresses: [{ ip: '192.0.2.4' }], ports }] }, { type: 'merge' });
  await world.until('mirrored again', async () => (await mirrored()) === '192.0.2.4');
  await world.client.delete(endpoints, metadata);
  await world.until('gone with it', async () => (await mirrored()) === '');
  assert.deepEqual(world.warnings, []);
});

test('a daemon set has a pod on every node, also on later ones, and is updated one by one', async () => {
  await using world = await World.start();
  await world.addNode('n2');
  await world.create(daemonSets, {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { namespace: 'default', name: 'agent' },
    spec: { selector: { matchLabels: labels }, template },
  });
  const state = async () => (await world.client.get(daemonSets, { namespace: 'default', name: 'agent' })).status;
  await world.until('two ready', async () => (await state())?.numberReady === 2);
  await world.addNode('n3');
  await world.until('three ready', async () => (await state())?.numberReady === 3);
  await world.client.patch(
    daemonSets,
    { namespace: 'default', name: 'agent' },
    { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } },
    { type: 'merge' },
  );
  await world.until('updated', async () => {
    const status = await state();
    assert.ok((status?.numberUnavailable ?? 0) <= 1);
    return status?.updatedNumberScheduled === 3 && status.numberAvailable === 3 && status.observedGeneration === 2;
  });
  await world.client.delete(nodes, { name: 'n3' });
  await world.until('the pod of a node that is gone goes', async () => (await world.list(pods)).length === 2);
});

test('a stateful set is made in order and updated from the top', async () => {
  await using world = await World.start();
  const key = { namespace: 'default', name: 'db' };
  await world.create(statefulSets, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: key,
    spec: { replicas: 3, serviceName: 'db', selector: { matchLabels: labels }, template },
  });
  await world.until('three ready', async () => (await world.client.get(statefulSets, key)).status?.readyReplicas === 3);
  assert.deepEqual((await world.list(pods)).map((pod) => pod.metadata.name).toSorted(), ['db-0', 'db-1', 'db-2']);
  await world.client.patch(statefulSets, key, { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } }, { type: 'merge' });
  await world.until('updated', async () => {
    const { status } = await world.client.get(statefulSets, key);
    return (
      status?.currentRevision === status?.updateRevision &&
      status?.updatedReplicas === 3 &&
      status.readyReplicas === 3 &&
      (await world.list(pods)).every((pod) => pod.spec?.containers[0]?.image === 'web:2')
    );
  });
});

function job(name: string, exitCode: number, spec: Partial<NonNullable<Job['spec']>>): Job {
  const ends = { metadata: { annotations: { 'test/ends': String(exitCode) } }, spec: { ...template.spec, restartPolicy: 'Never' as const } };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'default', name },
    spec: { parallelism: 1, completions: 1, backoffLimit: 6, ...spec, template: ends },
  };
}

test('a job completes with the exact count, though its controllers are killed on the way', async () => {
  await using world = await World.start();
  const key = { namespace: 'default', name: 'work' };
  await world.create(jobs, job('work', 0, { completions: 20, parallelism: 4 }));
  for (let round = 0; round < 10; round++) {
    await world.clock.advance(150 + 61 * round);
    await world.stopControllers();
    world.startControllers();
  }
  await world.until(
    'complete',
    async () => (await world.client.get(jobs, key)).status?.conditions?.some((c) => c.type === 'Complete' && c.status === 'True') ?? false,
  );
  const { status } = await world.client.get(jobs, key);
  assert.deepEqual([status?.succeeded, status?.failed, status?.active], [20, undefined, undefined]);
  assert.equal((await world.list(pods)).length, 20);
  await world.client.delete(jobs, key, { propagationPolicy: 'Background' });
  await world.until('its pods go with it', async () => (await world.list(pods)).length === 0);
});

test('owners in a circle do not wait for each other for ever', async () => {
  await using world = await World.start();
  const names = ['a', 'b', 'c'];
  const made = await Promise.all(
    names.map((name) => world.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name } })),
  );
  for (const [i, name] of names.entries()) {
    const owner = made[(i + 2) % 3]!.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner.name, uid: owner.uid, blockOwnerDeletion: true }];
    await world.client.patch(configMaps, { namespace: 'default', name }, { metadata: { ownerReferences } }, { type: 'merge' });
  }
  await world.client.delete(configMaps, { namespace: 'default', name: 'a' }, { propagationPolicy: 'Foreground' });
  await world.until('all gone', async () => !(await world.list(configMaps)).some(({ metadata }) => names.includes(metadata.name ?? '')));
});

test('an owner that waits goes when its dependent drops it', async () => {
  await using world = await World.start();
  const map = (name: string, metadata: object) =>
    world.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name, ...metadata } });
  const [leaving, staying] = [await map('leaving', {}), await map('staying', {})];
  const ownerReferences = [leaving, staying].map(({ metadata: { name = '', uid = '' } }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name,
    uid,
    blockOwnerDeletion: true,
  }));
  await map('shared', { ownerReferences });
  await world.client.delete(configMaps, { namespace: 'default', name: 'leaving' }, { propagationPolicy: 'Foreground' });
  await world.until('gone', async () => !(await world.list(configMaps)).some(({ metadata }) => metadata.name === 'leaving'));
  const { metadata } = await world.client.get(configMaps, { namespace: 'default', name: 'shared' });
  assert.deepEqual(
    metadata.ownerReferences?.map(({ name }) => name),
    ['staying'],
  );
});

test('an Indexed job runs every index once', async () => {
  await using world = await World.start();
  await world.create(jobs, job('indexed', 0, { completions: 5, parallelism: 2, completionMode: 'Indexed' }));
  await world.until('complete', async () => (await world.client.get(jobs, { namespace: 'default', name: 'indexed' })).status?.completedIndexes === '0-4');
  assert.equal((await world.list(pods)).length, 5);
});

test('a failing job waits longer and longer, then fails; a TTL takes it away', async () => {
  await using world = await World.start();
  const key = { namespace: 'default', name: 'broken' };
  const from = world.clock.now();
  await world.create(jobs, job('broken', 1, { backoffLimit: 2, ttlSecondsAfterFinished: 60 }));
  await world.until('failed', async () => (await world.client.get(jobs, key)).status?.conditions?.some((c) => c.type === 'Failed') ?? false);
  const { status } = await world.client.get(jobs, key);
  assert.equal(status?.failed, 3);
  assert.equal(status?.conditions?.find((c) => c.type === 'Failed')?.reason, 'BackoffLimitExceeded');
  assert.ok(world.clock.now() - from >= 30_000 - 2000, 'two waits, of 10 s and 20 s');
  assert.ok((await world.list(events)).some((event) => event.message === 'Job has reached the specified backoff limit'));
  await world.until('taken away', async () => (await world.list(jobs)).length + (await world.list(pods)).length === 0);
});

test('a budget follows its deployment', async () => {
  await using world = await World.start();
  const key = { namespace: 'default', name: 'web' };
  await world.create(podDisruptionBudgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: key,
    spec: { maxUnavailable: '50%', selector: { matchLabels: labels } },
  });
  await world.create(deployments, deployment(4));
  await world.until('two may go', async () => (await world.client.get(podDisruptionBudgets, key)).status?.disruptionsAllowed === 2);
  const { status } = await world.client.get(podDisruptionBudgets, key);
  assert.deepEqual([status?.expectedPods, status?.desiredHealthy, status?.currentHealthy], [4, 2, 4]);
});

test('a node that falls silent loses its pods to another after five minutes, and is welcome when it is back', async () => {
  await using world = await World.start();
  await world.create(deployments, deployment(1));
  await world.until('running on n1', async () => (await world.list(pods))[0]?.status?.phase === 'Running');
  await world.addNode('n2');
  world.silent.add('n1');
  const taints = async () => ((await world.client.get(nodes, { name: 'n1' })).spec?.taints ?? []).map((taint) => `${taint.key}:${taint.effect}`).toSorted();
  const from = world.clock.now();
  await world.until('unreachable', async () => (await taints()).length === 2);
  assert.deepEqual(await taints(), ['node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/unreachable:NoSchedule']);
  // Its last heartbeat was up to ten seconds old.
  assert.ok(world.clock.now() - from > 29_000);
  const tainted = world.clock.now();
  const [before] = await world.list(pods);
  await world.until('evicted', async () => (await world.list(pods)).every((pod) => pod.metadata.uid !== before?.metadata.uid));
  assert.ok(Math.abs(world.clock.now() - tainted - 300_000) < 2000, `${world.clock.now() - tainted}`);
  world.silent.delete('n1');
  const node = await world.client.get(nodes, { name: 'n1' });
  const conditions = node.status?.conditions?.map((c) => (c.type === 'Ready' ? { ...c, status: 'True' } : c));
  await world.client.update(nodes, { ...node, status: { ...node.status, conditions: conditions ?? [] } }, { subresource: 'status' });
  await world.until('welcome', async () => (await taints()).length === 0);
});
