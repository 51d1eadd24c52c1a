/** Cases written by hand: what the generated ones cannot reach. */
import { AUTHORIZATION } from './authorization.ts';
import { FRONT_DOOR } from './front-door.ts';
import { APPLY_PATCH, type Case, JSON_PATCH, MERGE_PATCH, METADATA_LIST, STRATEGIC_PATCH, TABLE } from './case.ts';

const CONFIG_MAPS = '/api/v1/namespaces/NAMESPACE/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/NAMESPACE/deployments';
const PODS = '/api/v1/namespaces/NAMESPACE/pods';
const SERVICES = '/api/v1/namespaces/NAMESPACE/services';

const configMap = (name: string, data: Record<string, string> = { a: '1' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels: { n: name } },
  data,
});
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          { name: 'a', image: 'a:1', ports: [{ containerPort: 80 }], env: [{ name: 'X', value: '1' }] },
          { name: 'b', image: 'b:1' },
        ],
        tolerations: [{ key: 't', operator: 'Exists' }],
      },
    },
  },
};
const pod = (name: string, more: object = {}) => ({ metadata: { name }, spec: { containers: [{ name: 'a', image: 'a' }], ...more } });
const post = (path: string, body: unknown) => ({ method: 'POST', path, body });
const patch = (path: string, headers: Record<string, string>, body: unknown) => ({ method: 'PATCH', path, headers, body });
const strategic = (spec: object): Case['steps'] => [
  post(DEPLOYMENTS, deployment),
  patch(`${DEPLOYMENTS}/web`, STRATEGIC_PATCH, { spec: { template: { spec } } }),
];
const applied = (manager: string, body: unknown, more = '') => patch(`${DEPLOYMENTS}/web?fieldManager=${manager}${more}`, APPLY_PATCH, body);
const three = ['a', 'b', 'c'].map((name) => post(CONFIG_MAPS, configMap(name)));

