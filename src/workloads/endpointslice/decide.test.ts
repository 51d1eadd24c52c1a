import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Pod, Service } from '../../kube/types.ts';
import { groupEndpoints, MANAGED_BY, planSlices, SERVICE_NAME } from './decide.ts';
import { endpointsOf } from './legacy.ts';

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 's', labels: { team: 'a' } },
  spec: { clusterIP: '10.0.0.5', selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }] },
};

function pod(ip: string, more: { ready?: boolean; phase?: string; deleted?: boolean; port?: number } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `p-${ip}`, namespace: 'default', uid: ip, ...(more.deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { nodeName: 'n1', containers: [{ name: 'c', ports: [{ name: 'web', containerPort: more.port ?? 8080 }] }] },
    status: { phase: (more.phase ?? 'Running') as 'Running', podIP: ip, conditions: [{ type: 'Ready', status: more.ready === false ? 'False' : 'True' }] },
  };
}

const noZone = () => undefined;

/** What the API would hold after a plan. */
function apply(existing: readonly EndpointSlice[], groups: Parameters<typeof planSlices>[1], of = service): EndpointSlice[] {
  const plan = planSlices(of, groups, existing);
  const updated = existing
    .filter((slice) => !plan.remove.includes(slice))
    .map((slice) => plan.update.find((u) => u.metadata.name === slice.metadata.name) ?? slice);
  return [...updated, ...plan.create.map((slice, i) => ({ ...slice, metadata: { ...slice.metadata, name: `s${existing.length + i}` } }))];
}

test('conditions tell ready, serving and terminating apart', () => {
  const [group] = groupEndpoints(
    service,
    [pod('10.1.0.1'), pod('10.1.0.2', { ready: false }), pod('10.1.0.3', { deleted: true }), pod('10.1.0.4', { phase: 'Failed' }), pod('')],
    (n) => `zone-of-${n}`,
  );
  assert.deepEqual(
    group?.endpoints.map((e) => [e.addresses[0], e.conditions]),
    [
      ['10.1.0.1', { ready: true, serving: true, terminating: false }],
      ['10.1.0.2', { ready: false, serving: false, terminating: false }],
      ['10.1.0.3', { ready: false, serving: true, terminating: true }],
    ],
  );
  assert.equal(group?.endpoints[0]?.zone, 'zone-of-n1');
  assert.deepEqual(group?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
});

test('publishNotReadyAddresses makes all ready', () => {
  const all = { ...service, spec: { ...service.spec!, publishNotReadyAddresses: true } };
  assert.equal(groupEndpoints(all, [pod('10.1.0.2', { ready: false })], noZone)[0]?.endpoints[0]?.conditions?.ready, true);
});

test('pods whose named port differs are in groups of their own', () => {
  assert.equal(groupEndpoints(service, [pod('10.1.0.1'), pod('10.1.0.2', { port: 9090 })], noZone).length, 2);
});

test('slices hold at most 100 endpoints and change as little as can be', () => {
  const pods = Array.from({ length: 250 }, (_, i) => pod(`10.1.1.${i}`));
  let slices = apply([], groupEndpoints(service, pods, noZone));
  assert.deepEqual(
    slices.map((s) => s.endpoints?.length),
    [100, 100, 50],
  );
  assert.equal(slices[0]?.metadata.labels?.[SERVICE_NAME], 'web');
  assert.equal(slices[0]?.metadata.labels?.[MANAGED_BY], 'endpointslice-controller.k8s.io');
  const without = pods.filter((p) => p.status?.podIP !== '10.1.1.3');
  const plan = planSlices(service, groupEndpoints(service, without, noZone), slices);
  assert.deepEqual([plan.create.length, plan.update.length, plan.remove.length], [0, 1, 0]);
  slices = apply(slices, groupEndpoints(service, without, noZone));
  const again = planSlices(service, groupEndpoints(service, without, noZone), slices);
  assert.deepEqual(again, { create: [], update: [], remove: [] });
});

test('a service without endpoints keeps one empty slice', () => {
  const one = apply([], []);
  assert.deepEqual(
    one.map((s) => s.endpoints),
    [[]],
  );
  assert.deepEqual(planSlices(service, [], one), { create: [], update: [], remove: [] });
  const filled = apply(one, groupEndpoints(service, [pod('10.1.0.1')], noZone));
  assert.deepEqual(
    filled.map((s) => s.endpoints?.length),
    [1],
  );
  assert.deepEqual(
    apply(filled, []).map((s) => s.endpoints?.length),
    [0],
  );
});

test('legacy Endpoints split ready from not ready and leave terminating pods out', () => {
  const object = endpointsOf(service, [pod('10.1.0.2'), pod('10.1.0.1', { ready: false }), pod('10.1.0.3', { deleted: true })]);
  assert.deepEqual(
    object.subsets?.[0]?.addresses?.map((a) => a.ip),
    ['10.1.0.2'],
  );
  assert.deepEqual(
    object.subsets?.[0]?.notReadyAddresses?.map((a) => a.ip),
    ['10.1.0.1'],
  );
  assert.deepEqual(object.subsets?.[0]?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
});
