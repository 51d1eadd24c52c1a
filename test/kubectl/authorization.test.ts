/** Roles and bindings as people make and see them: kubectl, with and without rights. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clusterRoleController } from '../../src/workloads/index.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot() ?? false;
let api: TestApi;

before(async () => {
  if (skip) return;
  api = await startTestApi({ controllers: (ctx) => [clusterRoleController(ctx)] });
});

after(() => api?.close());

/** Without the administrator's certificate, which would win. */
function byToken(token: string): string[] {
  return ['--kubeconfig=/dev/null', `--server=https://127.0.0.1:${api.port}`, '--insecure-skip-tls-verify', `--token=${token}`];
}

/** What kubectl says on its way out, for somebody. */
async function as(user: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await api.kubectlRaw([...args, `--as=${user}`]);
  return stderr + stdout;
}

test('a service account may do what its roles say', { skip }, async () => {
  const robot = 'system:serviceaccount:default:robot';
  await api.kubectl('create', 'serviceaccount', 'robot');
  await api.kubectl('create', 'role', 'reader', '--verb=get,list', '--resource=pods,deployments.apps', '--resource=pods/log');
  assert.equal(await as(robot, 'auth', 'can-i', 'list', 'pods'), 'no\n');
  await api.kubectl('create', 'rolebinding', 'readers', '--role=reader', '--serviceaccount=default:robot');
  assert.equal(await as(robot, 'auth', 'can-i', 'list', 'pods'), 'yes\n');
  assert.equal(await as(robot, 'auth', 'can-i', 'get', 'pods', '--subresource=log'), 'yes\n');
  assert.equal(await as(robot, 'auth', 'can-i', 'list', 'pods', '-n', 'kube-system'), 'no\n');
  assert.equal(await as(robot, 'auth', 'can-i', 'delete', 'deployments.apps'), 'no\n');
  assert.match(await as(robot, 'auth', 'can-i', '--list'), /pods\/log +\[\] +\[\] +\[get list\]/);
  const token = (await api.kubectl('create', 'token', 'robot')).trim();
  const bearer = byToken(token);
  assert.equal((await api.kubectlRaw(['get', 'pods', ...bearer])).stderr, 'No resources found in default namespace.\n');
  assert.equal(
    (await api.kubectlRaw(['get', 'secrets', ...bearer])).stderr,
    `Error from server (Forbidden): secrets is forbidden: User "${robot}" cannot list resource "secrets" in API group "" in the namespace "default"\n`,
  );
  assert.match((await api.kubectlRaw(['auth', 'whoami', ...bearer])).stdout, /system:serviceaccount:default:robot/);
});

test('the roles for people: view, edit and admin gather what they should', { skip }, async () => {
  await api.kubectl('create', 'namespace', 'team');
  for (const role of ['view', 'edit', 'admin']) await api.kubectl('create', 'rolebinding', role, `--clusterrole=${role}`, `--user=${role}er`, '-n', 'team');
  await api.kubectl('wait', '--for=jsonpath={.rules[0].verbs}', 'clusterrole/admin', 'clusterrole/edit', 'clusterrole/view', '--timeout=30s');
  const can = async (user: string, ...what: string[]): Promise<string> => (await as(user, 'auth', 'can-i', ...what, '-n', 'team')).trim();
  assert.deepEqual(await Promise.all(['viewer', 'editer', 'adminer'].map((user) => can(user, 'list', 'deployments.apps'))), ['yes', 'yes', 'yes']);
  assert.deepEqual(await Promise.all(['viewer', 'editer', 'adminer'].map((user) => can(user, 'get', 'secrets'))), ['no', 'yes', 'yes']);
  assert.deepEqual(await Promise.all(['viewer', 'editer', 'adminer'].map((user) => can(user, 'create', 'rolebindings'))), ['no', 'no', 'yes']);
  // A kind of one's own joins them by a label.
  await api.apply(`apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: things, labels: { rbac.authorization.k8s.io/aggregate-to-view: "true" } }
rules: [{ apiGroups: [example.test], resources: [things], verbs: [get] }]
`);
  await api.kubectl('wait', '--for=jsonpath={.rules[?(@.resources[0]=="things")].verbs[0]}=get', 'clusterrole/view', '--timeout=30s');
  assert.match(await api.kubectl('get', 'clusterrole', 'view', '--show-managed-fields', '-o', 'yaml'), /manager: clusterrole-aggregation-controller/);
});

