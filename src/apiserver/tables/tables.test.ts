import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration } from '../../kube/duration.ts';
import { compileJsonPath } from '../../kube/jsonpath.ts';
import type { KubeObject } from '../../kube/types.ts';
import { customTable, tableColumns, tableOrder, tableRow } from './index.ts';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const created = '2026-01-01T00:55:00Z';

const durations: [number, string][] = [
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [600, '10m'],
  [10_799, '179m'],
  [10_800, '3h'],
  [11_000, '3h3m'],
  [28_800, '8h'],
  [172_799, '47h'],
  [172_800, '2d'],
  [180_000, '2d2h'],
  [700_000, '8d'],
  [86_400 * 800, '2y70d'],
  [86_400 * 365 * 9, '9y'],
  [-5, '<invalid>'],
];
for (const [seconds, text] of durations) test(`${seconds} seconds are shown as ${text}`, () => assert.equal(humanDuration(seconds * 1000), text));

const pod = (status: object, more: object = {}, spec: object = {}): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', creationTimestamp: created, ...more },
    spec: { containers: [{ name: 'c' }], ...spec },
    status,
  }) as never;
const statuses: [string, KubeObject, (string | number)[]][] = [
  ['a pod that waits', pod({ phase: 'Pending' }), ['0/1', 'Pending', '0']],
  [
    'a container being made',
    pod({ phase: 'Pending', containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state: { waiting: { reason: 'ContainerCreating' } } }] }),
    ['0/1', 'ContainerCreating', '0'],
  ],
  [
    'a running pod',
    pod({ phase: 'Running', containerStatuses: [{ name: 'c', ready: true, restartCount: 0, state: { running: {} } }] }),
    ['1/1', 'Running', '0'],
  ],
  [
    'a crash loop',
    pod({
      phase: 'Running',
      containerStatuses: [
        {
          name: 'c',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { finishedAt: '2026-01-01T00:59:30Z', exitCode: 1 } },
        },
      ],
    }),
    ['0/1', 'CrashLoopBackOff', '3 (30s ago)'],
  ],
  [
    'an init container at work',
    pod(
      { phase: 'Pending', initContainerStatuses: [{ name: 'i', ready: false, restartCount: 0, state: { running: {} } }] },
      {},
      { initContainers: [{ name: 'i' }] },
    ),
    ['0/1', 'Init:0/1', '0'],
  ],
  [
    'a finished pod',
    pod({ phase: 'Succeeded', containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state: { terminated: { reason: 'Completed', exitCode: 0 } } }] }),
    ['0/1', 'Completed', '0'],
  ],
  [
    'an exit code without a reason',
    pod({ phase: 'Failed', containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state: { terminated: { exitCode: 2 } } }] }),
    ['0/1', 'ExitCode:2', '0'],
  ],
  ['a pod being deleted', pod({ phase: 'Running' }, { deletionTimestamp: created }), ['0/1', 'Terminating', '0']],
];
for (const [name, object, want] of statuses)
  test(`${name} is shown as ${want[1]}`, () => assert.deepEqual(tableRow(object, { group: '', kind: 'Pod' }, NOW).slice(1, 4), want));

test('columns and cells of every printer go together', () => {
  for (const gvk of [
    { group: 'apps', kind: 'Deployment' },
    { group: '', kind: 'Service' },
    { group: '', kind: 'Node' },
    { group: '', kind: 'Event' },
    { group: 'batch', kind: 'Job' },
    { group: 'batch', kind: 'CronJob' },
    { group: '', kind: 'PersistentVolume' },
    { group: 'autoscaling', kind: 'HorizontalPodAutoscaler' },
    { group: 'x.io', kind: 'Unknown' },
    { group: 'networking.k8s.io', kind: 'Ingress' },
  ]) {
    const object = { apiVersion: 'v1', kind: gvk.kind, metadata: { name: 'n', creationTimestamp: created } };
    assert.equal(tableRow(object, gvk, NOW).length, tableColumns(gvk).length, gvk.kind);
  }
});

