/** Rights: roles and bindings as they are written, what follows from them, and how a refusal reads. */
import type { Call } from '../peer.ts';
import { type Case, MERGE_PATCH } from './case.ts';
import { REQUEST } from './front-door.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const ROLES = `${RBAC}/namespaces/NAMESPACE/roles`;
const ROLE_BINDINGS = `${RBAC}/namespaces/NAMESPACE/rolebindings`;
const CLUSTER_ROLES = `${RBAC}/clusterroles`;
const CLUSTER_ROLE_BINDINGS = `${RBAC}/clusterrolebindings`;
const PODS = '/api/v1/namespaces/NAMESPACE/pods';
const REVIEWS = '/apis/authorization.k8s.io/v1';
const JANE = { 'impersonate-user': 'jane', 'impersonate-group': 'dev-NAMESPACE' };

const post = (path: string, body: unknown, headers: Record<string, string> = {}) => ({ method: 'POST', path, body, headers });
const role = (name: string, rules: unknown) => post(ROLES, { metadata: { name }, rules });
const clusterRole = (name: string, rules: unknown, more: object = {}) => post(CLUSTER_ROLES, { metadata: { name: `${name}-NAMESPACE` }, rules, ...more });
const ref = (kind: string, name: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });
const DEV = { kind: 'Group', name: 'dev-NAMESPACE', apiGroup: 'rbac.authorization.k8s.io' };
const bind = (name: string, roleRef: unknown, subjects: unknown = [DEV]) => post(ROLE_BINDINGS, { metadata: { name }, roleRef, subjects });
const bindCluster = (name: string, roleRef: unknown, subjects: unknown = [DEV]) =>
  post(CLUSTER_ROLE_BINDINGS, { metadata: { name: `${name}-NAMESPACE` }, roleRef, subjects });
const READ = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };
/** Upstream sees a new role a moment later: something else is asked in between. */
const MOMENT: Call[] = [{ path: '/readyz' }, { path: '/readyz' }, { path: '/readyz' }];
const given = (...rules: unknown[]) => [role('given', rules), bind('given', ref('Role', 'given')), ...MOMENT];
const asJane = (step: Call): Call => ({ ...step, headers: { ...step.headers, ...JANE } });

const BAD_RULES: unknown[] = [
  {},
  { verbs: [] },
  { verbs: ['get'] },
  { verbs: ['get'], apiGroups: [''] },
  { verbs: ['get'], resources: ['pods'] },
  { verbs: ['get'], nonResourceURLs: ['/x'] },
  { verbs: ['get'], nonResourceURLs: ['/x', '/y'], apiGroups: [''], resources: ['pods'] },
  { nonResourceURLs: ['/x'] },
];
const BAD_REFS: unknown[] = [
  {},
  { kind: 'Role', name: 'x' },
  ref('Thing', 'x'),
  ref('Role', ''),
  ref('Role', 'a/b'),
  ref('ClusterRole', '..'),
  { apiGroup: 'apps', kind: 'ClusterRole', name: 'x' },
];
const BAD_SUBJECTS: unknown[] = [
  {},
  { kind: 'User' },
  { kind: 'User', name: 'x', apiGroup: 'apps' },
  { kind: 'Group', name: 'x', namespace: 'y' },
  { kind: 'ServiceAccount', name: 'x' },
  { kind: 'ServiceAccount', name: 'X', namespace: 'y', apiGroup: 'rbac.authorization.k8s.io' },
  { kind: 'Robot', name: 'x' },
];
const SPECS: object[] = [
  {},
  { user: 'jane', nonResourceAttributes: { path: '/x', verb: 'get' }, resourceAttributes: { verb: 'get' } },
  { user: 'jane', groups: ['dev-NAMESPACE'], resourceAttributes: { namespace: 'NAMESPACE', verb: 'get', resource: 'pods', name: 'a' } },
  { user: 'jane', groups: ['dev-NAMESPACE'], resourceAttributes: { namespace: 'NAMESPACE', verb: 'get', resource: 'pods', subresource: 'log' } },
  { groups: ['system:authenticated'], nonResourceAttributes: { path: '/api/v1', verb: 'get' } },
  { groups: ['system:authenticated'], nonResourceAttributes: { path: '/secret', verb: 'get' } },
  { user: 'jane', resourceAttributes: { verb: 'list', resource: 'pods', fieldSelector: {} } },
  {
    user: 'jane',
    resourceAttributes: { verb: 'list', resource: 'pods', fieldSelector: { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'In', values: ['b'] }] } },
  },
  { user: 'jane', resourceAttributes: { verb: 'list', resource: 'pods', labelSelector: { requirements: [{ key: 'a', operator: 'Exists' }] } } },
];

