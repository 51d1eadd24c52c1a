import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeKubeProtobuf, isKubeProtobuf, ProtobufError } from './decode.ts';

/** What kubectl 1.32.5 sent for `kubectl create ...`, by the last part of the URL. */
const bodies = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/kubectl-1.32-bodies.json'), 'utf8')) as Record<string, string>;
const decode = (resource: string): Record<string, unknown> => decodeKubeProtobuf(Buffer.from(bodies[resource] ?? '', 'base64'));
const meta = (name: string, more: object = {}): object => ({ name, namespace: 'demo', ...more });

const containers = (name: string, image: string, more: object = {}): object[] => [{ name, image, ...more }];
const wanted: Record<string, object> = {
  namespaces: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } },
  configmaps: { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta('settings'), data: { a: '1', empty: '' } },
  secrets: { apiVersion: 'v1', kind: 'Secret', metadata: meta('keys'), data: { password: 'aHVudGVyMg==' } },
  deployments: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta('web', { labels: { app: 'web' } }),
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: containers('nginx', 'nginx:1.27', { ports: [{ containerPort: 80 }] }) } },
    },
  },
  jobs: {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: meta('once'),
    spec: { template: { spec: { containers: containers('once', 'busybox', { command: ['sh', '-c', 'echo hi'] }), restartPolicy: 'Never' } } },
  },
  token: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 }, status: { token: '' } },
  services: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('web', { labels: { app: 'web' } }),
    spec: { ports: [{ name: '80-8080', protocol: 'TCP', port: 80, targetPort: 8080 }], selector: { app: 'web' }, type: 'ClusterIP' },
  },
  poddisruptionbudgets: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: meta('web'),
    spec: { minAvailable: 0, selector: { matchLabels: { app: 'web' } } },
    status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  },
  priorityclasses: { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'low' }, value: 0, preemptionPolicy: 'PreemptLowerPriority' },
  resourcequotas: { apiVersion: 'v1', kind: 'ResourceQuota', metadata: meta('q'), spec: { hard: { cpu: '1', memory: '1Gi', pods: '0' } } },
  roles: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: meta('reader'),
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  },
};
test("client-go's protobuf of a definition with all that schemas may say becomes the JSON of the same object", () => {
  const path = join(import.meta.dirname, 'fixtures/client-go-0.37-bodies.json');
  const { customresourcedefinitions } = JSON.parse(readFileSync(path, 'utf8')) as { customresourcedefinitions: { body: string; json: object } };
  assert.deepEqual(decodeKubeProtobuf(Buffer.from(customresourcedefinitions.body, 'base64')), customresourcedefinitions.json);
});

for (const [resource, want] of Object.entries(wanted)) {
  test(`kubectl's protobuf of ${resource} becomes the JSON of the same object`, () => assert.deepEqual(decode(resource), want));
}

test('every body kubectl sent is decoded', () => {
  for (const resource of Object.keys(bodies)) assert.ok(decode(resource)['kind'], resource);
});

// A small encoder, for what kubectl does not send.
const varint = (value: bigint): number[] => {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
};
const int = (number: number, value: number): number[] => [...varint(BigInt(number * 8)), ...varint(BigInt(value))];
const part = (number: number, value: string | number[]): number[] => {
  const bytes = typeof value === 'string' ? [...Buffer.from(value)] : value;
  return [...varint(BigInt(number * 8 + 2)), ...varint(BigInt(bytes.length)), ...bytes];
};
const envelope = (apiVersion: string, kind: string, raw: number[]): Buffer =>
  Buffer.from([...Buffer.from('k8s\0'), ...part(1, [...part(1, apiVersion), ...part(2, kind)]), ...part(2, raw)]);

test('options of a delete keep a grace period of zero', () => {
  assert.deepEqual(decodeKubeProtobuf(envelope('policy/v1', 'DeleteOptions', [...int(1, 0), ...part(4, 'Background')])), {
    apiVersion: 'policy/v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    propagationPolicy: 'Background',
  });
});

test('times, negative numbers, embedded structs and pointers to empty structs come through', () => {
  const metadata = part(1, [...part(1, 'p'), ...part(8, int(1, 1_700_000_000))]);
  const volume = part(1, [...part(1, 'v'), ...part(2, part(2, []))]);
  const pod = decodeKubeProtobuf(envelope('v1', 'Pod', [...metadata, ...part(2, [...volume, ...int(25, -10)])]));
  assert.deepEqual(pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', creationTimestamp: '2023-11-14T22:13:20Z' },
    spec: { volumes: [{ name: 'v', emptyDir: {} }], priority: -10 },
  });
});

test('lists hold whole objects', () => {
  const list = decodeKubeProtobuf(envelope('v1', 'ConfigMapList', part(2, [...part(1, part(1, 'a')), ...part(2, [...part(1, 'k'), ...part(2, 'v')])])));
  assert.deepEqual(list, { apiVersion: 'v1', kind: 'ConfigMapList', items: [{ metadata: { name: 'a' }, data: { k: 'v' } }] });
});

test('a key named __proto__ is a key like any other', () => {
  const { data } = decodeKubeProtobuf(envelope('v1', 'ConfigMap', part(2, [...part(1, '__proto__'), ...part(2, 'v')]))) as { data: object };
  assert.equal(JSON.stringify(data), '{"__proto__":"v"}');
  assert.equal(Object.getPrototypeOf(data), Object.prototype);
});

test('broken bytes are refused with a ProtobufError and nothing else', () => {
  assert.throws(() => decodeKubeProtobuf(Buffer.from('{}')), ProtobufError);
  assert.throws(() => decodeKubeProtobuf(envelope('v1', 'NoSuchKind', [])), ProtobufError);
  const body = Buffer.from(bodies['deployments'] ?? '', 'base64');
  fc.assert(
    fc.property(fc.integer({ min: 4, max: body.length - 1 }), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
      const broken = Buffer.from(cut ? body.subarray(0, at) : body);
      if (!cut) broken[at] = byte;
      try {
        decodeKubeProtobuf(broken);
      } catch (error) {
        assert.ok(error instanceof ProtobufError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
  assert.equal(isKubeProtobuf(Buffer.from('k8s')), false);
});
