import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoints, EndpointSlice, Service } from '../../kube/types.ts';
import { isMirrored, planMirror } from './decide.ts';
import { repackSubsets } from './subsets.ts';

type Subsets = NonNullable<Endpoints['subsets']>;

const http = { name: 'http', port: 80, protocol: 'TCP' as const };
const metrics = { name: 'metrics', port: 9090, protocol: 'TCP' as const };

function endpoints(subsets: Subsets, more: Endpoints['metadata'] = {}): Endpoints {
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'db', namespace: 'default', uid: 'e', ...more }, subsets };
}

function service(spec: Service['spec']): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db', namespace: 'default' }, spec };
}

const addresses = (...ips: string[]) => ips.map((ip) => ({ ip }));

/** 'IPv4 http:80 10.0.0.1+ 10.0.0.2-', ready ones with a plus. */
function shown({ addressType, ports, endpoints: listed }: EndpointSlice): string {
  const members = (listed ?? []).map((endpoint) => `${endpoint.addresses[0]}${endpoint.conditions?.ready === true ? '+' : '-'}`);
  return [addressType, (ports ?? []).map(({ name, port }) => `${name}:${port}`).join(), ...members].join(' ');
}

/** What the API would hold after a plan. */
function applied(source: Endpoints, existing: readonly EndpointSlice[] = []): EndpointSlice[] {
  const { create, update, remove } = planMirror(source, existing);
  const named = create.map((slice, i) => ({ ...slice, metadata: { ...slice.metadata, name: `s${existing.length + i}` } }));
  const kept = existing.filter((slice) => !remove.includes(slice)).map((slice) => update.find((next) => next.metadata.name === slice.metadata.name) ?? slice);
  return [...kept, ...named];
}

test('only Endpoints of services without a selector are mirrored, and only those that let themselves be', () => {
  const free = service({ ports: [http] });
  assert.equal(isMirrored(endpoints([]), free), true);
  assert.equal(isMirrored(endpoints([]), service({ selector: {} })), true);
  assert.equal(isMirrored(endpoints([]), service({ selector: { app: 'db' } })), false);
  assert.equal(isMirrored(endpoints([]), undefined), false);
  assert.equal(isMirrored(undefined, free), false);
  assert.equal(isMirrored(endpoints([], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }), free), false);
  assert.equal(isMirrored(endpoints([], { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }), free), false);
});

test('subsets are packed anew: all ports of the same addresses together, and not ready where one says so', () => {
  const packed = repackSubsets([
    { addresses: addresses('10.0.0.2', '10.0.0.1'), ports: [metrics] },
    { addresses: addresses('10.0.0.1', '10.0.0.2'), ports: [http] },
    { addresses: addresses('10.0.0.3'), ports: [http] },
    { notReadyAddresses: addresses('10.0.0.3'), ports: [http] },
    { addresses: addresses('10.0.0.9') },
  ]);
  assert.deepEqual(
    packed.map(({ addresses: members, ports }) => [ports.map(({ name }) => name).join(), ...members.map(({ address, ready }) => `${address.ip} ${ready}`)]),
    [
      ['metrics', '10.0.0.1 true', '10.0.0.2 true'],
      ['http', '10.0.0.1 true', '10.0.0.2 true', '10.0.0.3 false'],
      ['', '10.0.0.9 true'],
    ],
  );
  const [both] = repackSubsets([
    { addresses: addresses('10.0.0.1'), ports: [metrics] },
    { addresses: addresses('10.0.0.1'), ports: [http] },
  ]);
  assert.deepEqual(both?.ports, [http, metrics]);
});

test('a slice for each set of ports and family of addresses, with what the Endpoints say of themselves', () => {
  const source = endpoints([{ addresses: addresses('10.0.0.1', '2001:DB8:0::1'), notReadyAddresses: addresses('10.0.0.2'), ports: [http] }], {
    labels: { team: 'a' },
    annotations: { note: 'x', 'endpoints.kubernetes.io/last-change-trigger-time': 't', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
  });
  const slices = applied(source);
  assert.deepEqual(slices.map(shown), ['IPv4 http:80 10.0.0.1+ 10.0.0.2-', 'IPv6 http:80 2001:db8::1+']);
  assert.deepEqual(slices[0]?.metadata, {
    generateName: 'db-',
    name: 's0',
    namespace: 'default',
    labels: { team: 'a', 'kubernetes.io/service-name': 'db', 'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io' },
    annotations: { note: 'x' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name: 'db', uid: 'e', controller: true, blockOwnerDeletion: true }],
  });
});

test('what is as it should be is left alone, and slices are reused before others are made', () => {
  const before = endpoints([{ addresses: addresses('10.0.0.1'), ports: [http] }]);
  const slices = applied(before);
  const none = { create: [], update: [], remove: [], invalid: 0, skipped: 0 };
  assert.deepEqual(planMirror(before, slices), none);
  const moved = endpoints([{ addresses: addresses('10.0.0.1'), ports: [metrics] }]);
  const plan = planMirror(moved, slices);
  assert.deepEqual(
    [plan.create.length, plan.remove.length, plan.update.map(shown), plan.update[0]?.metadata.name],
    [0, 0, ['IPv4 metrics:9090 10.0.0.1+'], 's0'],
  );
  for (const changed of [{ labels: { a: 'b' } }, { annotations: { a: 'b' } }, { uid: 'another' }]) {
    assert.equal(planMirror(endpoints(before.subsets ?? [], changed), slices).update.length, 1, JSON.stringify(changed));
  }
  assert.deepEqual(planMirror(endpoints([]), slices), { ...none, remove: slices });
  assert.deepEqual(planMirror({ ...before, metadata: { ...before.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }, []), none);
});

test('addresses that are none and addresses beyond a thousand are left out and counted', () => {
  const many = Array.from({ length: 1002 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  const { create, invalid, skipped } = planMirror(endpoints([{ addresses: addresses('010.0.0.1', 'nonsense', ...many), ports: [http] }]), []);
  assert.deepEqual([create.length, create[0]?.endpoints?.length, invalid, skipped], [1, 1000, 0, 4]);
  const few = planMirror(endpoints([{ addresses: addresses('010.0.0.1', 'nonsense'), ports: [http] }]), []);
  assert.deepEqual([few.create.map(shown), few.invalid, few.skipped], [['IPv4 http:80 10.0.0.1+'], 1, 1]);
});
