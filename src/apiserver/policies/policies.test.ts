import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { StatusError } from '../../kube/status.ts';
import type { ConfigMap, KubeObject } from '../../kube/types.ts';
import { testWorld, type TestWorld } from '../testing.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});

const GROUP = 'admissionregistration.k8s.io/v1';

function put(plural: string, kind: string, name: string, spec: object): Promise<unknown> {
  return world.engine.create(world.definition(`${GROUP}/${plural}`), world.ctx, undefined, { apiVersion: GROUP, kind, metadata: { name }, spec } as KubeObject);
}

const policy = (spec: object): Promise<unknown> =>
  put('validatingadmissionpolicies', 'ValidatingAdmissionPolicy', 'policy', {
    matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE', 'DELETE'] }] },
    ...spec,
  });
const binding = (spec: object = {}): Promise<unknown> =>
  put('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding', 'binding', { policyName: 'policy', validationActions: ['Deny'], ...spec });

const map = (name: string, data: Record<string, string>, labels: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
});
async function create(object: ConfigMap, warnings: string[] = []): Promise<void> {
  await world.engine.create(world.definition('v1/configmaps'), { ...world.ctx, warnings }, 'default', object);
}

async function refusal(work: Promise<unknown>): Promise<StatusError> {
  const error = await work.then(
    () => undefined,
    (why: unknown) => why,
  );
  assert.ok(error instanceof StatusError, 'not refused');
  return error;
}

test('a bound policy denies what its validations do not hold for, in upstream’s words', async () => {
  await policy({ validations: [{ expression: 'object.data.size() < 2', message: 'too much data' }] });
  await create(map('before', { a: '1', b: '2' }));
  await binding();
  await create(map('small', { a: '1' }));
  const error = await refusal(create(map('big', { a: '1', b: '2' })));
  const why = "ValidatingAdmissionPolicy 'policy' with binding 'binding' denied request: too much data";
  assert.equal(error.message, `configmaps "big" is forbidden: ${why}`);
  assert.deepEqual([error.code, error.reason, error.status.details?.causes], [422, 'Invalid', [{ message: why }]]);
});

test('variables, messages made by expressions and reasons', async () => {
  await policy({
    variables: [
      { name: 'n', expression: 'object.data.size()' },
      { name: 'double', expression: 'variables.n * 2' },
    ],
    validations: [{ expression: 'variables.double < 4', messageExpression: '"%d is too many".format([variables.n])', reason: 'Forbidden' }],
  });
  await binding();
  const error = await refusal(create(map('big', { a: '1', b: '2' })));
  assert.match(error.message, /denied request: 2 is too many$/);
  assert.equal(error.code, 403);
});

test('parameters come from the object that the binding names', async () => {
  await policy({ paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'object.data.size() <= int(params.data.max)' }] });
  await create(map('limits', { max: '1' }));
  await binding({ paramRef: { name: 'limits', namespace: 'default', parameterNotFoundAction: 'Deny' } });
  await create(map('small', { a: '1' }));
  assert.match(
    (await refusal(create(map('big', { a: '1', b: '2' })))).message,
    /denied request: failed expression: object\.data\.size\(\) <= int\(params\.data\.max\)$/,
  );
  world = await testWorld();
  await policy({ paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, validations: [{ expression: 'true' }] });
  await binding({ paramRef: { name: 'none', namespace: 'default', parameterNotFoundAction: 'Deny' } });
  assert.match(
    (await refusal(create(map('any', {})))).message,
    /failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
  );
});

test('a violation may warn only', async () => {
  await policy({ validations: [{ expression: 'false' }] });
  await binding({ validationActions: ['Warn', 'Audit'] });
  const warnings: string[] = [];
  await create(map('one', {}), warnings);
  assert.deepEqual(warnings, ["Validation failed for ValidatingAdmissionPolicy 'policy' with binding 'binding': failed expression: false"]);
});