/** Asked with rights that a role of the case gives, or without. */
const ASKED: readonly [what: string, method: string, path: string][] = [
  ['get', 'GET', `${PODS}/a`],
  ['list', 'GET', PODS],
  ['list one', 'GET', `${PODS}?fieldSelector=metadata.name%3Da`],
  ['watch', 'GET', `${PODS}?watch=true&timeoutSeconds=1`],
  ['list everywhere', 'GET', '/api/v1/pods'],
  ['log', 'GET', `${PODS}/a/log`],
  ['exec', 'GET', `${PODS}/a/exec?command=x`],
  ['evict', 'POST', `${PODS}/a/eviction`],
  ['delete', 'DELETE', `${PODS}/a`],
  ['delete all', 'DELETE', PODS],
  ['replace', 'PUT', `${PODS}/a`],
  ['namespace', 'GET', '/api/v1/namespaces/NAMESPACE'],
  ['finalize', 'PUT', '/api/v1/namespaces/NAMESPACE/finalize'],
  ['unknown resource', 'GET', '/api/v1/namespaces/NAMESPACE/nothings'],
  ['unknown group', 'GET', '/apis/no.test/v1/things/x'],
  ['unknown path', 'GET', '/nothing'],
  ['post to a path', 'POST', '/api'],
  ['options', 'OPTIONS', PODS],
  ['name with marks', 'GET', `${PODS}/a%3Cb%3E&c`],
];

/** As a kubelet asks. */
const asNode = (step: Call, node = 'n-NAMESPACE'): Call => ({
  ...step,
  headers: { ...step.headers, 'impersonate-user': `system:node:${node}`, 'impersonate-group': 'system:nodes' },
});
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const INFO = [
  'machineID',
  'systemUUID',
  'bootID',
  'kernelVersion',
  'osImage',
  'containerRuntimeVersion',
  'kubeletVersion',
  'kubeProxyVersion',
  'operatingSystem',
  'architecture',
];
const NODE_STATUS = { daemonEndpoints: { kubeletEndpoint: { Port: 1 } }, nodeInfo: Object.fromEntries(INFO.map((field) => [field, 'x'])) };
const node = (name: string, labels: Record<string, string> = {}) => post('/api/v1/nodes', { metadata: { name, labels }, status: NODE_STATUS });
const BY_NODES: readonly [what: string, ...steps: Call[]][] = [
  ['reads a secret of nobody', { path: '/api/v1/namespaces/NAMESPACE/secrets/s' }],
  ['lists secrets', { path: '/api/v1/namespaces/NAMESPACE/secrets' }],
  ['lists secrets everywhere', { path: '/api/v1/secrets' }],
  ['writes a secret', { method: 'PUT', path: '/api/v1/namespaces/NAMESPACE/secrets/s' }],
  ['reads a claim', { path: '/api/v1/namespaces/NAMESPACE/persistentvolumeclaims/s' }],
  ['lists claims', { path: '/api/v1/namespaces/NAMESPACE/persistentvolumeclaims' }],
  ['reads a volume', { path: '/api/v1/persistentvolumes/s' }],
  ['lists pods', { path: '/api/v1/pods' }],
  ['lists its pods', { path: '/api/v1/pods?fieldSelector=spec.nodeName%3Dn-NAMESPACE' }],
  ['lists pods of another', { path: '/api/v1/pods?fieldSelector=spec.nodeName%3Dother' }],
  ['reads a pod', { path: `${PODS}/a` }],
  ['execs', { method: 'POST', path: `${PODS}/a/exec?command=x` }],
  ['lists nodes', { path: '/api/v1/nodes' }],
  ['reads itself', { path: '/api/v1/nodes/n-NAMESPACE' }],
  ['reads another', { path: '/api/v1/nodes/other' }],
  ['reads a lease', { path: `${LEASES}/other` }],
  ['reads a lease elsewhere', { path: '/apis/coordination.k8s.io/v1/namespaces/default/leases/n-NAMESPACE' }],
  ['makes a token', post('/api/v1/namespaces/NAMESPACE/serviceaccounts/default/token', { spec: {} })],
  ['makes an account', post('/api/v1/namespaces/NAMESPACE/serviceaccounts', { metadata: { name: 'x' } })],
  ['lists services', { path: '/api/v1/services?limit=1&labelSelector=no%3Done' }],
  ['lists deployments', { path: '/apis/apps/v1/deployments' }],
  ['asks for metrics', { path: '/metrics' }],
  ['makes itself', node('n-NAMESPACE', { 'kubernetes.io/os': 'linux', mine: 'x' })],
  ['makes another', node('m-NAMESPACE')],
  [
    'makes itself with labels it may not have',
    node('n-NAMESPACE', { 'node-restriction.kubernetes.io/a': 'b', 'x.k8s.io/y': 'z', 'app.kubernetes.io/name': 'n' }),
  ],
  ['makes its lease', post(LEASES, { metadata: { name: 'n-NAMESPACE' } })],
  ['makes the lease of another', post(LEASES, { metadata: { name: 'm-NAMESPACE' } })],
  ...['kubelet-serving', 'kube-apiserver-client-kubelet', 'kube-apiserver-client'].map((signer): [string, Call] => [
    `asks for a certificate of another name of ${signer}`,
    post('/apis/certificates.k8s.io/v1/certificatesigningrequests', {
      metadata: { name: 'c-NAMESPACE' },
      spec: { request: REQUEST, signerName: `kubernetes.io/${signer}`, usages: ['client auth'] },
    }),
  ]),
  ['makes a pod', post(PODS, { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'a' }] } })],
  [
    'makes a mirror pod of another',
    post(PODS, {
      metadata: { name: 'p', annotations: { 'kubernetes.io/config.mirror': 'x' } },
      spec: { nodeName: 'm', containers: [{ name: 'a', image: 'a' }] },
    }),
  ],
  [
    'makes a mirror pod without an owner',
    post(PODS, {
      metadata: { name: 'p', annotations: { 'kubernetes.io/config.mirror': 'x' } },
      spec: { nodeName: 'n-NAMESPACE', containers: [{ name: 'a', image: 'a' }] },
    }),
  ],
];

