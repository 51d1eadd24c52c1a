import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults } from '../defaults/index.ts';
import type { KubeObject } from '../types.ts';
import { validateObject } from './index.ts';

const texts = (object: object, old?: object): string[] => {
  const copy = structuredClone(object) as KubeObject;
  applyDefaults(copy);
  const before = old && (structuredClone(old) as KubeObject);
  if (before) applyDefaults(before);
  return validateObject(copy, before).map((e) => `${e.field}: ${e.message}`);
};
const pod = (spec: object, metadata: object = {}): object => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', ...metadata }, spec });
const deployment = (spec: object): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a' },
  spec: {
    selector: { matchLabels: { app: 'a' } },
    template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    ...spec,
  },
});
const container = { name: 'c', image: 'i' };

test('good objects pass', () => {
  assert.deepEqual(texts(pod({ containers: [container] })), []);
  assert.deepEqual(texts(deployment({})), []);
});

const table: [string, object, string][] = [
  ['a pod without containers', pod({}), 'spec.containers: Required value'],
  ['a container without an image', pod({ containers: [{ name: 'c' }] }), 'spec.containers[0].image: Required value'],
  ['two containers of one name', pod({ containers: [container, container] }), 'spec.containers[1].name: Duplicate value: "c"'],
  [
    'a mount of no volume',
    pod({ containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '/v' }] }] }),
    'spec.containers[0].volumeMounts[0].name: Not found: "v"',
  ],
  [
    'a request above its limit',
    pod({ containers: [{ ...container, resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }] }),
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ],
  [
    'a port out of range',
    pod({ containers: [{ ...container, ports: [{ containerPort: 70_000 }] }] }),
    'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ],
  [
    'a restart policy that is none',
    pod({ containers: [container], restartPolicy: 'Sometimes' }),
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
  ],
  [
    'a bad label',
    pod({ containers: [container] }, { labels: { 'a b': 'c' } }),
    "metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  [
    'a selector that misses its template',
    deployment({ selector: { matchLabels: { app: 'b' } } }),
    'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
  ],
  ['negative replicas', deployment({ replicas: -1 }), 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  ['a service without ports', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: {} }, 'spec.ports: Required value'],
  [
    'ports without names',
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ port: 1, name: 'one' }, { port: 2 }] } },
    'spec.ports[1].name: Required value',
  ],
  [
    'a service name that starts with a digit',
    { apiVersion: 'v1', kind: 'Service', metadata: { name: '1a' }, spec: { ports: [{ port: 1 }] } },
    "metadata.name: Invalid value: \"1a\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  ],
  [
    'a job that restarts always',
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' }, spec: { template: { spec: { containers: [container] } } } },
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    "a user's priority above a billion",
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'a' }, value: 2_000_000_000 },
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ],
];
for (const [name, object, want] of table) test(`${name} is refused`, () => assert.deepEqual(texts(object), [want]));

test('a selector cannot change', () => {
  assert.match(
    texts(
      deployment({ selector: { matchLabels: { app: 'b' } }, template: { metadata: { labels: { app: 'b' } }, spec: { containers: [container] } } }),
      deployment({}),
    ).join(),
    /spec\.selector: Invalid value: .*: field is immutable/,
  );
});

test('of a pod the image may change and the command may not', () => {
  assert.deepEqual(
    texts(pod({ containers: [{ ...container, image: 'j', imagePullPolicy: 'Always' }] }), pod({ containers: [{ ...container, imagePullPolicy: 'Always' }] })),
    [],
  );
  assert.match(
    texts(pod({ containers: [{ ...container, command: ['x'] }] }), pod({ containers: [container] })).join(),
    /spec: Forbidden: pod updates may not change fields other than/,
  );
});
