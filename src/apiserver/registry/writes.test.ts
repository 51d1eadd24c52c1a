import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configMaps, deployments, events, namespaces, nodes, pods, services } from '../../kube/resources.ts';
import { StatusError } from '../../kube/status.ts';
import type { ConfigMap, KubeObject, Node, Pod, Unstructured } from '../../kube/types.ts';
import { pod, testWorld } from '../testing.ts';

function configMap(name: string, more: Partial<ConfigMap> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', ...more, metadata: { name, namespace: 'default', ...more.metadata } };
}

function deployment(name: string): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example.test/main:1' }] } },
    },
  } as KubeObject;
}

function status(code: number, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StatusError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

const inDefault = (name: string): { name: string; namespace: string } => ({ name, namespace: 'default' });

test('creation fills in what belongs to the server, and a second one of the same name is refused', async () => {
  const { client } = await testWorld();
  const made = await client.create(configMaps, configMap('a', { metadata: { uid: 'mine', generation: 7, deletionTimestamp: '2020-01-01T00:00:00Z' } }));
  assert.match(made.metadata.uid ?? '', /^[0-9a-f]{8}-/);
  assert.equal(made.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
  assert.equal(made.metadata.generation, undefined);
  assert.equal(made.metadata.deletionTimestamp, undefined);
  await assert.rejects(client.create(configMaps, configMap('a')), status(409, /^configmaps "a" already exists$/));
});

test('generateName appends five characters of upstream alphabet', async () => {
  const { client } = await testWorld();
  const made = await client.create(configMaps, { ...configMap(''), metadata: { generateName: 'a-', namespace: 'default' } });
  assert.match(made.metadata.name ?? '', /^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test('nothing is created in a namespace that is missing or going', async () => {
  const { client } = await testWorld();
  await assert.rejects(client.create(configMaps, configMap('a', { metadata: { namespace: 'nowhere' } })), status(404, /^namespaces "nowhere" not found$/));
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' } });
  await client.delete(namespaces, { name: 'going' });
  assert.equal((await client.get(namespaces, { name: 'going' })).status?.phase, 'Terminating');
  await assert.rejects(
    client.create(configMaps, configMap('a', { metadata: { namespace: 'going' } })),
    (error: unknown) =>
      status(403, /is forbidden: unable to create new content in namespace going because it is being terminated/)(error) &&
      (error as StatusError).status.details?.causes?.[0]?.reason === 'NamespaceTerminating',
  );
});

test('a namespace goes when its finalizer is taken away through finalize', async () => {
  const { client, engine, ctx, definition } = await testWorld();
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } });
  await client.delete(namespaces, { name: 'x' });
  const namespace = await client.get(namespaces, { name: 'x' });
  assert.deepEqual(namespace.spec?.finalizers, ['kubernetes']);
  await engine.update(definition('v1/namespaces'), ctx, { name: 'x' }, { ...structuredClone(namespace), spec: {} } as KubeObject, { subresource: 'finalize' });
  await assert.rejects(client.get(namespaces, { name: 'x' }), status(404, /namespaces "x" not found/));
  await assert.rejects(client.delete(namespaces, { name: 'default' }), status(403, /this namespace may not be deleted/));
});

test('an update with a stale revision conflicts, one without a revision goes through, one that changes nothing keeps the revision', async () => {
  const { client } = await testWorld();
  const first = await client.create(configMaps, configMap('a', { data: { k: '1' } }));
  const second = await client.update(configMaps, { ...first, data: { k: '2' } });
  assert.ok(Number(second.metadata.resourceVersion) > Number(first.metadata.resourceVersion));
  await assert.rejects(
    client.update(configMaps, { ...first, data: { k: '3' } }),
    status(
      409,
      /^Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again$/,
    ),
  );
  const third = await client.update(configMaps, configMap('a', { data: { k: '3' } }));
  assert.equal(third.metadata.uid, first.metadata.uid);
  const same = await client.update(configMaps, configMap('a', { data: { k: '3' } }));
  assert.equal(same.metadata.resourceVersion, third.metadata.resourceVersion);
  await assert.rejects(client.update(configMaps, configMap('b')), status(404, /configmaps "b" not found/));
  await assert.rejects(
    client.update(configMaps, { ...third, metadata: { ...third.metadata, uid: 'another' } }),
    status(409, /Precondition failed: UID in precondition: another/),
  );
});

test('spec and status are written apart, and generation counts changes of the spec', async () => {
  const { client } = await testWorld();
  const made = await client.create(deployments, { ...deployment('d'), status: { replicas: 5 } } as never);
  assert.deepEqual([made.metadata.generation, made.status], [1, {}]);
  const scaled = await client.patch(deployments, inDefault('d'), { spec: { replicas: 3 }, status: { replicas: 9 } }, { type: 'merge' });
  assert.deepEqual([scaled.metadata.generation, scaled.status, scaled.spec?.replicas], [2, {}, 3]);
  const reported = await client.patch(
    deployments,
    inDefault('d'),
    { spec: { replicas: 8 }, status: { replicas: 3 } },
    { type: 'merge', subresource: 'status' },
  );
  assert.deepEqual([reported.metadata.generation, reported.status, reported.spec?.replicas], [2, { replicas: 3 }, 3]);
});

test('scale reads and writes replicas of any kind that has it', async () => {
  const { client, engine, ctx, definition } = await testWorld();
  await client.create(deployments, deployment('d') as never);
  const target = definition('apps/v1/deployments');
  const scale = (await engine.get(target, ctx, inDefault('d'), { subresource: 'scale' })).object as Unstructured;
  assert.deepEqual([scale.kind, scale['spec'], scale['status']], ['Scale', { replicas: 1 }, { replicas: 0, selector: 'app=d' }]);
  const patched = await engine.patch(target, ctx, inDefault('d'), { spec: { replicas: 4 } }, { type: 'merge', subresource: 'scale' });
  assert.deepEqual((patched.object as Unstructured)['spec'], { replicas: 4 });
  assert.equal((await client.get(deployments, inDefault('d'))).spec?.replicas, 4);
  await assert.rejects(
    engine.patch(target, ctx, inDefault('d'), { spec: { replicas: -1 } }, { type: 'merge', subresource: 'scale' }),
    status(422, /spec.replicas: Invalid value: -1/),
  );
});

test('a dry run answers as the real thing would and stores nothing', async () => {
  const { client, engine } = await testWorld();
  const before = engine.revision;
  const made = await client.create(
    services,
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'default' }, spec: { ports: [{ port: 80 }] } },
    { dryRun: true },
  );
  assert.ok(made.spec?.clusterIP);
  await assert.rejects(client.get(services, inDefault('s')), status(404, /not found/));
  assert.equal(engine.revision, before);
});

