import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Binding, PolicyRule, Role, Subject } from '../../kube/rbac/types.ts';
import { StatusError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { UserInfo } from '../engine.ts';
import { silentLogger } from '../../runtime/log.ts';
import { testWorld, type TestWorld } from '../testing.ts';
import type { Attributes } from './attributes.ts';
import { reconcilePolicyLater } from './bootstrap/index.ts';
import { Grants } from './grants.ts';
import { describeParts, ruleAllows, uncovered } from './rules.ts';

const RBAC = 'rbac.authorization.k8s.io';

let world: TestWorld;

beforeEach(async () => {
  world = await testWorld();
});

function user(name: string, ...groups: string[]): UserInfo {
  return { name, groups: [...groups, 'system:authenticated'] };
}

async function make(kind: string, metadata: { name: string; namespace?: string; labels?: Record<string, string> }, rest: object): Promise<void> {
  const plural = `${kind.toLowerCase()}s`;
  const object = { apiVersion: `${RBAC}/v1`, kind, metadata, ...rest } as KubeObject;
  await world.engine.create(world.definition(`${RBAC}/v1/${plural}`), world.ctx, metadata.namespace, object);
}

const role = (name: string, namespace: string | undefined, rules: PolicyRule[]): Promise<void> =>
  make(namespace ? 'Role' : 'ClusterRole', { name, ...(namespace ? { namespace } : {}) }, { rules });

function bind(name: string, namespace: string | undefined, roleName: string, ...subjects: Subject[]): Promise<void> {
  const kind = roleName.startsWith('cluster-') ? 'ClusterRole' : 'Role';
  return make(
    namespace ? 'RoleBinding' : 'ClusterRoleBinding',
    { name, ...(namespace ? { namespace } : {}) },
    { roleRef: { apiGroup: RBAC, kind, name: roleName }, subjects },
  );
}

const JANE: Subject = { kind: 'User', name: 'jane', apiGroup: RBAC };
const READ_PODS: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };
const get = (more: Partial<Attributes> = {}): Attributes =>
  ({ verb: 'get', group: '', plural: 'pods', namespace: 'default', name: 'a', ...more }) as Attributes;

test('a role grants what it says, in its namespace, to whom it is bound', async () => {
  await role('reader', 'default', [READ_PODS]);
  await bind(
    'readers',
    'default',
    'reader',
    JANE,
    { kind: 'Group', name: 'dev', apiGroup: RBAC },
    { kind: 'ServiceAccount', name: 'robot', namespace: 'default' },
  );
  const { authorizer } = world.engine;
  for (const reader of [user('jane'), user('joe', 'dev'), user('system:serviceaccount:default:robot')]) {
    assert.equal(authorizer.allows(reader, get()), true, reader.name);
    assert.equal(authorizer.allows(reader, get({ verb: 'list' })), true);
    assert.equal(authorizer.allows(reader, get({ verb: 'delete' })), false);
    assert.equal(authorizer.allows(reader, get({ namespace: 'kube-system' })), false);
    assert.equal(authorizer.allows(reader, get({ subresource: 'log' })), false);
  }
  assert.equal(authorizer.allows(user('joe'), get()), false);
  assert.equal(authorizer.decide(user('jane'), get()).reason, 'RBAC: allowed by RoleBinding "readers/default" of Role "reader" to User "jane"');
});

test('rights come and go with roles and bindings', async () => {
  const { engine, ctx, definition } = world;
  const jane = user('jane');
  await bind('readers', undefined, 'cluster-reader', JANE);
  assert.equal(engine.authorizer.allows(jane, get()), false);
  assert.equal(engine.authorizer.decide(jane, get()).reason, `rbac: RBAC: clusterrole.${RBAC} "cluster-reader" not found`);
  await role('cluster-reader', undefined, [READ_PODS]);
  assert.equal(engine.authorizer.allows(jane, get({ namespace: undefined })), true);
  await engine.patch(definition(`${RBAC}/v1/clusterroles`), ctx, { name: 'cluster-reader' }, { rules: [] }, { type: 'merge' });
  assert.equal(engine.authorizer.allows(jane, get()), false);
  await engine.delete(definition(`${RBAC}/v1/clusterrolebindings`), ctx, { name: 'readers' });
  assert.equal(engine.authorizer.decide(jane, get()).reason, '');
});

test('a refusal says who wanted what and where', () => {
  const { authorizer } = world.engine;
  const message = (attributes: Attributes): string => {
    try {
      authorizer.require(user('jane'), attributes);
    } catch (error) {
      assert.ok(error instanceof StatusError);
      assert.equal(error.status.code, 403);
      return error.message;
    }
    return '';
  };
  assert.equal(message(get()), 'pods "a" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "default"');
  assert.equal(
    message({ verb: 'list', group: 'apps', plural: 'deployments' }),
    'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" at the cluster scope',
  );
  assert.equal(
    message(get({ verb: 'create', subresource: 'exec' })),
    'pods "a" is forbidden: User "jane" cannot create resource "pods/exec" in API group "" in the namespace "default"',
  );
  assert.equal(message({ verb: 'get', path: '/metrics<' }), 'forbidden: User "jane" cannot get path "/metrics&lt;"');
});

