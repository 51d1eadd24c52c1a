import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../types.ts';
import { applyDefaults } from './index.ts';

const defaulted = (object: object): Record<string, unknown> => {
  const copy = structuredClone(object) as KubeObject;
  applyDefaults(copy);
  const once = structuredClone(copy);
  applyDefaults(copy);
  assert.deepEqual(copy, once, 'defaults of a defaulted object change nothing');
  return copy as unknown as Record<string, unknown>;
};

test('a deployment gets what a real API server fills in', () => {
  const { spec } = defaulted({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: {
      selector: { matchLabels: { app: 'a' } },
      template: {
        metadata: { labels: { app: 'a' } },
        spec: { containers: [{ name: 'c', image: 'stefanprodan/podinfo', resources: { requests: { memory: '800M', cpu: '200m' } } }] },
      },
    },
  });
  assert.deepEqual(spec, {
    replicas: 1,
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    selector: { matchLabels: { app: 'a' } },
    template: {
      metadata: { labels: { app: 'a' } },
      spec: {
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        schedulerName: 'default-scheduler',
        containers: [
          {
            name: 'c',
            image: 'stefanprodan/podinfo',
            imagePullPolicy: 'Always',
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            resources: { requests: { memory: '800M', cpu: '200m' } },
          },
        ],
      },
    },
  });
});

const policies: [string, string][] = [
  ['a', 'Always'],
  ['a:latest', 'Always'],
  ['a:1', 'IfNotPresent'],
  ['host:5000/a', 'Always'],
  ['host:5000/a:1', 'IfNotPresent'],
  ['a@sha256:0', 'IfNotPresent'],
];
for (const [image, policy] of policies) {
  test(`the image ${image} is pulled ${policy}`, () => {
    const pod = defaulted({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers: [{ name: 'c', image }] } }) as unknown as {
      spec: { containers: { imagePullPolicy: string }[]; enableServiceLinks: boolean };
    };
    assert.equal(pod.spec.containers[0]?.imagePullPolicy, policy);
    assert.equal(pod.spec.enableServiceLinks, true);
  });
}

test('limits become requests where none are given', () => {
  const pod = defaulted({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {},
    spec: { containers: [{ name: 'c', image: 'a', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } }] },
  }) as unknown as { spec: { containers: { resources: object }[] } };
  assert.deepEqual(pod.spec.containers[0]?.resources, { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } });
});

test("a service's target port is its port", () => {
  const { spec } = defaulted({ apiVersion: 'v1', kind: 'Service', metadata: {}, spec: { ports: [{ port: 80 }] } });
  assert.deepEqual(spec, {
    sessionAffinity: 'None',
    type: 'ClusterIP',
    internalTrafficPolicy: 'Cluster',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
  });
});

test("a secret's strings become data", () => {
  const secret = defaulted({ apiVersion: 'v1', kind: 'Secret', metadata: {}, stringData: { a: 'b' } });
  assert.deepEqual([secret['type'], secret['data'], secret['stringData']], ['Opaque', { a: 'Yg==' }, undefined]);
});

test('a job runs once and a cron job allows overlap', () => {
  const { spec } = defaulted({ apiVersion: 'batch/v1', kind: 'Job', metadata: {}, spec: { template: { spec: { containers: [] } } } }) as unknown as {
    spec: Record<string, unknown>;
  };
  assert.deepEqual([spec['completions'], spec['parallelism'], spec['backoffLimit'], spec['completionMode'], spec['suspend']], [1, 1, 6, 'NonIndexed', false]);
});

test('a node that does not say otherwise lets pods have all it has', () => {
  const capacity = { cpu: '4', memory: '8Gi' };
  assert.partialDeepStrictEqual(defaulted({ apiVersion: 'v1', kind: 'Node', metadata: {}, status: { capacity } }), {
    status: { capacity, allocatable: capacity },
  });
  const allocatable = { cpu: '3' };
  assert.partialDeepStrictEqual(defaulted({ apiVersion: 'v1', kind: 'Node', metadata: {}, status: { capacity, allocatable } }), { status: { allocatable } });
});