test('finalizers hold an object back until the last is gone', async () => {
  const { client } = await testWorld();
  await client.create(configMaps, configMap('a', { metadata: { finalizers: ['example.test/one'] } }));
  await client.delete(configMaps, inDefault('a'), { propagationPolicy: 'Foreground' });
  const going = await client.get(configMaps, inDefault('a'));
  assert.deepEqual(going.metadata.finalizers, ['example.test/one', 'foregroundDeletion']);
  assert.equal(going.metadata.deletionGracePeriodSeconds, 0);
  const again = await client.get(configMaps, inDefault('a'));
  assert.equal(again.metadata.resourceVersion, going.metadata.resourceVersion);
  await client.patch(configMaps, inDefault('a'), { metadata: { finalizers: null } }, { type: 'merge' });
  await assert.rejects(client.get(configMaps, inDefault('a')), status(404, /not found/));
});

test('preconditions guard a deletion', async () => {
  const { client } = await testWorld();
  const made = await client.create(configMaps, configMap('a'));
  await assert.rejects(
    client.delete(configMaps, inDefault('a'), { preconditions: { uid: 'another' } }),
    status(409, /the UID in the precondition \(another\) does not match/),
  );
  await assert.rejects(
    client.delete(configMaps, inDefault('a'), { preconditions: { resourceVersion: '1' } }),
    status(409, /Precondition failed: ResourceVersion/),
  );
  await client.delete(configMaps, inDefault('a'), { preconditions: { uid: made.metadata.uid ?? '' } });
});

