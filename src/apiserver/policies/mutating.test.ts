import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { StatusError } from '../../kube/status.ts';
import type { ConfigMap, Deployment, KubeObject } from '../../kube/types.ts';
import { testWorld, type TestWorld } from '../testing.ts';

let world: TestWorld;
beforeEach(async () => {
  world = await testWorld();
});

const GROUP = 'admissionregistration.k8s.io/v1';

function put(plural: string, kind: string, name: string, spec: object): Promise<unknown> {
  return world.engine.create(world.definition(`${GROUP}/${plural}`), world.ctx, undefined, { apiVersion: GROUP, kind, metadata: { name }, spec } as KubeObject);
}

const RULE = { apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] };
const applying = (expression: string): object => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const patching = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

function policy(name: string, mutations: object[], more: object = {}): Promise<unknown> {
  const matchConstraints = { resourceRules: [RULE] };
  return put('mutatingadmissionpolicies', 'MutatingAdmissionPolicy', name, { matchConstraints, reinvocationPolicy: 'Never', mutations, ...more });
}

const binding = (name: string, more: object = {}): Promise<unknown> =>
  put('mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding', name, { policyName: name, ...more });

async function bound(name: string, mutations: object[], more: object = {}): Promise<void> {
  await policy(name, mutations, more);
  await binding(name);
}

async function create(data: Record<string, string>, name = 'map'): Promise<ConfigMap> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
  return (await world.engine.create(world.definition('v1/configmaps'), world.ctx, 'default', object as KubeObject)).object as ConfigMap;
}

async function refusal(work: Promise<unknown>): Promise<StatusError> {
  const error = await work.then(
    () => undefined,
    (why: unknown) => why,
  );
  assert.ok(error instanceof StatusError, 'not refused');
  return error;
}

const field = (error: StatusError): string[] => (error.status.details?.causes ?? []).map(({ field: at, message }) => `${at}: ${message}`);

test('a configuration is merged into the object, and what it does not name stays', async () => {
  await bound('label', [applying('Object{metadata: Object.metadata{labels: {"team": object.data.team}}, data: {"added": string(object.data.size())}}')]);
  const { metadata, data } = await create({ team: 'a', kept: 'b' });
  assert.deepEqual([metadata.labels, data], [{ team: 'a' }, { team: 'a', kept: 'b', added: '2' }]);
});

test('items of lists with keys are merged by them', async () => {
  const rule = { apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], operations: ['CREATE'] };
  const containers = 'containers: [Object.spec.template.spec.containers{name: "side", image: "side:1"}]';
  const expression = `Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{${containers}}}}}`;
  await bound('sidecar', [applying(expression)], { matchConstraints: { resourceRules: [rule] } });
  const labels = { app: 'web' };
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'main:1' }] } } };
  const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
  const made = await world.engine.create(world.definition('apps/v1/deployments'), world.ctx, 'default', object as KubeObject);
  const found = (made.object as Deployment).spec?.template.spec?.containers.map(({ name, terminationMessagePath }) => [name, terminationMessagePath]);
  // What was added has its defaults, too.
  assert.deepEqual(
    found?.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    [
      ['main', '/dev/termination-log'],
      ['side', '/dev/termination-log'],
    ],
  );
});

test('a JSON patch is made by an expression, with keys escaped; a test that fails leaves the object alone', async () => {
  await bound('patch', [
    patching(
      '[JSONPatch{op: "add", path: "/metadata/labels", value: {}}, JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a.test/b"), value: "c"}]',
    ),
    patching('[JSONPatch{op: "test", path: "/data/a", value: "other"}, JSONPatch{op: "remove", path: "/data/a"}]'),
    patching('has(object.data.b) ? [JSONPatch{op: "move", from: "/data/b", path: "/data/moved"}] : []'),
  ]);
  const { metadata, data } = await create({ a: '1', b: '2' });
  assert.deepEqual([metadata.labels, data], [{ 'a.test/b': 'c' }, { a: '1', moved: '2' }]);
});

test('parameters, variables and conditions', async () => {
  await create({ suffix: '!' }, 'settings');
  await policy('suffix', [applying('Object{data: {"text": variables.text}}')], {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    matchConditions: [{ name: 'wanted', expression: 'has(object.data.text)' }],
    variables: [{ name: 'text', expression: 'object.data.text + params.data.suffix' }],
  });
  await binding('suffix', { paramRef: { name: 'settings', parameterNotFoundAction: 'Deny' } });
  assert.deepEqual((await create({ text: 'a' }, 'yes')).data, { text: 'a!' });
  assert.deepEqual((await create({ other: 'a' }, 'no')).data, { other: 'a' });
  await world.engine.delete(world.definition('v1/configmaps'), world.ctx, { namespace: 'default', name: 'settings' });
  const why =
    "policy 'suffix' with binding 'suffix' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction";
  assert.equal((await refusal(create({ text: 'a' }, 'gone'))).message, why);
});

