/** What is asked of both clusters, and what is changed when it has come to rest. */
import type { Call } from '../peer.ts';
import { NAMESPACE } from './nodes.ts';

const MERGE = { 'content-type': 'application/merge-patch+json' };
const BATCH = '/apis/batch/v1';
const APPS = '/apis/apps/v1';

interface Wanted {
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [part: string]: unknown;
}

export const pathOf = (base: string, plural: string): string => `${base}/namespaces/${NAMESPACE}/${plural}`;

const make = (base: string, plural: string, body: Wanted): Call => ({ method: 'POST', path: pathOf(base, plural), body });

/** `args` say how its pods end; see nodes.ts. */
const template = (args: string[] = [], labels?: Record<string, string>, restartPolicy?: string) => ({
  metadata: labels === undefined ? {} : { labels },
  spec: { ...(restartPolicy === undefined ? {} : { restartPolicy }), automountServiceAccountToken: false, containers: [{ name: 'c', image: 'x', args }] },
});
const job = (name: string, spec: object = {}, args = ['0']): Call =>
  make(BATCH, 'jobs', { metadata: { name }, spec: { template: template(args, undefined, 'Never'), ...spec } });
const indexed = (completions: number) => ({ completionMode: 'Indexed', completions, parallelism: completions });
const exits = (action: string, code: number) => ({ rules: [{ action, onExitCodes: { operator: 'In', values: [code] } }] });
const cronJob = (name: string, spec: object, args: string[]): Call =>
  make(BATCH, 'cronjobs', {
    metadata: { name },
    spec: { schedule: '* * * * *', ...spec, jobTemplate: { metadata: { labels: { of: name } }, spec: { template: template(args, undefined, 'Never') } } },
  });
const set = (plural: string, name: string, spec: object): Call =>
  make(APPS, plural, { metadata: { name }, spec: { selector: { matchLabels: { app: name } }, template: template([], { app: name }), ...spec } });

export const BEGINNING: readonly Call[] = [
  make('/api/v1', 'resourcequotas', { metadata: { name: 'quota' }, spec: { hard: { pods: '100', 'count/jobs.batch': '60', services: '4' } } }),
  make('/api/v1', 'resourcequotas', { metadata: { name: 'ending' }, spec: { hard: { pods: '1' }, scopes: ['Terminating'] } }),
  job('plain'),
  job('three', { completions: 3, parallelism: 2 }),
  job('queue', { parallelism: 2 }),
  job('zero', { completions: 0 }),
  job('fails', { backoffLimit: 0 }, ['1']),
  job('fails-twice', { backoffLimit: 1 }, ['1']),
  job('too-long', { activeDeadlineSeconds: 4 }, []),
  job('suspended', { suspend: true }),
  job('halted', { parallelism: 2 }, []),
  job('of-another', { managedBy: 'example.com/other' }),
  job('indexes', indexed(3)),
  job('index-fails', { ...indexed(3), backoffLimitPerIndex: 0 }, ['0', '1=1']),
  job('index-fails-twice', { ...indexed(2), backoffLimitPerIndex: 1 }, ['0', '1=1']),
  job('indexes-fail', { ...indexed(3), backoffLimitPerIndex: 0, maxFailedIndexes: 1 }, ['0=0', '1']),
  job('index-given-up', { ...indexed(2), backoffLimitPerIndex: 5, podFailurePolicy: exits('FailIndex', 3) }, ['0', '1=3']),
  job('leader-succeeds', { ...indexed(3), successPolicy: { rules: [{ succeededIndexes: '0' }] } }, ['0=0']),
  job('policy-fails', { podFailurePolicy: exits('FailJob', 42) }, ['42']),
  job('policy-ignores', { backoffLimit: 0, podFailurePolicy: exits('Ignore', 5) }, ['5']),
  job('narrowed', { completions: 5, parallelism: 3 }, []),
  job('relabelled', {}, []),
  job('pod-deleted', {}, []),
  job('pod-deleted-replaced-late', { podReplacementPolicy: 'Failed' }, []),
  job('deleted', {}, []),
  make(BATCH, 'jobs', {
    metadata: { name: 'manual' },
    spec: { manualSelector: true, selector: { matchLabels: { m: 'x' } }, template: template(['0'], { m: 'x' }, 'Never') },
  }),
  cronJob('each-minute', { successfulJobsHistoryLimit: 1 }, ['0']),
  cronJob('one-at-a-time', { timeZone: 'Asia/Tokyo', concurrencyPolicy: 'Forbid' }, []),
  cronJob('replaced', { concurrencyPolicy: 'Replace' }, []),
  cronJob('never', { schedule: '0 0 31 2 *' }, []),
  make(BATCH, 'jobs', {
    metadata: { name: 'over-quota' },
    spec: { parallelism: 2, template: { spec: { ...template([], undefined, 'Never').spec, activeDeadlineSeconds: 1000 } } },
  }),
  make('/api/v1', 'replicationcontrollers', {
    metadata: { name: 'old' },
    spec: { replicas: 2, selector: { app: 'old' }, template: template([], { app: 'old' }) },
  }),
  set('replicasets', 'plain-set', { replicas: 2 }),
  set('deployments', 'web', { replicas: 2 }),
  set('deployments', 'stuck', { replicas: 2, strategy: { type: 'Recreate' } }),
  set('deployments', 'late', { replicas: 1, progressDeadlineSeconds: 5, template: template(['unready'], { app: 'late' }) }),
  set('deployments', 'paused', { replicas: 1, paused: true }),
  set('deployments', 'surging', { replicas: 3, strategy: { rollingUpdate: { maxSurge: 2, maxUnavailable: 0 } }, revisionHistoryLimit: 0 }),
  set('deployments', 'emptied', { replicas: 2 }),
  set('statefulsets', 'ordered', { replicas: 3, serviceName: 'ordered' }),
  set('statefulsets', 'parallel', { replicas: 3, serviceName: 'parallel', podManagementPolicy: 'Parallel' }),
  set('statefulsets', 'partitioned', { replicas: 2, serviceName: 'partitioned', updateStrategy: { rollingUpdate: { partition: 1 } } }),
  set('statefulsets', 'stalled', { replicas: 2, serviceName: 'stalled', template: template(['unready'], { app: 'stalled' }) }),
  set('daemonsets', 'by-hand', { updateStrategy: { type: 'OnDelete' } }),
  set('daemonsets', 'nowhere', { template: { ...template([], { app: 'nowhere' }), spec: { ...template().spec, nodeSelector: { a: 'b' } } } }),
  set('statefulsets', 'state', { replicas: 2, serviceName: 'state' }),
  set('daemonsets', 'daemon', {}),
  make('/apis/policy/v1', 'poddisruptionbudgets', { metadata: { name: 'web' }, spec: { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } } }),
  make('/apis/policy/v1', 'poddisruptionbudgets', {
    metadata: { name: 'late' },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'late' } } },
  }),
  make('/apis/policy/v1', 'poddisruptionbudgets', { metadata: { name: 'nobody' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'nobody' } } } }),
  make('/api/v1', 'services', {
    metadata: { name: 'late' },
    spec: { selector: { app: 'late' }, clusterIP: 'None', ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  }),
  make('/api/v1', 'services', {
    metadata: { name: 'mirrored' },
    spec: {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81 },
      ],
    },
  }),
  make('/api/v1', 'endpoints', {
    metadata: { name: 'mirrored', labels: { of: 'mirrored' }, annotations: { note: 'kept' } },
    subsets: [
      { addresses: [{ ip: '192.0.2.1', hostname: 'one' }, { ip: '192.0.2.2' }], ports: [{ name: 'a', port: 8080 }] },
      { addresses: [{ ip: '192.0.2.1' }], notReadyAddresses: [{ ip: '192.0.2.2' }, { ip: '2001:DB8::1' }], ports: [{ name: 'b', port: 8081 }] },
    ],
  }),
  make('/api/v1', 'services', { metadata: { name: 'left-alone' }, spec: { ports: [{ port: 80 }] } }),
  make('/api/v1', 'endpoints', {
    metadata: { name: 'left-alone', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 8080 }] }],
  }),
  make('/api/v1', 'services', { metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }),
];