test('a bound pod gets its grace, an unbound one goes at once, and the kubelet ends it with grace 0', async () => {
  const { client } = await testWorld();
  await client.create(pods, pod('free'));
  await client.delete(pods, inDefault('free'));
  await assert.rejects(client.get(pods, inDefault('free')), status(404, /not found/));

  await client.create(pods, pod('bound', { spec: { terminationGracePeriodSeconds: 20 } }));
  await client.createSubresource(pods, inDefault('bound'), 'binding', {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'bound' },
    target: { kind: 'Node', name: 'n' },
  } as KubeObject);
  await client.delete(pods, inDefault('bound'));
  const going = await client.get(pods, inDefault('bound'));
  assert.deepEqual([going.metadata.deletionTimestamp, going.metadata.deletionGracePeriodSeconds], ['2026-01-01T00:00:20Z', 20]);
  await client.delete(pods, inDefault('bound'), { gracePeriodSeconds: 5 });
  assert.equal((await client.get(pods, inDefault('bound'))).metadata.deletionTimestamp, '2026-01-01T00:00:05Z');
  await client.delete(pods, inDefault('bound'), { gracePeriodSeconds: 0 });
  await assert.rejects(client.get(pods, inDefault('bound')), status(404, /not found/));
});

test('binding sets the node and the condition, and happens once', async () => {
  const { client } = await testWorld();
  await client.create(pods, pod('p'));
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } } as KubeObject;
  assert.equal(((await client.createSubresource(pods, inDefault('p'), 'binding', binding)) as unknown as { status: string }).status, 'Success');
  const bound = await client.get(pods, inDefault('p'));
  assert.equal(bound.spec?.nodeName, 'n1');
  assert.equal(bound.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status, 'True');
  await assert.rejects(client.createSubresource(pods, inDefault('p'), 'binding', binding), status(409, /pod p is already assigned to node "n1"/));
});

test("a pod's status that leaves out what an older kubelet does not know keeps it", async () => {
  const { client } = await testWorld();
  await client.create(pods, pod('kept'));
  const { metadata, spec } = await client.get(pods, inDefault('kept'));
  const next = { metadata: { ...metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'x', uid: 'x' }] }, spec, status: { phase: 'Running' } };
  const after = await client.update(pods, next as Pod, { subresource: 'status' });
  assert.deepEqual(after.status, { phase: 'Running', qosClass: 'BestEffort' });
  assert.equal(after.metadata.ownerReferences, undefined);
});

test("a load balancer's addresses are VIPs unless its controller says otherwise, however it writes them", async () => {
  const { client } = await testWorld();
  await client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: inDefault('web'), spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } });
  const ingress = [{ ip: '192.0.2.1' }, { ip: '192.0.2.2', ipMode: 'Proxy' }, { hostname: 'a.example.test' }];
  const status = { loadBalancer: { ingress } };
  const told = [{ ip: '192.0.2.1', ipMode: 'VIP' }, ...ingress.slice(1)];
  for (const type of ['merge', 'strategic'] as const) {
    const patched = await client.patch(services, inDefault('web'), { status }, { type, subresource: 'status' });
    assert.deepEqual(patched.status?.loadBalancer?.ingress, told);
    await client.patch(services, inDefault('web'), { status: { loadBalancer: null } }, { type: 'merge', subresource: 'status' });
  }
  const replaced = await client.update(services, { ...(await client.get(services, inDefault('web'))), status }, { subresource: 'status' });
  assert.deepEqual(replaced.status?.loadBalancer?.ingress, told);
});

test('a new pod has a first status and a node keeps the one it registers with', async () => {
  const { client } = await testWorld();
  const made = await client.create(pods, { ...pod('p'), status: { phase: 'Running' } });
  assert.deepEqual(made.status, { phase: 'Pending', qosClass: 'BestEffort' });
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { capacity: { cpu: '2' } } };
  const registered = await client.create(nodes, node);
  assert.equal(registered.status?.capacity?.['cpu'], '2');
  assert.deepEqual(registered.spec?.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
});

