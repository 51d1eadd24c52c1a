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