export const WRITTEN: readonly Case[] = [
  ...AUTHORIZATION,
  ...FRONT_DOOR,
  // Addresses
  ...[
    '/api/v1/nothing',
    '/apis/nothing',
    '/apis/apps/v9/deployments',
    '/nothing',
    '/api/v1/namespaces/NAMESPACE/configmaps/a/b',
    '/api/v2',
    '/apis/apps/v1/nodes',
  ].map((path) => ({ name: `GET ${path}`, steps: [{ path }] })),
  ...['POST', 'PUT', 'DELETE', 'PATCH'].map((method) => ({ name: `${method} on a version`, steps: [{ method, path: '/api/v1' }] })),
  { name: 'PUT on a collection', steps: [{ method: 'PUT', path: CONFIG_MAPS, body: configMap('a') }] },
  { name: 'POST on an object', steps: [post(`${CONFIG_MAPS}/a`, configMap('a'))] },
  { name: 'PATCH without a known type', steps: [patch(`${CONFIG_MAPS}/a`, { 'content-type': 'text/plain' }, {})] },
  { name: 'a body of an unknown type', steps: [{ ...post(CONFIG_MAPS, configMap('a')), headers: { 'content-type': 'text/plain' } }] },
  { name: 'an answer of an unknown type', steps: [{ path: CONFIG_MAPS, headers: { accept: 'text/plain' } }] },
  { name: 'no body', steps: [{ method: 'POST', path: CONFIG_MAPS }] },
  { name: 'a body that is not JSON', steps: [post(CONFIG_MAPS, '{"a":')] },
  { name: 'a body of another kind', steps: [post(CONFIG_MAPS, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } })] },
  { name: 'a body of another version', steps: [post(DEPLOYMENTS, { ...deployment, apiVersion: 'apps/v2' })] },
  { name: 'a body for another namespace', steps: [post(CONFIG_MAPS, { metadata: { name: 'a', namespace: 'other' } })] },
  { name: 'a namespace that is not there', steps: [post('/api/v1/namespaces/absent-one/configmaps', configMap('a'))] },
  { name: 'a name that is no name', steps: [post(CONFIG_MAPS, configMap('A_B'))] },
  { name: 'no name', steps: [post(CONFIG_MAPS, { metadata: {} })] },
  { name: 'twice the same field, strictly', steps: [post(`${CONFIG_MAPS}?fieldValidation=Strict`, '{"metadata":{"name":"a"},"data":{"a":"1","a":"2"}}')] },
  { name: 'a bad fieldValidation', steps: [post(`${CONFIG_MAPS}?fieldValidation=Maybe`, configMap('a'))] },
  { name: 'a bad dryRun', steps: [post(`${CONFIG_MAPS}?dryRun=Some`, configMap('a'))] },
  { name: 'a dry run leaves nothing', steps: [post(`${CONFIG_MAPS}?dryRun=All`, configMap('a')), { path: `${CONFIG_MAPS}/a` }] },
  { name: 'a bad fieldManager', steps: [post(`${CONFIG_MAPS}?fieldManager=${'x'.repeat(129)}`, configMap('a'))] },
  // Lists
  { name: 'a list in pages', steps: [...three, { path: `${CONFIG_MAPS}?limit=2` }, { path: `${CONFIG_MAPS}?limit=2&labelSelector=n!%3Dx` }] },
  { name: 'a bad continue token', steps: [{ path: `${CONFIG_MAPS}?limit=2&continue=x` }] },
  { name: 'a bad limit', steps: [{ path: `${CONFIG_MAPS}?limit=x` }] },
  { name: 'a bad resourceVersion', steps: [{ path: `${CONFIG_MAPS}?resourceVersion=x` }] },
  { name: 'resourceVersionMatch without resourceVersion', steps: [{ path: `${CONFIG_MAPS}?resourceVersionMatch=Exact` }] },
  { name: 'a bad resourceVersionMatch', steps: [{ path: `${CONFIG_MAPS}?resourceVersion=1&resourceVersionMatch=Perhaps` }] },
  { name: 'an exact list of revision 0', steps: [{ path: `${CONFIG_MAPS}?resourceVersion=0&resourceVersionMatch=Exact` }] },
  ...['n in (a,b)', 'n notin (a)', '!n', 'n', 'n=a,n!=b', 'n==a', 'n>1', 'n in ()', 'n in (a', '=a', 'a b', '-x=1', 'n=!'].map((selector) => ({
    name: `labelSelector ${selector}`,
    steps: [...three, { path: `${CONFIG_MAPS}?labelSelector=${encodeURIComponent(selector)}` }],
  })),
  ...['metadata.name=a', 'metadata.name!=a', 'metadata.name==a', 'metadata.namespace=x', 'metadata.uid=x', 'x', 'metadata.name=a,metadata.name=b'].map(
    (selector) => ({
      name: `fieldSelector ${selector}`,
      steps: [...three, { path: `${CONFIG_MAPS}?fieldSelector=${encodeURIComponent(selector)}` }],
    }),
  ),
  ...[
    'spec.nodeName=',
    'status.phase=Pending',
    'status.phase!=Pending',
    'spec.restartPolicy=Always',
    'spec.schedulerName=x',
    'spec.serviceAccountName=default',
    'spec.hostNetwork=false',
    'status.podIP=',
    'status.nominatedNodeName=',
    'spec.x=1',
  ].map((selector) => ({
    name: `pods by ${selector}`,
    steps: [post(PODS, pod('p')), { path: `${PODS}?fieldSelector=${encodeURIComponent(selector)}`, headers: METADATA_LIST }],
  })),
  // Watches
  ...[
    '',
    '&resourceVersion=0',
    '&sendInitialEvents=true',
    '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    '&resourceVersion=x',
    '&limit=1',
    '&resourceVersionMatch=Exact&resourceVersion=1',
  ].map((query) => ({
    name: `a watch with '${query}'`,
    steps: [...three, { path: `${CONFIG_MAPS}?watch=true&timeoutSeconds=1${query}` }],
  })),
  { name: 'a watch in tables', steps: [...three, { path: `${CONFIG_MAPS}?watch=true&timeoutSeconds=1`, headers: TABLE }] },
  // Strategic merge patches
  { name: 'strategic: a container merged by name', steps: strategic({ containers: [{ name: 'b', image: 'b:2' }] }) },
  { name: 'strategic: a container added', steps: strategic({ containers: [{ name: 'c', image: 'c:1' }] }) },
  { name: 'strategic: a container deleted', steps: strategic({ containers: [{ name: 'b', $patch: 'delete' }] }) },
  { name: 'strategic: containers replaced', steps: strategic({ containers: [{ $patch: 'replace' }, { name: 'z', image: 'z' }] }) },
  { name: 'strategic: containers ordered', steps: strategic({ $setElementOrder: 1, '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }) },
  {
    name: 'strategic: set element order',
    steps: strategic({ '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'b', image: 'b:2' }] }),
  },
  { name: 'strategic: retainKeys of a volume', steps: strategic({ volumes: [{ name: 'v', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }] }) },
  { name: 'strategic: no merge key', steps: strategic({ containers: [{ image: 'x' }] }) },
  { name: 'strategic: a list where a map is', steps: strategic([]) },
  { name: 'strategic: a bad directive', steps: strategic({ containers: [{ name: 'a', $patch: 'mend' }] }) },
  { name: 'strategic: null removes', steps: [post(DEPLOYMENTS, deployment), patch(`${DEPLOYMENTS}/web`, STRATEGIC_PATCH, { spec: { replicas: null } })] },
  {
    name: 'strategic: env merged',
    steps: strategic({
      containers: [
        {
          name: 'a',
          env: [
            { name: 'Y', value: '2' },
            { name: 'X', $patch: 'delete' },
          ],
        },
      ],
    }),
  },
  {
    name: 'strategic: an unknown field, strictly',
    steps: [post(DEPLOYMENTS, deployment), patch(`${DEPLOYMENTS}/web?fieldValidation=Strict`, STRATEGIC_PATCH, { spec: { nothing: 1 } })],
  },
  {
    name: 'merge: an unknown field, strictly',
    steps: [post(DEPLOYMENTS, deployment), patch(`${DEPLOYMENTS}/web?fieldValidation=Strict`, MERGE_PATCH, { spec: { nothing: 1 } })],
  },
  { name: 'merge: wrong type', steps: [post(DEPLOYMENTS, deployment), patch(`${DEPLOYMENTS}/web`, MERGE_PATCH, { spec: { replicas: 'two' } })] },
  {
    name: 'merge: selector is immutable',
    steps: [post(DEPLOYMENTS, deployment), patch(`${DEPLOYMENTS}/web`, MERGE_PATCH, { spec: { selector: { matchLabels: { app: 'x' } } } })],
  },
  { name: 'merge: not an object', steps: [post(DEPLOYMENTS, deployment), patch(`${DEPLOYMENTS}/web`, MERGE_PATCH, '[]')] },
  ...[
    [{ op: 'replace', path: '/spec/replicas', value: 5 }],
    [{ op: 'remove', path: '/spec/template/spec/containers/1' }],
    [{ op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'c', image: 'c' } }],
    [{ op: 'move', from: '/spec/replicas', path: '/spec/minReadySeconds' }],
    [{ op: 'copy', from: '/metadata/name', path: '/metadata/labels/name' }],
    [{ op: 'remove', path: '/spec/nothing' }],
    [{ op: 'replace', path: '/spec/nothing/deep', value: 1 }],
    [
      { op: 'test', path: '/spec/replicas', value: 2 },
      { op: 'replace', path: '/spec/replicas', value: 3 },
    ],
    [{ op: 'fly', path: '/spec' }],
    [{ path: '/spec' }],
    {},
  ].map((operations) => ({
    name: `JSON patch ${JSON.stringify(operations)}`,
    steps: [post(DEPLOYMENTS, deployment), patch(`${DEPLOYMENTS}/web`, JSON_PATCH, operations)],
  })),
  // Server-side apply
  { name: 'apply creates', steps: [applied('a', deployment), { path: `${DEPLOYMENTS}/web` }] },
  { name: 'apply twice', steps: [applied('a', deployment), applied('a', deployment)] },
  { name: 'apply without a manager', steps: [patch(`${DEPLOYMENTS}/web`, APPLY_PATCH, deployment)] },
  { name: 'apply in conflict', steps: [applied('a', deployment), applied('b', { ...deployment, spec: { ...deployment.spec, replicas: 3 } })] },
  {
    name: 'apply by force',
    steps: [
      applied('a', deployment),
      applied('b', { ...deployment, spec: { ...deployment.spec, replicas: 3 } }, '&force=true'),
      { path: `${DEPLOYMENTS}/web` },
    ],
  },
  {
    name: 'apply shares',
    steps: [applied('a', deployment), applied('b', deployment), applied('a', { ...deployment, metadata: { name: 'web', labels: { x: 'y' } } })],
  },
  {
    name: 'apply removes what it owned',
    steps: [applied('a', { ...deployment, metadata: { name: 'web', labels: { x: 'y' } } }), applied('a', deployment), { path: `${DEPLOYMENTS}/web` }],
  },
  {
    name: 'apply after create',
    steps: [post(`${DEPLOYMENTS}?fieldManager=c`, deployment), applied('a', { ...deployment, spec: { ...deployment.spec, replicas: 4 } })],
  },
  { name: 'apply with managedFields', steps: [applied('a', { ...deployment, metadata: { name: 'web', managedFields: [{ manager: 'x' }] } })] },
  { name: 'apply with an unknown field', steps: [applied('a', { ...deployment, spec: { ...deployment.spec, nothing: 1 } })] },
  { name: 'apply with another name', steps: [applied('a', { ...deployment, metadata: { name: 'other' } })] },
  { name: 'apply without kind', steps: [applied('a', { metadata: { name: 'web' } })] },
  {
    name: 'apply with a duplicate key',
    steps: [
      applied('a', {
        ...deployment,
        spec: {
          ...deployment.spec,
          template: {
            ...deployment.spec.template,
            spec: {
              containers: [
                { name: 'a', image: 'a' },
                { name: 'a', image: 'b' },
              ],
            },
          },
        },
      }),
    ],
  },
  {
    name: 'managedFields reset',
    steps: [
      applied('a', deployment),
      patch(`${DEPLOYMENTS}/web?fieldManager=m`, MERGE_PATCH, { metadata: { managedFields: [{}] } }),
      { path: `${DEPLOYMENTS}/web` },
    ],
  },
  {
    name: 'an update owns what it changes',
    steps: [applied('a', deployment), patch(`${DEPLOYMENTS}/web?fieldManager=m`, MERGE_PATCH, { spec: { replicas: 7 } }), applied('a', deployment)],
  },
  // Subresources
  {
    name: 'scale',
    steps: [
      post(DEPLOYMENTS, deployment),
      { path: `${DEPLOYMENTS}/web/scale` },
      patch(`${DEPLOYMENTS}/web/scale`, MERGE_PATCH, { spec: { replicas: 5 } }),
      patch(`${DEPLOYMENTS}/web/scale`, MERGE_PATCH, { spec: { replicas: -1 } }),
      { path: `${DEPLOYMENTS}/web` },
    ],
  },
  {
    name: 'status',
    steps: [
      post(DEPLOYMENTS, deployment),
      patch(`${DEPLOYMENTS}/web/status`, MERGE_PATCH, { spec: { replicas: 9 }, status: { replicas: 1, observedGeneration: 1 } }),
      patch(`${DEPLOYMENTS}/web`, MERGE_PATCH, { status: { replicas: 5 } }),
      { path: `${DEPLOYMENTS}/web` },
    ],
  },
  { name: 'bad status', steps: [post(DEPLOYMENTS, deployment), patch(`${DEPLOYMENTS}/web/status`, MERGE_PATCH, { status: { replicas: -1 } })] },
  {
    name: 'binding',
    steps: [
      post(PODS, pod('p')),
      post(`${PODS}/p/binding`, { target: { name: 'n', kind: 'Node' } }),
      post(`${PODS}/p/binding`, { target: { name: 'n', kind: 'Node' } }),
      { path: `${PODS}/p` },
    ],
  },
  { name: 'binding to nothing', steps: [post(PODS, pod('p')), post(`${PODS}/p/binding`, { target: {} })] },
  { name: 'eviction', steps: [post(PODS, pod('p')), post(`${PODS}/p/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } })] },
  { name: 'eviction of nothing', steps: [post(`${PODS}/p/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' } })] },
  {
    name: 'ephemeral containers',
    steps: [
      post(PODS, pod('p')),
      patch(`${PODS}/p/ephemeralcontainers`, STRATEGIC_PATCH, { spec: { ephemeralContainers: [{ name: 'd', image: 'd' }] } }),
      patch(`${PODS}/p`, STRATEGIC_PATCH, { spec: { ephemeralContainers: [{ name: 'e', image: 'e' }] } }),
    ],
  },
  {
    name: 'a pod may not change',
    steps: [
      post(PODS, pod('p')),
      patch(`${PODS}/p`, MERGE_PATCH, { spec: { nodeName: 'x' } }),
      patch(`${PODS}/p`, STRATEGIC_PATCH, { spec: { containers: [{ name: 'a', image: 'b' }] } }),
      patch(`${PODS}/p`, STRATEGIC_PATCH, { spec: { containers: [{ name: 'a', command: ['x'] }] } }),
    ],
  },
  // Reviews
  ...[
    { user: 'jane', resourceAttributes: { namespace: 'NAMESPACE', verb: 'get', resource: 'pods' } },
    { user: 'jane', groups: ['system:masters'], resourceAttributes: { verb: 'get', resource: 'pods' } },
    { user: 'system:anonymous', nonResourceAttributes: { path: '/healthz', verb: 'get' } },
    { resourceAttributes: { verb: 'get' } },
    { user: 'jane' },
  ].map((spec) => ({ name: `SubjectAccessReview ${JSON.stringify(spec)}`, steps: [post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec })] })),
  {
    name: 'SelfSubjectAccessReview',
    steps: [post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: { resourceAttributes: { verb: 'delete', resource: 'nodes' } } })],
  },
  { name: 'SelfSubjectReview', steps: [post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {})] },
  { name: 'SelfSubjectRulesReview', steps: [post('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace: 'NAMESPACE' } })] },
  { name: 'TokenReview of nonsense', steps: [post('/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token: 'x' } })] },
  {
    name: 'a review in a table',
    steps: [
      {
        ...post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } }),
        headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      },
    ],
  },
  // Others' eyes
  ...['system:anonymous', 'jane', 'system:serviceaccount:NAMESPACE:default'].flatMap((user) =>
    [PODS, '/api/v1/nodes', `${CONFIG_MAPS}/a`, '/healthz', '/version', '/api', '/metrics'].map((path) => ({
      name: `${user} asks for ${path}`,
      steps: [{ path, headers: { 'impersonate-user': user } }],
    })),
  ),
  // Services
  {
    name: 'services of all types',
    steps: ['ClusterIP', 'NodePort', 'LoadBalancer'].flatMap((type) => [
      post(SERVICES, { metadata: { name: type.toLowerCase() }, spec: { type, selector: { a: 'b' }, ports: [{ port: 80 }] } }),
      { path: `${SERVICES}/${type.toLowerCase()}` },
    ]),
  },
  {
    name: "a load balancer's addresses",
    steps: [
      post(SERVICES, { metadata: { name: 'lb' }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }] } }),
      ...[MERGE_PATCH, STRATEGIC_PATCH].map((type) =>
        patch(`${SERVICES}/lb/status`, type, {
          status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2', ipMode: 'Proxy' }, { hostname: 'a.test' }] } },
        }),
      ),
    ],
  },
  { name: 'an external service', steps: [post(SERVICES, { metadata: { name: 'e' }, spec: { type: 'ExternalName', externalName: 'a.test' } })] },
  { name: 'a headless service', steps: [post(SERVICES, { metadata: { name: 'h' }, spec: { clusterIP: 'None', ports: [{ port: 80 }] } })] },
  { name: 'a service with a taken address', steps: [post(SERVICES, { metadata: { name: 't' }, spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }] } })] },
  { name: 'a service with a foreign address', steps: [post(SERVICES, { metadata: { name: 't' }, spec: { clusterIP: '192.168.1.1', ports: [{ port: 80 }] } })] },
  {
    name: 'a service with a bad node port',
    steps: [post(SERVICES, { metadata: { name: 't' }, spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] } })],
  },
  {
    name: 'a service changes its type',
    steps: [
      post(SERVICES, { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } }),
      patch(`${SERVICES}/s`, MERGE_PATCH, { spec: { type: 'NodePort' } }),
      patch(`${SERVICES}/s`, MERGE_PATCH, { spec: { clusterIP: '10.0.0.77' } }),
      patch(`${SERVICES}/s`, MERGE_PATCH, { spec: { type: 'ClusterIP' } }),
    ],
  },
  // Deletion
  {
    name: 'finalizers hold',
    steps: [
      post(CONFIG_MAPS, { metadata: { name: 'f', finalizers: ['a.test/x'] } }),
      { method: 'DELETE', path: `${CONFIG_MAPS}/f` },
      patch(`${CONFIG_MAPS}/f`, MERGE_PATCH, { metadata: { finalizers: ['a.test/x', 'b.test/y'] } }),
      patch(`${CONFIG_MAPS}/f`, MERGE_PATCH, { metadata: { finalizers: null } }),
      { path: `${CONFIG_MAPS}/f` },
    ],
  },
  { name: 'a bad finalizer', steps: [post(CONFIG_MAPS, { metadata: { name: 'f', finalizers: ['nonsense name'] } })] },
  {
    name: 'a bad propagation policy',
    steps: [post(CONFIG_MAPS, configMap('a')), { method: 'DELETE', path: `${CONFIG_MAPS}/a`, body: { propagationPolicy: 'Sideways' } }],
  },
  {
    name: 'graceful deletion of a pod',
    steps: [
      post(PODS, pod('p', { nodeName: 'n' })),
      { method: 'DELETE', path: `${PODS}/p` },
      { path: `${PODS}/p` },
      { method: 'DELETE', path: `${PODS}/p`, body: { gracePeriodSeconds: 0 } },
      { path: `${PODS}/p` },
    ],
  },
  {
    name: 'a namespace is ending',
    steps: [{ method: 'DELETE', path: '/api/v1/namespaces/NAMESPACE' }, post(CONFIG_MAPS, configMap('a')), { path: '/api/v1/namespaces/NAMESPACE' }],
  },
  { name: 'default may not go', steps: [{ method: 'DELETE', path: '/api/v1/namespaces/kube-system' }] },
  // Immutable
  {
    name: 'an immutable config map',
    steps: [
      post(CONFIG_MAPS, { ...configMap('i'), immutable: true }),
      patch(`${CONFIG_MAPS}/i`, MERGE_PATCH, { data: { a: '2' } }),
      patch(`${CONFIG_MAPS}/i`, MERGE_PATCH, { immutable: false }),
    ],
  },
  {
    name: 'a secret keeps its type',
    steps: [
      post('/api/v1/namespaces/NAMESPACE/secrets', { metadata: { name: 's' }, stringData: { a: 'b' } }),
      patch('/api/v1/namespaces/NAMESPACE/secrets/s', MERGE_PATCH, { type: 'x' }),
    ],
  },
];