test('columns are described by the fields of the schema, without the values that these may have', () => {
  const described = (group: string, kind: string): Record<string, string> =>
    Object.fromEntries(tableColumns({ group, kind }).map(({ name, description }) => [name, description]));
  assert.equal(described('apps', 'Deployment')['Ready'], 'Number of the pod with ready state');
  assert.match(described('apps', 'Deployment')['Selector'] ?? '', /^Label selector for pods\./);
  assert.equal(described('', 'PersistentVolumeClaim')['Status'], 'phase represents the current phase of PersistentVolumeClaim.');
  assert.match(described('', 'LimitRange')['Created At'] ?? '', /^CreationTimestamp is a timestamp/);
});

const finished = { name: 'c', ready: false, restartCount: 0, state: { terminated: { reason: 'Completed', exitCode: 0 } } };
test('a container that failed says so beside one that is done', () => {
  const failed = { name: 'd', ready: false, restartCount: 0, state: { terminated: { reason: 'OOMKilled', exitCode: 137 } } };
  assert.equal(tableRow(pod({ phase: 'Failed', containerStatuses: [finished, failed] }), { group: '', kind: 'Pod' }, NOW)[2], 'OOMKilled');
});

test('a finished pod that is being deleted still shows how it ended', () => {
  const object = pod({ phase: 'Succeeded', containerStatuses: [finished] }, { deletionTimestamp: created });
  assert.equal(tableRow(object, { group: '', kind: 'Pod' }, NOW)[2], 'Completed');
});

test('restarts of sidecars count, those of init containers that are done do not', () => {
  const ended = { ...finished, name: 'i', restartCount: 4 };
  const sidecar = { name: 's', ready: true, started: true, restartCount: 2, state: { running: {} } };
  const object = pod(
    { phase: 'Running', initContainerStatuses: [ended, sidecar], containerStatuses: [{ name: 'c', ready: true, restartCount: 1, state: { running: {} } }] },
    {},
    { initContainers: [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }] },
  );
  assert.deepEqual(tableRow(object, { group: '', kind: 'Pod' }, NOW).slice(1, 4), ['2/2', 'Running', '3']);
});

test('flow schemas are shown in the order in which they are asked, which is not that of their names', () => {
  const schema = (name: string, matchingPrecedence: number) => ({
    object: { apiVersion: 'v1', kind: 'FlowSchema', metadata: { name }, spec: { matchingPrecedence } },
  });
  const [a, b] = [schema('a', 900), schema('b', 1)];
  assert.deepEqual(tableOrder({ group: 'flowcontrol.apiserver.k8s.io', kind: 'FlowSchema' }, [a, b]), [b, a]);
  assert.deepEqual(tableOrder({ group: '', kind: 'ConfigMap' }, [a, b]), [a, b]);
});

test('a load balancer without an address is pending and its ports show the node port', () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', creationTimestamp: created },
    spec: { type: 'LoadBalancer', clusterIP: '10.0.0.1', ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }], selector: { app: 'a' } },
  };
  assert.deepEqual(tableRow(service as never, { group: '', kind: 'Service' }, NOW), [
    's',
    'LoadBalancer',
    '10.0.0.1',
    '<pending>',
    '80:30080/TCP',
    '5m',
    'app=a',
  ]);
});

test('custom columns are read by their paths', () => {
  const columns = [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
  ];
  const object = {
    apiVersion: 'a/v1',
    kind: 'W',
    metadata: { name: 'w', creationTimestamp: created },
    spec: { size: 3 },
    status: {
      conditions: [
        { type: 'Other', status: 'False' },
        { type: 'Ready', status: 'True' },
      ],
    },
  };
  assert.deepEqual(customTable(columns, object as never, NOW).cells, ['w', 'True', '5m', 3]);
});

const paths: [string, unknown[]][] = [
  ['.a.b', [1]],
  ['{.a.b}', [1]],
  ["['a']['b']", [1]],
  ['.list[0].x', [1]],
  ['.list[-1].x', [2]],
  ['.list[*].x', [1, 2]],
  ['.list[?(@.x>1)].x', [2]],
  ['.missing', []],
  ['.list[0:1].x', [1]],
];
for (const [path, want] of paths)
  test(`${path} finds ${JSON.stringify(want)}`, () => assert.deepEqual(compileJsonPath(path)({ a: { b: 1 }, list: [{ x: 1 }, { x: 2 }] }), want));