test('the arranged rules answer as one by one', () => {
  const values = {
    verbs: ['get', 'watch', '*'],
    groups: ['', 'apps', '*'],
    resources: ['pods', 'pods/log', '*/log', '*'],
    urls: ['/api', '/api/*', '*', '/a*'],
  };
  const rules: PolicyRule[] = [];
  for (const verb of values.verbs) {
    for (const url of values.urls) rules.push({ verbs: [verb], nonResourceURLs: [url] });
    for (const group of values.groups)
      for (const resource of values.resources)
        for (const resourceNames of [undefined, ['a']])
          rules.push({ verbs: [verb], apiGroups: [group], resources: [resource], ...(resourceNames ? { resourceNames } : {}) });
  }
  const asked: Attributes[] = ['/api', '/api/v1', '/apis', '/b'].flatMap((path) => ['get', 'post'].map((verb) => ({ verb, path })));
  for (const verb of ['get', 'list'])
    for (const group of ['', 'apps', 'batch'])
      for (const subresource of [undefined, 'log', 'exec'])
        for (const name of [undefined, 'a', 'b']) asked.push({ verb, group, plural: 'pods', subresource, name });
  for (const rule of rules) {
    const grants = new Grants([rule]);
    for (const attributes of asked) assert.equal(grants.allow(attributes), ruleAllows(rule, attributes), JSON.stringify([rule, attributes]));
  }
});

test('what is missing for a role is told part by part', () => {
  const wanted: PolicyRule[] = [
    { verbs: ['get', 'list', 'watch'], apiGroups: ['', 'apps'], resources: ['pods', 'deployments/scale'] },
    { verbs: ['get'], nonResourceURLs: ['/healthz', '/metrics'] },
    { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['a'] },
  ];
  const owned: PolicyRule[] = [
    { verbs: ['get', 'list'], apiGroups: ['*'], resources: ['pods'] },
    { verbs: ['*'], apiGroups: ['apps'], resources: ['*/scale'] },
    { verbs: ['*'], nonResourceURLs: ['/health*'] },
    { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['b'] },
  ];
  assert.deepEqual(describeParts(uncovered(owned, wanted)), [
    '{APIGroups:[""], Resources:["deployments/scale"], Verbs:["get" "list" "watch"]}',
    '{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}',
    '{APIGroups:[""], Resources:["secrets"], ResourceNames:["a"], Verbs:["get"]}',
    '{APIGroups:["apps"], Resources:["pods"], Verbs:["watch"]}',
    '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
  ]);
  assert.deepEqual(
    uncovered(
      [
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        { verbs: ['*'], nonResourceURLs: ['*'] },
      ],
      wanted,
    ),
    [],
  );
});

test('a cluster starts with its roles, and strangers see only what is public', async () => {
  const { authorizer } = world.engine;
  const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
  for (const path of ['/healthz', '/livez', '/readyz', '/version', '/version/']) assert.equal(authorizer.allows(anonymous, { verb: 'get', path }), true, path);
  for (const path of ['/', '/api', '/metrics', '/healthz/etcd']) assert.equal(authorizer.allows(anonymous, { verb: 'get', path }), false, path);
  assert.equal(authorizer.allows(user('jane'), { verb: 'get', path: '/apis/apps/v1' }), true);
  const scheduler = user('system:kube-scheduler');
  assert.equal(authorizer.allows(scheduler, { verb: 'create', group: '', plural: 'pods', subresource: 'binding', namespace: 'default', name: 'a' }), true);
  assert.equal(authorizer.allows(scheduler, { verb: 'delete', group: '', plural: 'nodes', name: 'a' }), false);
});

test('roles of the start are as the API would have made them', async () => {
  const { engine, ctx, definition } = world;
  for (const [plural, name] of [
    ['clusterroles', 'system:kube-dns'],
    ['clusterroles', 'edit'],
    ['clusterrolebindings', 'system:discovery'],
    ['clusterrolebindings', 'system:node'],
  ] as const) {
    const resource = definition(`${RBAC}/v1/${plural}`);
    const { object } = await engine.get(resource, ctx, { name });
    const { uid: _uid, resourceVersion: _revision, creationTimestamp: _time, managedFields, ...metadata } = object.metadata;
    const made = await engine.create(
      resource,
      { ...ctx, userAgent: 'kube-apiserver' },
      undefined,
      structuredClone({ ...object, metadata: { ...metadata, name: `${name}-again` } }),
    );
    assert.deepEqual(made.object.metadata.managedFields, managedFields);
    assert.deepEqual({ ...made.object, metadata: {} }, { ...object, metadata: {} });
  }
});

test('roles of the start get lost rights back some time after a start, and keep what was added', async () => {
  const { engine, ctx, clock, definition } = world;
  const roles = definition(`${RBAC}/v1/clusterroles`);
  const bindings = definition(`${RBAC}/v1/clusterrolebindings`);
  await engine.patch(roles, ctx, { name: 'system:kube-dns' }, { rules: [READ_PODS] }, { type: 'merge' });
  await engine.patch(bindings, ctx, { name: 'system:discovery' }, { subjects: [JANE] }, { type: 'merge' });
  const off = { metadata: { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } } };
  await engine.patch(roles, ctx, { name: 'system:heapster' }, { ...off, rules: [] }, { type: 'merge' });
  const start = async (): Promise<void> => {
    const stop = reconcilePolicyLater(engine, { clock, log: silentLogger });
    await clock.advance(10_000);
    stop();
  };
  await start();
  const dns = (await engine.get(roles, ctx, { name: 'system:kube-dns' })).object as Role;
  assert.deepEqual(dns.rules?.slice(0, 3), [
    READ_PODS,
    { verbs: ['list'], apiGroups: [''], resources: ['endpoints'] },
    { verbs: ['watch'], apiGroups: [''], resources: ['endpoints'] },
  ]);
  const discovery = (await engine.get(bindings, ctx, { name: 'system:discovery' })).object as Binding;
  assert.deepEqual(
    discovery.subjects?.map(({ name }) => name),
    ['jane', 'system:authenticated'],
  );
  assert.deepEqual(((await engine.get(roles, ctx, { name: 'system:heapster' })).object as Role).rules, null);
  const { revision } = engine;
  await start();
  assert.equal(engine.revision, revision);
});
