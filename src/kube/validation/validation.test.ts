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
    'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
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
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'a' },
      spec: { manualSelector: true, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } } },
    },
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

const limitRange = (...limits: object[]): object => ({ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'a' }, spec: { limits } });
const quota = (spec: object): object => ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'a' }, spec });

test('limits are in order, of known resources, and once a type', () => {
  assert.deepEqual(texts(limitRange({ type: 'Container', min: { cpu: '1' }, max: { cpu: '2' }, default: { cpu: '2' }, defaultRequest: { cpu: '1' } })), []);
  assert.deepEqual(texts(limitRange({ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' }, default: { cpu: '1' } }, { type: 'Pod' })), [
    "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    'spec.limits[1].type: Duplicate value: "Pod"',
  ]);
  assert.deepEqual(texts(limitRange({ type: 'Container', max: { speed: '1' }, maxLimitRequestRatio: { cpu: '500m' } })), [
    'spec.limits[0].max[speed]: Invalid value: "speed": must be a standard resource type or fully qualified',
    'spec.limits[0].max[speed]: Invalid value: "speed": must be a standard resource for containers',
    'spec.limits[0].default[speed]: Invalid value: "speed": must be a standard resource type or fully qualified',
    'spec.limits[0].default[speed]: Invalid value: "speed": must be a standard resource for containers',
    'spec.limits[0].defaultRequest[speed]: Invalid value: "speed": must be a standard resource type or fully qualified',
    'spec.limits[0].defaultRequest[speed]: Invalid value: "speed": must be a standard resource for containers',
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
  ]);
  assert.deepEqual(texts(limitRange({ type: 'PersistentVolumeClaim', max: { cpu: '1' } })), [
    'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
  ]);
});

test('a quota is of countable things, and its scopes fit them and stay', () => {
  const good = quota({ hard: { pods: '1', 'count/jobs.batch': '2', 'requests.example.com/gpu': '1' } });
  assert.deepEqual(texts(good), []);
  assert.deepEqual(texts(quota({ hard: { pods: '1500m', storage: '1', services: '-1' } })), [
    'spec.hard[pods]: Invalid value: "1500m": must be an integer',
    'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
    'spec.hard[services]: Invalid value: "-1": must be greater than or equal to 0',
  ]);
  assert.deepEqual(texts(quota({ hard: { services: '1' }, scopes: ['BestEffort', 'NotBestEffort'] })), [
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope applied to resource',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope applied to resource',
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
  ]);
  assert.deepEqual(texts(quota({ hard: { pods: '1' }, scopes: ['BestEffort'] }), quota({ hard: { pods: '1' } })), [
    'spec.scopes: Invalid value: ["BestEffort"]: field is immutable',
  ]);
  assert.deepEqual(texts(quota({ hard: { pods: '1' }, scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } })), [
    "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
  ]);
});