test('a policy whose parameters are of a kind that nobody knows refuses everything', async () => {
  await policy('p', [applying('Object{}')], { paramKind: { apiVersion: 'v1', kind: 'Nothing' } });
  await binding('p', { paramRef: { name: 'a', parameterNotFoundAction: 'Allow' } });
  const why = `policy "p" denied request: failed to configure policy: failed to find resource referenced by paramKind: '/v1, Kind=Nothing'`;
  assert.equal((await refusal(create({ x: '1' }))).message, why);
});

test('who wants to is asked once more, and sees what later policies changed', async () => {
  const note = (name: string): object => applying(`Object{data: {"${name}": string(object.data.size())}}`);
  await bound('a-again', [note('a')], { reinvocationPolicy: 'IfNeeded' });
  await bound('b-once', [note('b')]);
  await bound('c-again', [note('c')], { reinvocationPolicy: 'IfNeeded' });
  // Each has counted what was there when it was asked last.
  assert.deepEqual((await create({ x: '1' })).data, { x: '1', a: '4', b: '2', c: '4' });
});

test('a policy that fails refuses the request in upstream’s words, unless failures are ignored', async () => {
  await bound('fails', [applying('Object{data: {"a": object.data.nothing}}')]);
  const error = await refusal(create({ x: '1' }));
  const why = `policy 'fails' with binding 'fails' denied request: expression 'Object{data: {"a": object.data.nothing}}' resulted in error: no such key: nothing`;
  assert.deepEqual([error.message, error.code, error.reason, error.status.details?.causes], [why, 403, 'Invalid', [{ message: why }]]);
  await world.engine.patch(
    world.definition(`${GROUP}/mutatingadmissionpolicies`),
    world.ctx,
    { name: 'fails' },
    { spec: { failurePolicy: 'Ignore' } },
    { type: 'merge' },
  );
  assert.deepEqual((await create({ x: '1' })).data, { x: '1' });
});

const DENIED = "policy 'p' with binding 'p' denied request: ";
const FAILURES: Record<string, [mutation: object, why: string]> = {
  'a type by another name than its place has': [
    applying('Object{metadata: Object.spec{labels: {"a": "b"}}}'),
    `${DENIED}type mismatch: unexpected type name "Object.spec", expected "Object.metadata", which matches field name path from root Object type`,
  ],
  'a field that the kind does not have': [
    applying('Object{spec: Object.spec{a: 1}}'),
    `${DENIED}error applying patch: failed to convert patch object to typed object: .spec: field not declared in schema`,
  ],
  'null, which takes nothing away': [
    applying('Object{data: {"x": null}}'),
    `${DENIED}error applying patch: failed to convert patch object to typed object: .data.x: expected string, got &value.valueUnstructured{Value:0}`,
  ],
  'an operation that has nothing to work on': [patching('[JSONPatch{op: "remove", path: "/data/none"}]'), `${DENIED}JSON Patch: `],
};
for (const [name, [mutation, why]] of Object.entries(FAILURES)) {
  test(`a request is refused for ${name}`, async () => {
    await bound('p', [mutation]);
    const { message } = await refusal(create({ x: '1' }));
    assert.ok(message.startsWith(why), message);
  });
}

test('what is atomic is not merged by accident', async () => {
  const rule = { apiGroups: [''], apiVersions: ['v1'], resources: ['services'], operations: ['CREATE'] };
  await bound('p', [applying('Object{spec: Object.spec{selector: Object.spec.selector{a: "b"}}}')], { matchConstraints: { resourceRules: [rule] } });
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } };
  const { message } = await refusal(world.engine.create(world.definition('v1/services'), world.ctx, 'default', service as KubeObject));
  assert.equal(message, `${DENIED}error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector`);
});

test('a policy is refused for what upstream refuses', async () => {
  const errors = async (mutation: object, more: object = {}): Promise<string[]> => field(await refusal(policy('p', [mutation], more)));
  assert.deepEqual(await errors(applying('object')), [
    'spec.mutations[0].applyConfiguration.expression: Invalid value: "object": must evaluate to Object but got dyn',
  ]);
  assert.deepEqual(await errors(patching('[1]')), [
    'spec.mutations[0].jsonPatch.expression: Invalid value: "[1]": must evaluate to list(JSONPatch) but got list(int)',
  ]);
  assert.deepEqual(await errors({ patchType: 'JSONPatch', applyConfiguration: { expression: 'Object{}' } }), [
    'spec.mutations[0].jsonPatch: Required value: must be specified when patchType is JSONPatch',
    'spec.mutations[0].applyConfiguration: Invalid value: "{applyConfiguration}": must not be specified when patchType is JSONPatch',
  ]);
  assert.deepEqual(
    await errors(applying('Object{}'), { matchConstraints: { resourceRules: [{ ...RULE, operations: ['DELETE'] }] }, reinvocationPolicy: 'Always' }),
    [
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
      'spec.reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"',
    ],
  );
});
