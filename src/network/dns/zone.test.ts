import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Service } from '../../kube/types.ts';
import { resolve, type ZoneSource } from './zone.ts';

const services: Service[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.201.0.7', ports: [{ name: 'http', port: 80 }] },
  },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db', namespace: 'default' }, spec: { clusterIP: 'None', ports: [{ name: 'pg', port: 5432 }] } },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'empty', namespace: 'default' }, spec: { clusterIP: 'None' } },
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'away', namespace: 'default' }, spec: { type: 'ExternalName', externalName: 'example.org.' } },
];
const slices: EndpointSlice[] = [
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    addressType: 'IPv4',
    metadata: { name: 'db-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'db' } },
    ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }],
    endpoints: [
      { addresses: ['10.101.0.10'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.101.0.11'] },
      { addresses: ['10.101.0.12'], conditions: { ready: false } },
    ],
  },
];
const source: ZoneSource = {
  service: (namespace, name) => services.find((s) => s.metadata.namespace === namespace && s.metadata.name === name),
  slices: (_, name) => slices.filter((s) => s.metadata.labels?.['kubernetes.io/service-name'] === name),
  hasServices: (namespace) => namespace === 'default',
  serviceByAddress: (address) => services.find((s) => s.spec?.clusterIP === address),
  slicesByAddress: (address) => slices.filter((s) => s.endpoints?.some((e) => e.addresses.includes(address))),
  owns: (address) => address.startsWith('10.'),
};

const answers = (name: string, type = 'A'): unknown => {
  const result = resolve(name, type, source);
  return result.kind === 'found' ? result.answers.map((record) => record.data) : result.kind;
};

test('names of services, endpoints and pods', () => {
  for (const [name, type, wanted] of [
    ['web.default.svc.cluster.local', 'A', ['10.201.0.7']],
    ['WEB.default.svc.cluster.local.', 'A', ['10.201.0.7']],
    ['web.default.svc.cluster.local', 'AAAA', []],
    ['db.default.svc.cluster.local', 'A', ['10.101.0.10', '10.101.0.11']],
    ['db-0.db.default.svc.cluster.local', 'A', ['10.101.0.10']],
    ['10-101-0-11.db.default.svc.cluster.local', 'A', ['10.101.0.11']],
    ['nobody.db.default.svc.cluster.local', 'A', 'unknown'],
    ['empty.default.svc.cluster.local', 'A', 'unknown'],
    ['nothing.default.svc.cluster.local', 'A', 'unknown'],
    ['web.default.svc.cluster.local.default.svc.cluster.local', 'A', 'unknown'],
    ['default.svc.cluster.local', 'A', []],
    ['none.svc.cluster.local', 'A', 'unknown'],
    ['svc.cluster.local', 'A', []],
    ['cluster.local', 'A', []],
    ['10-101-0-10.default.pod.cluster.local', 'A', ['10.101.0.10']],
    ['x.default.pod.cluster.local', 'A', 'unknown'],
    ['dns-version.cluster.local', 'TXT', ['1.1.0']],
    ['example.org', 'A', 'forward'],
    ['example.org.cluster.local', 'A', 'unknown'],
    ['notcluster.local', 'A', 'forward'],
  ] as const)
    assert.deepEqual(answers(name, type), wanted, `${type} ${name}`);
});

test('SRV names the port and where it is, with addresses', () => {
  assert.deepEqual(resolve('_http._tcp.web.default.svc.cluster.local', 'SRV', source), {
    kind: 'found',
    answers: [
      { type: 'SRV', name: '_http._tcp.web.default.svc.cluster.local', data: { priority: 0, weight: 100, port: 80, target: 'web.default.svc.cluster.local' } },
    ],
    additionals: [{ type: 'A', name: 'web.default.svc.cluster.local', data: '10.201.0.7' }],
  });
  const headless = resolve('_pg._tcp.db.default.svc.cluster.local', 'SRV', source);
  assert.ok(headless.kind === 'found');
  assert.deepEqual(
    headless.additionals.map((record) => record.name),
    ['db-0.db.default.svc.cluster.local', '10-101-0-11.db.default.svc.cluster.local'],
  );
  assert.equal(answers('_pg._udp.db.default.svc.cluster.local', 'SRV'), 'unknown');
});

test('an external name is an alias to be followed', () => {
  assert.deepEqual(resolve('away.default.svc.cluster.local', 'A', source), {
    kind: 'found',
    answers: [{ type: 'CNAME', name: 'away.default.svc.cluster.local', data: 'example.org' }],
    additionals: [],
    follow: 'example.org',
  });
});

test('addresses have names', () => {
  assert.deepEqual(answers('7.0.201.10.in-addr.arpa', 'PTR'), ['web.default.svc.cluster.local']);
  assert.deepEqual(answers('10.0.101.10.in-addr.arpa', 'PTR'), ['db-0.db.default.svc.cluster.local']);
  assert.equal(answers('9.9.9.10.in-addr.arpa', 'PTR'), 'unknown');
  assert.equal(answers('1.1.1.1.in-addr.arpa', 'PTR'), 'forward');
});
