import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, Service } from '../../kube/types.ts';
import { buildEnvironment, serviceVariables } from './environment.ts';
import { expand } from './expand.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', labels: { app: 'web', 'a.b/c': 'd' } },
  spec: { nodeName: 'n', containers: [] },
};
const build = (container: Partial<Container>): Promise<Record<string, string>> =>
  buildEnvironment({
    pod,
    container: { name: 'c', ...container },
    podIp: '10.0.0.1',
    hostIp: '172.30.0.1',
    services: [],
    allocatable: { cpuMillis: 2000, memoryBytes: 4096, ephemeralStorageBytes: 0 },
    lookups: {
      configMap: (name) =>
        Promise.resolve(name === 'settings' ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { color: 'blue', size: 'L' } } : undefined),
      secret: (name) => Promise.resolve(name === 'hidden' ? { apiVersion: 'v1', kind: 'Secret', metadata: {}, data: { key: 'dmFsdWU=' } } : undefined),
      volume: () => Promise.reject(new Error('there are no claims here')),
    },
  });

test('references are expanded, unknown ones and doubled dollars stay', () => {
  const variables = { A: '1', B: '$(A)' };
  for (const [text, wanted] of [
    ['$(A)', '1'],
    ['$(X)', '$(X)'],
    ['$$(A)', '$(A)'],
    ['$(B)', '$(A)'],
    ['$A', '$A'],
    ['a$', 'a$'],
  ])
    assert.equal(expand(text!, variables), wanted);
});

test('values come from fields, resources, config maps and secrets', async () => {
  const env = await build({
    resources: { requests: { cpu: '250m', memory: '1Ki' } },
    envFrom: [{ prefix: 'S_', configMapRef: { name: 'settings' } }, { secretRef: { name: 'gone', optional: true } }],
    env: [
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a.b/c']" } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu' } } },
      { name: 'CPU_MILLIS', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
      { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Ki' } } },
      { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 'hidden', key: 'key' } } },
      { name: 'NONE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'no', optional: true } } },
      { name: 'URL', value: 'http://$(NAME)/$(S_size)' },
    ],
  });
  assert.deepEqual(env, {
    S_color: 'blue',
    S_size: 'L',
    NAME: 'p',
    LABEL: 'd',
    IP: '10.0.0.1',
    CPU: '1',
    CPU_MILLIS: '250',
    LIMIT: '4',
    COLOR: 'blue',
    KEY: 'value',
    URL: 'http://p/L',
  });
});

const missing: [string, Partial<Container>, string][] = [
  ['a config map', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'k' } } }] }, 'configmap "x" not found'],
  ['a key', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'k' } } }] }, "couldn't find key k in ConfigMap ns/settings"],
  ['a secret', { envFrom: [{ secretRef: { name: 'x' } }] }, 'secret "x" not found'],
];
for (const [what, container, message] of missing) test(`${what} that is missing is named`, () => assert.rejects(build(container), { message }));

test('services are told in the old style of variables', () => {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'my-db' },
    spec: { clusterIP: '10.200.0.5', ports: [{ name: 'sql', port: 5432 }] },
  };
  const headless: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'h' }, spec: { clusterIP: 'None', ports: [{ port: 1 }] } };
  assert.deepEqual(serviceVariables([service, headless]), {
    MY_DB_SERVICE_HOST: '10.200.0.5',
    MY_DB_SERVICE_PORT: '5432',
    MY_DB_SERVICE_PORT_SQL: '5432',
    MY_DB_PORT: 'tcp://10.200.0.5:5432',
    MY_DB_PORT_5432_TCP: 'tcp://10.200.0.5:5432',
    MY_DB_PORT_5432_TCP_PROTO: 'tcp',
    MY_DB_PORT_5432_TCP_PORT: '5432',
    MY_DB_PORT_5432_TCP_ADDR: '10.200.0.5',
  });
});