test('unknown fields are refused, warned of or dropped, as the request says', async () => {
  const { engine, ctx, definition } = await testWorld();
  const body = (name: string): KubeObject => ({ ...pod(name), spec: { ...pod(name).spec, colour: 'red' } }) as KubeObject;
  const strict = engine.create(definition('v1/pods'), { ...ctx, fieldValidation: 'Strict', duplicateFields: ['spec.x'] }, 'default', body('a'));
  await assert.rejects(
    strict,
    status(400, /^Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.colour", duplicate field "spec.x"$/),
  );
  const yaml = { ...ctx, yamlDuplicates: ['line 3: key "x" already set in map', 'line 7: key "y" already set in map'] };
  await assert.rejects(
    engine.create(definition('v1/pods'), { ...yaml, fieldValidation: 'Strict' }, 'default', body('a')),
    status(400, /strict decoding error: yaml: unmarshal errors:\n {2}line 3: key "x" already set in map\n {2}line 7: .*, unknown field "spec.colour"$/),
  );
  const warned = { ...ctx, fieldValidation: 'Warn' as const, warnings: [] };
  const made = await engine.create(definition('v1/pods'), warned, 'default', body('a'));
  assert.deepEqual(warned.warnings, ['unknown field "spec.colour"']);
  assert.equal('colour' in ((made.object as Unstructured)['spec'] as object), false);
  await assert.rejects(
    engine.patch(definition('v1/pods'), { ...ctx, fieldValidation: 'Strict' }, inDefault('a'), { spec: { colour: 'red' } }, { type: 'merge' }),
    status(422, /patch: Invalid value: .*strict decoding error: unknown field "spec.colour"/),
  );
});

test('bodies that are about something else are refused', async () => {
  const { engine, ctx, definition } = await testWorld();
  const refused = (body: unknown, why: RegExp): Promise<void> =>
    assert.rejects(engine.create(definition('v1/pods'), ctx, 'default', body as KubeObject), status(400, why));
  await refused({ apiVersion: 'v2', kind: 'Pod' }, /no kind "Pod" is registered for version "v2"/);
  await refused({ apiVersion: 'v1', kind: 'Node' }, /Node in version "v1" cannot be handled as a Pod/);
  await refused({ metadata: { namespace: 'other' } }, /the namespace of the provided object does not match the namespace sent on the request/);
  await refused([], /must be a Pod object/);
  await refused({ metadata: 'x' }, /cannot unmarshal string into Go struct field Pod.metadata of type v1.ObjectMeta/);
  await assert.rejects(
    engine.update(definition('v1/pods'), ctx, inDefault('a'), pod('b')),
    status(400, /the name of the object \(b\) does not match the name on the URL \(a\)/),
  );
});

test('deleteCollection deletes what its selection matches', async () => {
  const { client } = await testWorld();
  for (const name of ['a', 'b', 'c']) await client.create(pods, pod(name, { labels: { keep: String(name === 'c') } }));
  await client.deleteCollection(pods, { namespace: 'default', labelSelector: 'keep=false' });
  assert.deepEqual(
    (await client.list(pods)).items.map(({ metadata }) => metadata.name),
    ['c'],
  );
});

test('both event APIs show the same events, each in its own words', async () => {
  const { client, engine, ctx, definition } = await testWorld();
  await client.create(events, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    reason: 'Because',
    message: 'of this',
    type: 'Normal',
    count: 2,
    source: { component: 'tester' },
  } as never);
  const { items } = await engine.list(definition('events.k8s.io/v1/events'), ctx, { fieldSelector: 'regarding.name=p' });
  const event = items[0]?.object as Unstructured;
  assert.deepEqual(
    [event.apiVersion, event['note'], event['deprecatedCount'], event['regarding']],
    ['events.k8s.io/v1', 'of this', 2, { kind: 'Pod', name: 'p', namespace: 'default' }],
  );
  const back = await client.list(events, { fieldSelector: 'involvedObject.name=p,source=tester' });
  assert.equal(back.items.length, 1);
  await assert.rejects(client.list(events, { fieldSelector: 'colour=red' }), status(400, /field label not supported: colour/));
});

test('concurrent writers of one object all see each other', async () => {
  const { client } = await testWorld();
  await client.create(configMaps, configMap('counter', { data: { n: '0' } }));
  let conflicts = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      for (;;) {
        const counter = await client.get(configMaps, inDefault('counter'));
        try {
          await client.update(configMaps, { ...counter, data: { n: String(Number(counter.data?.['n']) + 1) } });
          return;
        } catch (error) {
          assert.ok(error instanceof StatusError && error.reason === 'Conflict');
          conflicts++;
        }
      }
    }),
  );
  assert.equal((await client.get(configMaps, inDefault('counter'))).data?.['n'], '20');
  assert.ok(conflicts > 0);
});

test('what readers get is shared and cannot be changed', async () => {
  const { client } = await testWorld();
  const made: Pod = await client.create(pods, pod('p'));
  assert.throws(() => {
    made.metadata.labels = {};
  }, TypeError);
  assert.equal(await client.get(pods, inDefault('p')), made);
});
