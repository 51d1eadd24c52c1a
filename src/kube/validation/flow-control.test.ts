import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults } from '../defaults/index.ts';
import type { Unstructured } from '../types.ts';
import { validateObject } from './index.ts';

const GROUP = 'flowcontrol.apiserver.k8s.io/v1';

function errorsOf(kind: string, name: string, spec: object): string[] {
  const object = { apiVersion: GROUP, kind, metadata: { name }, spec } as Unstructured;
  applyDefaults(object);
  return validateObject(object).map(({ field, message }) => `${field}: ${message}`);
}

const subjects = [{ kind: 'User', user: { name: 'jane' } }];
const everywhere = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] };
const level = { priorityLevelConfiguration: { name: 'low' } };

for (const [title, spec, wanted] of [
  ['nothing', {}, ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level']],
  [
    'the first place',
    { ...level, matchingPrecedence: 1 },
    ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
  ],
  ['a place beyond the last', { ...level, matchingPrecedence: 10_001 }, ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000']],
  [
    'an empty rule',
    { ...level, rules: [{}] },
    [
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
  ],
  [
    'a subject of two kinds',
    { ...level, rules: [{ subjects: [{ kind: 'Group', group: { name: 'dev' }, user: { name: 'jane' } }], resourceRules: [everywhere] }] },
    ["spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'"],
  ],
  [
    'a star among others',
    { ...level, rules: [{ subjects, resourceRules: [{ ...everywhere, verbs: ['*', 'get'], namespaces: ['*', 'a'] }] }] },
    [
      'spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify other verbs',
      'spec.rules[0].resourceRules[0].namespaces: Invalid value: ["*","a"]: if \'*\' is present, must not specify other namespaces',
    ],
  ],
  [
    'a star in the middle of a path',
    { ...level, rules: [{ subjects, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/a*b', 'c'] }] }] },
    [
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*b": wildcard can only do suffix matching',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "c": must start with slash',
    ],
  ],
] as const)
  test(`a flow schema with ${title} is refused`, () => assert.deepEqual(errorsOf('FlowSchema', 'mine', spec), wanted));

for (const [title, spec, wanted] of [
  ['no type', {}, ['spec.type: Required value']],
  ['the exempt type', { type: 'Exempt' }, ["spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'"]],
  ['no limits', { type: 'Limited' }, ['spec.limited: Required value']],
  [
    'queues but no queuing',
    { type: 'Limited', limited: { lendablePercent: 101, limitResponse: { type: 'Queue' } } },
    ['spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive', 'spec.limited.limitResponse.queuing: Required value'],
  ],
  [
    'a hand too large for its hash',
    { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: { queues: 1024, handSize: 7 } } } },
    ['spec.limited.limitResponse.queuing.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60'],
  ],
] as const)
  test(`a priority level with ${title} is refused`, () => assert.deepEqual(errorsOf('PriorityLevelConfiguration', 'mine', spec), wanted));

test('what is left out has upstream’s defaults', () => {
  const object = {
    apiVersion: GROUP,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'a' },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
  };
  applyDefaults(object as Unstructured);
  assert.deepEqual(object.spec.limited, {
    limitResponse: { type: 'Queue', queuing: { handSize: 8, queues: 64, queueLengthLimit: 50 } },
    nominalConcurrencyShares: 30,
    lendablePercent: 0,
  });
});