test('nobody makes himself greater', { skip }, async () => {
  await api.kubectl('create', 'clusterrolebinding', 'role-makers', '--clusterrole=admin', '--group=makers');
  const { stderr } = await api.kubectlRaw([
    'create',
    'clusterrolebinding',
    'mine',
    '--clusterrole=cluster-admin',
    '--user=joe',
    '--as=joe',
    '--as-group=makers',
  ]);
  assert.match(stderr, /clusterrolebindings\.rbac\.authorization\.k8s\.io is forbidden: User "joe" cannot create resource "clusterrolebindings"/);
  const role = await api.kubectlRaw(['create', 'role', 'nodes', '--verb=*', '--resource=configmaps', '--as=joe', '--as-group=makers']);
  assert.match(
    role.stderr,
    /roles\.rbac\.authorization\.k8s\.io "nodes" is forbidden: user "joe" \(groups=\["makers" "system:authenticated"\]\) is attempting to grant/,
  );
  assert.match(role.stderr, /\{APIGroups:\[""\], Resources:\["configmaps"\], Verbs:\["\*"\]\}/);
});

test('auth reconcile adds what is missing', { skip }, async () => {
  const manifest = (verbs: string): string => `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: rec, namespace: default }
rules: [{ apiGroups: [""], resources: [pods], verbs: [${verbs}] }]
`;
  const reconcile = async (text: string, ...flags: string[]): Promise<string> => {
    const { stdout, stderr } = await api.kubectlRaw(['auth', 'reconcile', '-f', '-', ...flags], text);
    return stdout + stderr;
  };
  assert.match(await reconcile(manifest('get')), /role\.rbac\.authorization\.k8s\.io\/rec reconciled/);
  assert.match(await reconcile(manifest('list')), /missing rules added:/);
  assert.equal(await api.kubectl('get', 'role', 'rec', '-o', 'jsonpath={.rules[*].verbs[*]}'), 'get list');
  await reconcile(manifest('list'), '--remove-extra-permissions');
  assert.equal(await api.kubectl('get', 'role', 'rec', '-o', 'jsonpath={.rules[*].verbs[*]}'), 'list');
});

test('rights to one object by its name cover a list and a watch of it', { skip }, async () => {
  await api.kubectl('create', 'configmap', 'one');
  await api.kubectl('create', 'role', 'one', '--verb=get,list,watch', '--resource=configmaps', '--resource-name=one');
  await api.kubectl('create', 'rolebinding', 'one', '--role=one', '--user=only');
  assert.match(await as('only', 'get', 'configmap', 'one'), /^NAME/);
  assert.match(await as('only', 'get', 'configmap', '--field-selector=metadata.name=one'), /^NAME/);
  assert.match(await as('only', 'get', 'configmap'), /cannot list resource "configmaps"/);
});

test('impersonation is a right as any other', { skip }, async () => {
  await api.kubectl('create', 'clusterrole', 'as-bob', '--verb=impersonate', '--resource=users', '--resource-name=bob');
  await api.kubectl('create', 'clusterrolebinding', 'as-bob', '--clusterrole=as-bob', '--serviceaccount=default:actor');
  await api.kubectl('create', 'serviceaccount', 'actor');
  const token = (await api.kubectl('create', 'token', 'actor')).trim();
  const acting = (args: string[], ...flags: string[]) => api.kubectlRaw([...args, ...byToken(token), ...flags]);
  assert.match((await acting(['auth', 'whoami'], '--as=bob')).stdout, /bob/);
  const actor = 'system:serviceaccount:default:actor';
  for (const [flags, what] of [
    [['--as=joe'], 'users "joe" is forbidden: User "ACTOR" cannot impersonate resource "users" in API group "" at the cluster scope'],
    [['--as=bob', '--as-group=system:masters'], 'groups "system:masters" is forbidden: User "ACTOR" cannot impersonate resource "groups" in API group ""'],
    [
      ['--as=bob', '--as-uid=1'],
      'uids.authentication.k8s.io "1" is forbidden: User "ACTOR" cannot impersonate resource "uids" in API group "authentication.k8s.io"',
    ],
    [['--as=system:serviceaccount:kube-system:x'], 'serviceaccounts "x" is forbidden: User "ACTOR" cannot impersonate resource "serviceaccounts"'],
  ] as const) {
    const { stderr } = await acting(['get', 'pods'], ...flags);
    assert.ok(stderr.includes(what.replace('ACTOR', actor)), stderr);
  }
});