test('an expression that fails denies, or is passed over, as failurePolicy says', async () => {
  await policy({ validations: [{ expression: 'object.data.color == "blue"' }] });
  await binding();
  assert.match(
    (await refusal(create(map('one', { a: 'b' })))).message,
    /denied request: expression 'object.data.color == "blue"' resulted in error: no such key: color$/,
  );
  world = await testWorld();
  await policy({ failurePolicy: 'Ignore', validations: [{ expression: 'object.data.color == "blue"' }] });
  await binding();
  await create(map('one', { a: 'b' }));
});

test('conditions, selectors of the binding and the namespace narrow what is looked at; deletions have an old object only', async () => {
  await policy({
    matchConditions: [{ name: 'not-admin', expression: 'request.userInfo.username != "admin"' }],
    validations: [{ expression: 'request.operation == "DELETE" ? oldObject.data.free == "yes" : namespaceObject.metadata.name == "elsewhere"' }],
  });
  await binding({ matchResources: { objectSelector: { matchLabels: { look: 'yes' } } } });
  await create(map('unlooked', {}));
  await refusal(create(map('looked', {}, { look: 'yes' })));
  await world.engine.create(
    world.definition('v1/configmaps'),
    { ...world.ctx, user: { name: 'admin', groups: [] } },
    'default',
    map('kept', { free: 'no' }, { look: 'yes' }),
  );
  await refusal(world.engine.delete(world.definition('v1/configmaps'), world.ctx, { namespace: 'default', name: 'kept' }));
});

test('a policy that does not compile is refused with its field', async () => {
  const error = await refusal(
    policy({ variables: [{ name: 'a', expression: '1 +' }], validations: [{ expression: 'variables.b == 1', messageExpression: '1' }, { expression: '1' }] }),
  );
  assert.deepEqual(
    error.status.details?.causes?.map(({ field }) => field),
    ['spec.variables[0].expression', 'spec.validations[0].expression', 'spec.validations[0].messageExpression', 'spec.validations[1].expression'],
  );
});

test('a scale is looked at as one, by policies about scales only', async () => {
  const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'] };
  await policy({
    matchConstraints: { resourceRules: [{ ...rule, resources: ['deployments/scale'] }] },
    validations: [{ expression: 'object.spec.replicas < 3 && oldObject.spec.replicas == 1' }],
  });
  await binding();
  const deployments = world.definition('apps/v1/deployments');
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template } };
  await world.engine.create(deployments, world.ctx, 'default', body as KubeObject);
  const scale = (replicas: number): Promise<unknown> =>
    world.engine.patch(deployments, world.ctx, { namespace: 'default', name: 'd' }, { spec: { replicas } }, { type: 'merge', subresource: 'scale' });
  assert.match((await refusal(scale(3))).message, /denied request/);
  await scale(2);
});

test('a policy may ask what the requester, or an account, is allowed to do', async () => {
  await policy({
    // Messages cannot ask themselves.
    variables: [{ name: 'secrets', expression: "authorizer.group('').resource('secrets').namespace('default').check('get')" }],
    validations: [
      { expression: 'variables.secrets.allowed()', messageExpression: "'no: ' + variables.secrets.reason()" },
      { expression: "authorizer.path('/metrics').check('get').allowed()", message: 'metrics' },
      { expression: "!authorizer.serviceAccount('default', 'robot').requestResource.check('create').allowed()", message: 'robot may' },
      { expression: "authorizer.requestResource.check('create').allowed()", message: 'may not create' },
    ],
  });
  await binding();
  await create(map('mine', {}));
  const jane = { user: { name: 'jane', groups: ['system:authenticated'] }, warnings: [] };
  const asJane = (name: string): Promise<unknown> => world.engine.create(world.definition('v1/configmaps'), jane, 'default', map(name, {}));
  const { status } = await refusal(asJane('hers'));
  assert.match(status.message ?? '', /denied request: no:/);
  const rbac = 'rbac.authorization.k8s.io/v1';
  const bind = (name: string, subject: object): Promise<unknown> =>
    world.engine.create(world.definition(`${rbac}/clusterrolebindings`), world.ctx, undefined, {
      apiVersion: rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [subject],
    } as KubeObject);
  await bind('jane', { kind: 'User', name: 'jane' });
  await asJane('now');
  await bind('robot', { kind: 'ServiceAccount', name: 'robot', namespace: 'default' });
  assert.match((await refusal(asJane('later'))).message, /robot may/);
});