const patch = (base: string, plural: string, name: string, body: object): Call => ({
  method: 'PATCH',
  path: `${pathOf(base, plural)}/${name}`,
  headers: MERGE,
  body,
});
const image = (name: string) => ({ spec: { template: { spec: { containers: [{ name: 'c', image: name }] } } } });

/** After the beginning has come to rest. */
export const CHANGES: readonly Call[] = [
  patch(BATCH, 'jobs', 'halted', { spec: { suspend: true } }),
  patch(BATCH, 'jobs', 'narrowed', { spec: { parallelism: 1 } }),
  patch(APPS, 'deployments', 'web', image('x:2')),
  patch(APPS, 'deployments', 'stuck', { spec: { replicas: 1 } }),
  patch(APPS, 'deployments', 'paused', image('x:2')),
  patch(APPS, 'deployments', 'surging', image('x:2')),
  patch(APPS, 'deployments', 'emptied', { spec: { replicas: 0 } }),
  patch(APPS, 'statefulsets', 'ordered', { spec: { replicas: 1 } }),
  patch(APPS, 'statefulsets', 'parallel', { spec: { replicas: 1 } }),
  patch(APPS, 'statefulsets', 'partitioned', image('x:2')),
  patch(APPS, 'daemonsets', 'by-hand', image('x:2')),
  patch(APPS, 'replicasets', 'plain-set', { spec: { replicas: 1 } }),
  patch(APPS, 'statefulsets', 'state', image('x:2')),
  patch(APPS, 'daemonsets', 'daemon', image('x:2')),
  patch('/api/v1', 'endpoints', 'mirrored', {
    metadata: { annotations: { note: null, other: 'new' } },
    subsets: [{ addresses: [{ ip: '192.0.2.3' }], ports: [{ name: 'a', port: 8080 }] }],
  }),
  { method: 'DELETE', path: `${pathOf(BATCH, 'jobs')}/deleted?propagationPolicy=Background` },
];

/** What is done to the first pod that a label selects. */
export const POD_CHANGES: readonly { selector: string; change: 'delete' | 'strip' }[] = [
  { selector: 'app=old', change: 'strip' },
  { selector: 'job-name=relabelled', change: 'strip' },
  { selector: 'job-name=pod-deleted', change: 'delete' },
  { selector: 'job-name=pod-deleted-replaced-late', change: 'delete' },
];

/** At the end. */
export const LAST_CHANGES: readonly Call[] = [patch(BATCH, 'jobs', 'halted', { spec: { suspend: false } })];