const named = (prefix: string, what: unknown): string => `authorization: ${prefix} ${JSON.stringify(what)}`;

export const AUTHORIZATION: readonly Case[] = [
  ...BAD_RULES.flatMap((rule) => [
    { name: named('role with', rule), steps: [role('r', [rule])] },
    { name: named('cluster role with', rule), steps: [clusterRole('r', [rule])] },
  ]),
  ...[
    {},
    { clusterRoleSelectors: [] },
    { clusterRoleSelectors: [{ matchLabels: { 'a/b/c': 'd' } }] },
    { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] },
  ].map((aggregationRule) => ({ name: named('cluster role gathering', aggregationRule), steps: [clusterRole('g', undefined, { aggregationRule })] })),
  ...BAD_REFS.flatMap((roleRef) => [
    { name: named('binding of', roleRef), steps: [bind('b', roleRef)] },
    { name: named('cluster binding of', roleRef), steps: [bindCluster('b', roleRef)] },
  ]),
  ...BAD_SUBJECTS.flatMap((subject) => [
    { name: named('binding to', subject), steps: [bind('b', ref('Role', 'x'), [subject])] },
    { name: named('cluster binding to', subject), steps: [bindCluster('b', ref('ClusterRole', 'x'), [subject])] },
  ]),
  {
    name: 'authorization: what a binding binds does not change',
    steps: [
      bind('b', ref('Role', 'x')),
      { method: 'PATCH', path: `${ROLE_BINDINGS}/b`, headers: MERGE_PATCH, body: { roleRef: { name: 'y' } } },
      { method: 'PATCH', path: `${ROLE_BINDINGS}/b`, headers: MERGE_PATCH, body: { subjects: null } },
      bindCluster('b', ref('ClusterRole', 'x')),
      { method: 'PATCH', path: `${CLUSTER_ROLE_BINDINGS}/b-NAMESPACE`, headers: MERGE_PATCH, body: { roleRef: { name: 'y' } } },
    ],
  },
  {
    name: 'authorization: a role without rules',
    steps: [post(ROLES, { metadata: { name: 'r' } }), post(CLUSTER_ROLES, { metadata: { name: 'r-NAMESPACE' } })],
  },
  ...ASKED.map(([what, method, path]) => ({ name: `authorization: without rights: ${what}`, steps: [asJane({ method, path })] })),
  ...ASKED.map(([what, method, path]) => ({
    name: `authorization: with some rights: ${what}`,
    steps: [...given(READ, { verbs: ['get'], apiGroups: [''], resources: ['pods/log', 'namespaces'] }), asJane({ method, path })],
  })),
  {
    name: 'authorization: a binding to nothing is told',
    steps: [bind('b', ref('Role', 'absent')), bindCluster('b', ref('ClusterRole', 'absent-NAMESPACE')), ...MOMENT, asJane({ path: PODS })],
  },
  {
    name: 'authorization: nobody grants more than they hold',
    steps: [
      ...given(READ, { verbs: ['*'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'] }),
      asJane(role('same', [READ])),
      asJane(
        role('more', [
          { ...READ, verbs: ['get', 'delete'] },
          { verbs: ['get'], apiGroups: ['apps', ''], resources: ['deployments'], resourceNames: ['x', 'y'] },
        ]),
      ),
      asJane({ method: 'PATCH', path: `${ROLES}/same`, headers: MERGE_PATCH, body: { rules: [{ ...READ, resources: ['secrets'] }] } }),
      asJane(bind('same', ref('Role', 'same'))),
      asJane(bind('more', ref('ClusterRole', 'system:basic-user'))),
      asJane(bind('absent', ref('Role', 'absent'))),
      asJane(bind('odd', ref('Odd', 'absent'))),
    ],
  },
  {
    name: 'authorization: who may bind and escalate',
    steps: [
      ...given(
        { verbs: ['create', 'bind'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['rolebindings', 'clusterroles'] },
        { verbs: ['create', 'escalate'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'] },
      ),
      asJane(role('any', [READ])),
      asJane(bind('any', ref('ClusterRole', 'system:basic-user'))),
      asJane(bind('none', ref('Role', 'any'))),
    ],
  },
  {
    name: 'authorization: gathering needs everything',
    steps: [
      clusterRole('maker', [{ verbs: ['*'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] }]),
      bindCluster('maker', ref('ClusterRole', 'maker-NAMESPACE')),
      ...MOMENT,
      asJane(clusterRole('g', undefined, { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } })),
    ],
  },
  ...BY_NODES.map(([what, ...steps]) => ({ name: `authorization: a node ${what}`, steps: steps.map((step) => asNode(step)) })),
  {
    name: 'authorization: a node changes itself',
    steps: [
      asNode(node('n-NAMESPACE')),
      ...[{ metadata: { labels: { 'app.kubernetes.io/name': 'x' } } }, { spec: { taints: [] } }, { metadata: { labels: { a: 'b' } } }].map((body) =>
        asNode({ method: 'PATCH', path: '/api/v1/nodes/n-NAMESPACE', headers: MERGE_PATCH, body }),
      ),
      asNode({ method: 'PATCH', path: '/api/v1/nodes/n-NAMESPACE', headers: MERGE_PATCH, body: { metadata: { labels: { a: 'c' } } } }, 'other'),
      asNode({ method: 'DELETE', path: '/api/v1/nodes/n-NAMESPACE' }),
    ],
  },
  ...SPECS.flatMap((spec) =>
    ['subjectaccessreviews', 'selfsubjectaccessreviews'].map((plural) => ({
      name: named(plural, spec),
      steps: [...given(READ), post(`${REVIEWS}/${plural}`, { spec })],
    })),
  ),
  ...SPECS.map((spec) => ({
    name: named('localsubjectaccessreviews', spec),
    steps: [...given(READ), post(`${REVIEWS}/namespaces/NAMESPACE/localsubjectaccessreviews`, { spec })],
  })),
  {
    name: 'authorization: my rules',
    steps: [
      role('r', [READ, { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['x'] }]),
      bind('r', ref('Role', 'r'), [{ kind: 'User', name: 'only-NAMESPACE', apiGroup: 'rbac.authorization.k8s.io' }]),
      {
        ...post(`${REVIEWS}/selfsubjectrulesreviews`, { spec: { namespace: 'NAMESPACE' } }),
        headers: { 'impersonate-user': 'only-NAMESPACE', 'impersonate-group': 'system:unauthenticated' },
      },
      post(`${REVIEWS}/selfsubjectrulesreviews`, { spec: {} }),
    ],
  },
  ...['admin', 'system:node', 'system:kube-scheduler', 'system:aggregate-to-edit', 'system:controller:replicaset-controller', 'system:discovery'].map(
    (name) => ({
      name: `authorization: cluster role ${name}`,
      steps: [{ path: `${CLUSTER_ROLES}/${name}` }],
    }),
  ),
  ...['system:discovery', 'system:node', 'system:controller:job-controller', 'cluster-admin'].map((name) => ({
    name: `authorization: cluster role binding ${name}`,
    steps: [{ path: `${CLUSTER_ROLE_BINDINGS}/${name}` }],
  })),
  {
    name: 'authorization: roles of kube-system',
    steps: ['roles', 'rolebindings'].map((plural) => ({ path: `${RBAC}/namespaces/kube-system/${plural}` })),
  },
];
