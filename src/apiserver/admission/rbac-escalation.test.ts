import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { KubeObject } from '../../kube/types.ts';
import type { RequestContext } from '../engine.ts';
import { testWorld, type TestWorld } from '../testing.ts';

const RBAC = 'rbac.authorization.k8s.io';
const DEFAULT = { namespace: 'default' };
const READ = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };

let world: TestWorld;
const jane: RequestContext = { user: { name: 'jane', groups: ['dev', 'system:authenticated'] }, warnings: [] };

async function make(ctx: RequestContext, kind: string, metadata: { name: string; namespace?: string }, rest: object): Promise<void> {
  const object = { apiVersion: `${RBAC}/v1`, kind, metadata, ...rest } as KubeObject;
  await world.engine.create(world.definition(`${RBAC}/v1/${kind.toLowerCase()}s`), ctx, metadata.namespace, object);
}

/** Lets jane hold the rules in the namespace. */
async function give(name: string, rules: object[]): Promise<void> {
  await make(world.ctx, 'Role', { name, ...DEFAULT }, { rules });
  await make(world.ctx, 'RoleBinding', { name, ...DEFAULT }, { roleRef: { apiGroup: RBAC, kind: 'Role', name }, subjects: [{ kind: 'User', name: 'jane' }] });
}

beforeEach(async () => {
  world = await testWorld();
});

test('a role may hold what its writer holds, and no more', async () => {
  await give('base', [READ]);
  await make(jane, 'Role', { name: 'small', ...DEFAULT }, { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] });
  await assert.rejects(
    make(jane, 'Role', { name: 'big', ...DEFAULT }, { rules: [READ, { verbs: ['get', 'delete'], apiGroups: [''], resources: ['pods', 'secrets'] }] }),
    {
      message:
        'roles.rbac.authorization.k8s.io "big" is forbidden: user "jane" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}',
    },
  );
  await assert.rejects(make(jane, 'ClusterRole', { name: 'wide' }, { rules: [READ] }), /not currently held/);
  const roles = world.definition(`${RBAC}/v1/roles`);
  const key = { name: 'small', ...DEFAULT };
  await assert.rejects(world.engine.patch(roles, jane, key, { rules: [{ ...READ, verbs: ['*'] }] }, { type: 'merge' }), /Verbs:\["\*"\]/);
  const shared = (await world.engine.get(roles, world.ctx, { name: 'base', ...DEFAULT })).object;
  await world.engine.patch(
    roles,
    world.ctx,
    { name: 'base', ...DEFAULT },
    { rules: [READ, { verbs: ['*'], apiGroups: ['apps'], resources: ['*'] }] },
    { type: 'merge' },
  );
  assert.equal(shared.metadata.name, 'base');
});

test('who may escalate writes any role', async () => {
  await give('base', [{ verbs: ['escalate'], apiGroups: [RBAC], resources: ['roles'] }]);
  await make(jane, 'Role', { name: 'big', ...DEFAULT }, { rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] });
});

test('gathering needs everything', async () => {
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] };
  await assert.rejects(
    make(jane, 'ClusterRole', { name: 'g' }, { rules: [], aggregationRule }),
    /must have cluster-admin privileges to use the aggregationRule/,
  );
});

test('a binding needs the rights it gives, or the right to bind that role', async () => {
  const bind = (kind: string, name: string): Promise<void> =>
    make(jane, 'RoleBinding', { name: `b-${name}`, ...DEFAULT }, { roleRef: { apiGroup: RBAC, kind, name }, subjects: [{ kind: 'User', name: 'joe' }] });
  await assert.rejects(bind('Role', 'absent'), { message: 'roles.rbac.authorization.k8s.io "absent" not found' });
  await assert.rejects(
    bind('ClusterRole', 'cluster-admin'),
    /rolebindings\.rbac\.authorization\.k8s\.io "b-cluster-admin" is forbidden: user "jane".*NonResourceURLs:\["\*"\]/s,
  );
  await give('base', [READ, { verbs: ['bind'], apiGroups: [RBAC], resources: ['clusterroles'], resourceNames: ['edit'] }]);
  await make(world.ctx, 'Role', { name: 'reader', ...DEFAULT }, { rules: [READ] });
  await bind('Role', 'reader');
  await bind('ClusterRole', 'edit');
});

test('roles and bindings are checked as upstream does', async () => {
  const problem = async (kind: string, rest: object): Promise<string> => {
    const metadata = { name: 'x', ...(kind.startsWith('Cluster') ? {} : DEFAULT) };
    return make(world.ctx, kind, metadata, rest).then(
      () => '',
      (error: Error) => error.message.replace(/^.* is invalid: /, ''),
    );
  };
  assert.equal(
    await problem('Role', { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }),
    'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
  );
  assert.equal(
    await problem('ClusterRole', { rules: [{ verbs: ['get'], resources: ['x'] }], aggregationRule: {} }),
    '[rules[0].apiGroups: Required value: resource rules must supply at least one api group, aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil]',
  );
  assert.equal(
    await problem('ClusterRoleBinding', { roleRef: { apiGroup: RBAC, kind: 'Role', name: 'a/b' }, subjects: [{ kind: 'ServiceAccount', name: 's' }] }),
    '[roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole", roleRef.name: Invalid value: "a/b": may not contain \'/\', subjects[0].namespace: Required value]',
  );
});
