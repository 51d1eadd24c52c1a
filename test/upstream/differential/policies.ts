/** Policies whose expressions the server takes or refuses before anything is asked of them. */
import type { Case } from './case.ts';

const EXPRESSIONS: readonly string[] = [
  'object.spec.x == 1',
  'object',
  'object.spec.x',
  'dyn(object.spec.x)',
  'params.x == 1',
  'variables.x == 1',
  'request.nothing == 1',
  "request.namespace == 'x'",
  'namespaceObject.metadata.nothing == 1',
  "namespaceObject.metadata.labels.x == 'y'",
  "namespaceObject.status.phase == 'Active'",
  'authorizer.nothing()',
  "authorizer.group('').resource('pods').check('get').allowed()",
  '1',
  'true &&',
];

/** `more`: of the policy's spec. */
function policy(name: string, more: object): Case {
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
  const body = { metadata: { name: 'policy' }, spec: { matchConstraints: { resourceRules }, validations: [{ expression: 'true' }], ...more } };
  const path = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies?dryRun=All';
  return { name: `Policy: ${name}`, steps: [{ method: 'POST', path, body }] };
}

const CONFIGURATIONS: readonly string[] = [
  'Object{}',
  'object',
  'Object{spec: Object.spec{replicas: 1}}',
  'Object{spec: Object.other{replicas: 1}}',
  'Object{metadata: Object.metadata{labels: {"a": variables.x}}}',
  'has(object.spec) ? Object{spec: Object.spec{?replicas: object.spec.?replicas}} : Object{}',
  'has(object.spec) ? Object{} : Object.spec{}',
  'Thing{}',
  'Object{spec: Object.spec{a: Thing{}}}',
  'type(Object{}) == Object ? Object{} : Object{}',
  'Object{spec: }',
  '',
];

const PATCHES: readonly string[] = [
  '[]',
  '[JSONPatch{op: "remove", path: "/spec"}]',
  '[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: "c"}]',
  '[JSONPatch{op: "add", path: "/spec", value: Object.spec{a: 1}}]',
  '[JSONPatch{op: 1, path: "/spec"}]',
  '[1]',
  'JSONPatch{op: "remove", path: "/spec"}',
  'has(object.spec) ? [JSONPatch{op: "remove", path: "/spec"}] : []',
  'variables.n == 2 ? [JSONPatch{op: "remove", path: variables.x}] : []',
  'jsonpatch.escapeKey(1)',
];

/** A mutating policy. */
function mutating(name: string, mutation: object, more: object = {}): Case {
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
  const body = { metadata: { name: 'policy' }, spec: { matchConstraints: { resourceRules }, mutations: [mutation], reinvocationPolicy: 'Never', ...more } };
  const path = '/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies?dryRun=All';
  return { name: `Mutating policy: ${name}`, steps: [{ method: 'POST', path, body }] };
}

const applying = (expression: string): object => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const patching = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

export function policyCases(): Case[] {
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const variables = [
    { name: 'x', expression: 'object.spec.x' },
    { name: 'n', expression: '1 + 1' },
  ];
  return [
    ...EXPRESSIONS.flatMap((expression) => [
      policy(expression, { validations: [{ expression }] }),
      policy(`${expression}, with parameters and variables`, { paramKind, variables, validations: [{ expression }] }),
      policy(`${expression} as a condition`, { matchConditions: [{ name: 'c', expression }] }),
      policy(`${expression} as a message`, { validations: [{ expression: 'true', messageExpression: expression }] }),
      policy(`${expression} as a note`, { auditAnnotations: [{ key: 'k', valueExpression: expression }] }),
      policy(`${expression} as a variable`, { variables: [{ name: 'v', expression }] }),
    ]),
    ...CONFIGURATIONS.flatMap((expression) => [
      mutating(expression, applying(expression)),
      mutating(`${expression}, with parameters and variables`, applying(expression), { paramKind, variables }),
    ]),
    ...PATCHES.flatMap((expression) => [
      mutating(expression, patching(expression)),
      mutating(`${expression}, with parameters and variables`, patching(expression), { paramKind, variables }),
    ]),
    mutating('of both types', { ...applying('Object{}'), ...patching('[]') }),
    mutating('of a type it does not say', { ...applying('Object{}'), patchType: 'JSONPatch' }),
    policy('variables in a condition', { variables, matchConditions: [{ name: 'c', expression: 'variables.n == 2' }] }),
    policy('a variable twice', { variables: [...variables, ...variables] }),
    policy('a variable named as what is reserved', { variables: [{ name: 'for', expression: '1' }] }),
    policy('rules that say nothing', { matchConstraints: { resourceRules: [{}] } }),
    policy('a wrong kind of parameters', { paramKind: { apiVersion: 'a/b/c', kind: 'Not Valid' } }),
    policy('a variable of no type', { variables, validations: [{ expression: "variables.n == 'x'" }] }),
    policy('a variable that is not there', { variables, validations: [{ expression: 'variables.y == 1' }] }),
    policy('a variable before its time', {
      variables: [
        { name: 'a', expression: 'variables.b' },
        { name: 'b', expression: '1' },
      ],
    }),
  ];
}
