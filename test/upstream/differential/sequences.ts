/** Managers at work on one object, by chance but the same every time: applies, updates, patches and scales, and who owns what after each. */
import { pick, seededRandom, type Random } from '../../../src/runtime/random.ts';
import { APPLY_PATCH, type Case, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH } from './case.ts';

const SEQUENCES = 120;
const STEPS = 7;
const MANAGERS = ['a', 'b', 'kubectl'];

interface Subject {
  kind: string;
  collection: string;
  /** A body with more or less in it. */
  body(random: Random): object;
  subresources: readonly ('status' | 'scale')[];
}

const chance = (random: Random, share: number): boolean => random.next() < share;
const some = <T>(random: Random, items: readonly T[]): T[] => items.filter(() => chance(random, 0.5));
const maybe = (random: Random, fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && chance(random, 0.6)));
const labels = (random: Random): object => Object.fromEntries(some(random, ['x', 'y', 'z']).map((name) => [name, pick(random, ['1', '2'])]));

function metadata(random: Random): object {
  return {
    name: 'subject',
    ...maybe(random, {
      labels: labels(random),
      annotations: labels(random),
      finalizers: chance(random, 0.3) ? some(random, ['example.com/a', 'example.com/b']) : undefined,
    }),
  };
}

function containers(random: Random): object[] {
  const names = ['main', ...some(random, ['side', 'other'])];
  return names.map((name) => ({
    name,
    image: pick(random, ['i:1', 'i:2']),
    ...maybe(random, {
      // Two containers with one port are warned of.
      ports: name !== 'main' ? undefined : some(random, [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }, { containerPort: 81, name: 'web' }]),
      env: some(random, ['A', 'B']).map((variable) => ({ name: variable, value: pick(random, ['1', '2']) })),
      args: some(random, ['--x', '--y']),
      resources: maybe(random, { limits: maybe(random, { cpu: '1', memory: pick(random, ['1Gi', '2Gi']) }), requests: { cpu: '100m' } }),
      livenessProbe: { httpGet: { path: pick(random, ['/a', '/b']), port: 80 } },
      volumeMounts: [{ name: 'v', mountPath: pick(random, ['/v', '/w']) }],
    }),
  }));
}

const SUBJECTS: readonly Subject[] = [
  {
    kind: 'Deployment',
    collection: '/apis/apps/v1/namespaces/NAMESPACE/deployments',
    subresources: ['status', 'scale'],
    body: (random) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(random),
      spec: {
        ...maybe(random, {
          replicas: pick(random, [1, 2, 3]),
          paused: true,
          strategy: pick(random, [{ type: 'Recreate' }, { rollingUpdate: { maxSurge: pick(random, [1, 2]) } }]),
        }),
        selector: { matchLabels: { app: 'subject' } },
        template: {
          metadata: { labels: { app: 'subject', ...labels(random) } },
          spec: {
            containers: containers(random),
            volumes: [{ name: 'v', emptyDir: {} }],
            ...maybe(random, {
              tolerations: [{ key: pick(random, ['k', 'l']), operator: 'Exists' }],
              nodeSelector: labels(random),
              hostAliases: [{ ip: '10.1.1.1', hostnames: some(random, ['h', 'i']) }],
              affinity: { podAntiAffinity: {} },
            }),
          },
        },
      },
    }),
  },
  {
    kind: 'Service',
    collection: '/api/v1/namespaces/NAMESPACE/services',
    subresources: ['status'],
    body: (random) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata(random),
      spec: {
        selector: { app: pick(random, ['a', 'b']) },
        ports: [
          { name: 'web', port: 80, ...maybe(random, { targetPort: pick(random, [8080, 'web']) }) },
          ...some(random, [
            { name: 'dns', port: 53, protocol: 'UDP' },
            { name: 'more', port: 81 },
          ]),
        ],
        ...maybe(random, { sessionAffinity: pick(random, ['None', 'ClientIP']), publishNotReadyAddresses: true }),
      },
    }),
  },
  {
    kind: 'ConfigMap',
    collection: '/api/v1/namespaces/NAMESPACE/configmaps',
    subresources: [],
    body: (random) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata(random),
      ...maybe(random, { data: labels(random), binaryData: { b: 'eA==' } }),
    }),
  },
  {
    kind: 'HorizontalPodAutoscaler',
    collection: '/apis/autoscaling/v1/namespaces/NAMESPACE/horizontalpodautoscalers',
    subresources: ['status'],
    body: (random) => ({
      apiVersion: 'autoscaling/v1',
      kind: 'HorizontalPodAutoscaler',
      metadata: metadata(random),
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: pick(random, ['x', 'y']) },
        maxReplicas: pick(random, [5, 6]),
        ...maybe(random, { minReplicas: 2, targetCPUUtilizationPercentage: 80 }),
      },
    }),
  },
];

export function sequenceCases(): Case[] {
  return SUBJECTS.flatMap((subject) =>
    Array.from({ length: SEQUENCES }, (_, seed) => ({
      name: `Managers of a ${subject.kind}: sequence ${seed}`,
      steps: steps(subject, seededRandom(seed + 1)),
    })),
  );
}

function steps(subject: Subject, random: Random): Case['steps'] {
  const one = `${subject.collection}/subject`;
  const made = Array.from({ length: STEPS }, () => step(subject, one, random));
  return [...made, { path: one }];
}

function step(subject: Subject, one: string, random: Random): Case['steps'][number] {
  const manager = `fieldManager=${pick(random, MANAGERS)}`;
  const body = subject.body(random);
  const patch = (path: string, headers: Record<string, string>, content: unknown, more = '') => ({
    method: 'PATCH',
    path: `${path}?${manager}${more}`,
    headers,
    body: content,
  });
  const turn = random.next();
  if (turn < 0.55) return patch(one, APPLY_PATCH, body, chance(random, 0.5) ? '&force=true' : '');
  if (turn < 0.65) return { method: 'PUT', path: `${one}?${manager}`, body };
  if (turn < 0.73) return patch(one, MERGE_PATCH, body);
  if (turn < 0.81) return patch(one, STRATEGIC_PATCH, body);
  if (turn < 0.86) return patch(one, JSON_PATCH, [{ op: 'add', path: '/metadata/labels', value: labels(random) }]);
  if (turn < 0.9) return { method: 'POST', path: `${subject.collection}?${manager}`, body };
  const subresource = pick(random, subject.subresources.length > 0 ? subject.subresources : (['status'] as const));
  if (subresource === 'scale') return patch(`${one}/scale`, MERGE_PATCH, { spec: { replicas: pick(random, [4, 5]) } });
  return patch(`${one}/status`, MERGE_PATCH, {
    metadata: { annotations: { seen: pick(random, ['1', '2']) } },
    status: { observedGeneration: pick(random, [1, 2]) },
  });
}
