import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults } from '../defaults/index.ts';
import type { KubeObject } from '../types.ts';
import { validateObject } from './index.ts';

const podSpec = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'x' }] };
const labels = { 'controller-uid': 'u', 'batch.kubernetes.io/controller-uid': 'u', 'job-name': 'j', 'batch.kubernetes.io/job-name': 'j' };
const selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } };
const job = (spec: object, status: object = {}): object => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', uid: 'u' },
  spec: { selector, template: { metadata: { labels }, spec: podSpec }, ...spec },
  status,
});
const cronJob = (spec: object, name = 'c'): object => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name },
  spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: podSpec } } }, ...spec },
});
const indexed = { completionMode: 'Indexed', completions: 5, parallelism: 2 };
const rule = (one: object, more: object = {}) => job({ podFailurePolicy: { rules: [one] }, ...more });
const RULE = 'spec.podFailurePolicy.rules[0]';
const SUCCESS = 'spec.successPolicy.rules[0]';

function texts(object: object, old?: object): string[] {
  const [next, before] = [object, old].map((o) => o && (structuredClone(o) as KubeObject));
  if (next) applyDefaults(next);
  if (before) applyDefaults(before);
  return next ? validateObject(next, before).map(({ field, message }) => `${field}: ${message}`) : [];
}

// Upstream's answers.
const table: [string, object, string[]][] = [
  ['a plain job', job({}), []],
  [
    'labels that contradict the generated ones',
    job({ template: { metadata: { labels: { ...labels, 'job-name': 'other' } }, spec: podSpec } }),
    [
      `spec.template.metadata.labels[job-name]: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"j","controller-uid":"u","job-name":"other"}: must be 'j'`,
    ],
  ],
  ['a mode that is none', job({ completionMode: 'Other' }), ['spec.completionMode: Unsupported value: "Other": supported values: "NonIndexed", "Indexed"']],
  [
    'an indexed job without completions',
    job({ completionMode: 'Indexed', parallelism: 1 }),
    ['spec.completions: Required value: when completion mode is Indexed'],
  ],
  [
    'limits per index without indexes',
    job({ backoffLimitPerIndex: 1, maxFailedIndexes: 1 }),
    [
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
      'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
    ],
  ],
  [
    'very many indexes',
    job({ ...indexed, completions: 200_000, parallelism: 20_000, backoffLimitPerIndex: 1 }),
    [
      'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
      'spec.parallelism: Invalid value: 20000: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
    ],
  ],
  ['a manager without a domain', job({ managedBy: 'me' }), ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")']],
  ['a failure rule on nothing', rule({ action: 'Count' }), [`${RULE}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`]],
  [
    'a rule that fails an index of a plain job',
    rule({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }),
    [`${RULE}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`],
  ],
  [
    'wrong exit codes',
    rule({ action: 'Count', onExitCodes: { operator: 'In', values: [2, 0, 2], containerName: 'other' } }),
    [
      `${RULE}.onExitCodes.containerName: Invalid value: "other": must be one of the container or initContainer names in the pod template`,
      `${RULE}.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator`,
      `${RULE}.onExitCodes.values[2]: Duplicate value: 2`,
      `${RULE}.onExitCodes.values: Invalid value: [2,0,2]: must be ordered`,
    ],
  ],
  [
    'a failure policy for pods that restart',
    rule({ action: 'Count', onPodConditions: [{ type: 'X' }] }, { template: { metadata: { labels }, spec: { ...podSpec, restartPolicy: 'OnFailure' } } }),
    ['spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified'],
  ],
  [
    'a success rule of more indexes than there are',
    job({ ...indexed, successPolicy: { rules: [{ succeededIndexes: '1-9' }] } }),
    [`${SUCCESS}.succeededIndexes: Invalid value: "1-9": error parsing succeededIndexes: too large index: "9"`],
  ],
  [
    'a success rule out of order',
    job({ ...indexed, successPolicy: { rules: [{ succeededIndexes: '2,1' }] } }),
    [`${SUCCESS}.succeededIndexes: Invalid value: "2,1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1`],
  ],
  [
    'a success rule that says nothing',
    job({ ...indexed, successPolicy: { rules: [{}] } }),
    [`${SUCCESS}: Required value: at least one of succeededCount or succeededIndexes must be specified`],
  ],
  ['a plain cron job', cronJob({ timeZone: 'Europe/Berlin' }), []],
  [
    'a schedule of six fields',
    cronJob({ schedule: '0 0 * * * *' }),
    ['spec.schedule: Invalid value: "0 0 * * * *": expected exactly 5 fields, found 6: [0 0 * * * *]'],
  ],
  [
    'a zone in the schedule',
    cronJob({ schedule: 'TZ=UTC * * * * *' }),
    ['spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead'],
  ],
  ['a zone in the wrong case', cronJob({ timeZone: 'europe/berlin' }), ['spec.timeZone: Invalid value: "europe/berlin": unknown time zone europe/berlin']],
  [
    'the machine’s zone',
    cronJob({ timeZone: 'Local' }),
    ['spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'],
  ],
  [
    'a selector in a cron job',
    cronJob({ jobTemplate: { spec: { selector: { matchLabels: { a: 'b' } }, manualSelector: true, template: { spec: podSpec } } } }),
    [
      'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
      'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
    ],
  ],
  ['a name too long for jobs', cronJob({}, 'a'.repeat(53)), [`metadata.name: Invalid value: "${'a'.repeat(53)}": must be no more than 52 characters`]],
];
for (const [name, object, want] of table) test(`${name}: ${want.length === 0 ? 'fine' : 'refused'}`, () => assert.deepEqual(texts(object), want));

test('a job keeps what its pods are made from, but for where suspended ones go', () => {
  const fields = (next: object, old: object) => texts(next, old).map((text) => text.split(':')[0]);
  assert.deepEqual(fields(job({ completions: 3 }), job({ completions: 2 })), ['spec.completions']);
  assert.deepEqual(fields(job({ ...indexed, completions: 3, parallelism: 3 }), job(indexed)), []);
  assert.deepEqual(texts(job({ ...indexed, completions: 3 }), job(indexed)), [
    'spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism',
  ]);
  const placed = { template: { metadata: { labels }, spec: { ...podSpec, nodeSelector: { a: 'b' } } } };
  assert.deepEqual(fields(job(placed), job({})), ['spec.template']);
  assert.deepEqual(fields(job({ ...placed, suspend: true }), job({ suspend: true })), []);
  assert.deepEqual(fields(job({ ...placed, suspend: true }), job({ suspend: true }, { startTime: '2026-01-01T00:00:00Z' })), ['spec.template']);
});
