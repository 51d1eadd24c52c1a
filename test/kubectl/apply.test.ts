/** Server-side apply as kubectl's users see it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { customResourceController } from '../../src/apiserver/crd/controller.ts';
import type { ManagedFieldsEntry } from '../../src/kube/apply/managers.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();
let api: TestApi;

before(async () => {
  if (skip) return;
  api = await startTestApi({ controllers: (ctx, { engine }) => [customResourceController(ctx, engine)] });
});
after(() => api?.close());

function deployment(name: string, fields: { replicas?: number; image?: string; sidecar?: boolean; labels?: Record<string, string> } = {}): string {
  const { replicas, image = 'nginx:1.25', sidecar = false, labels } = fields;
  const containers = [
    { name: 'web', image, ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }] },
    ...(sidecar ? [{ name: 'sidecar', image: 'sidecar:1' }] : []),
  ];
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers } },
    },
  });
}

const serverSide = (body: string, ...more: string[]) => api.kubectlRaw(['apply', '--server-side', ...more, '-f', '-'], body);
const field = (name: string, path: string) => api.kubectl('get', 'deploy', name, '-o', `jsonpath={${path}}`);

async function managers(name: string): Promise<ManagedFieldsEntry[]> {
  const object = JSON.parse(await api.kubectl('get', 'deploy', name, '-o', 'json', '--show-managed-fields')) as {
    metadata: { managedFields: ManagedFieldsEntry[] };
  };
  return object.metadata.managedFields;
}

test('apply --server-side makes an object, and the second time changes nothing', { skip }, async () => {
  assert.equal((await serverSide(deployment('made', { replicas: 2 }))).stdout, 'deployment.apps/made serverside-applied\n');
  const first = await field('made', '.metadata.resourceVersion');
  assert.equal((await serverSide(deployment('made', { replicas: 2 }))).code, 0);
  assert.equal(await field('made', '.metadata.resourceVersion'), first);
  const [entry, ...others] = await managers('made');
  assert.deepEqual(others, []);
  assert.deepEqual([entry?.manager, entry?.operation, entry?.apiVersion], ['kubectl', 'Apply', 'apps/v1']);
  const fields = entry?.fieldsV1 as { 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': object } } } };
  assert.deepEqual(Object.keys(fields['f:spec']['f:template']['f:spec']['f:containers']), ['k:{"name":"web"}']);
  assert.doesNotMatch(await api.kubectl('get', 'deploy', 'made', '-o', 'yaml'), /managedFields/);
});

test('a field that another owns is a conflict that says whose, until it is forced', { skip }, async () => {
  await serverSide(deployment('fought', { replicas: 2 }));
  const refused = await serverSide(deployment('fought', { replicas: 5 }), '--field-manager', 'other');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Apply failed with 1 conflict: conflict with "kubectl": \.spec\.replicas/);
  assert.equal(await field('fought', '.spec.replicas'), '2');
  assert.equal((await serverSide(deployment('fought', { replicas: 5 }), '--field-manager', 'other', '--force-conflicts')).code, 0);
  assert.equal(await field('fought', '.spec.replicas'), '5');
  // The first applier is told now, of what it lost.
  assert.match((await serverSide(deployment('fought', { replicas: 2 }))).stderr, /conflict with "other": \.spec\.replicas/);
  // Who does not name the field does not care.
  assert.equal((await serverSide(deployment('fought'))).code, 0);
  assert.equal(await field('fought', '.spec.replicas'), '5');
});

test('what its only owner names no more is removed, and what others own stays', { skip }, async () => {
  await serverSide(deployment('less', { replicas: 2, sidecar: true, labels: { a: '1', b: '2' } }));
  await api.kubectl('label', 'deploy', 'less', 'c=3');
  assert.equal((await serverSide(deployment('less', { labels: { a: '1' } }))).code, 0);
  assert.equal(await field('less', '.metadata.labels'), '{"a":"1","c":"3"}');
  assert.equal(await field('less', '.spec.template.spec.containers[*].name'), 'web');
  assert.equal(await field('less', '.spec.replicas'), '1', 'the default again');
});

test('scale takes the replicas from who applied them', { skip }, async () => {
  await serverSide(deployment('scaled', { replicas: 2 }));
  await api.kubectl('scale', 'deploy', 'scaled', '--replicas=4');
  const scale = (await managers('scaled')).find(({ subresource }) => subresource === 'scale');
  assert.deepEqual(scale?.fieldsV1, { 'f:spec': { 'f:replicas': {} } });
  assert.match(
    (await serverSide(deployment('scaled', { replicas: 2 }))).stderr,
    /conflict with "kubectl" with subresource "scale" using apps\/v1: \.spec\.replicas/,
  );
});

test('an object applied by the client goes over to the server without a conflict, and back', { skip }, async () => {
  const body = (image: string): string => deployment('moved', { replicas: 2, image });
  await api.apply(body('nginx:1'));
  assert.equal((await serverSide(body('nginx:2'))).stderr, '');
  assert.equal(await field('moved', '.spec.template.spec.containers[0].image'), 'nginx:2');
  assert.deepEqual(
    (await managers('moved')).map(({ manager, operation }) => [manager, operation]),
    [
      // kubectl keeps its note, the annotation, as an applier of its own.
      ['kubectl-last-applied', 'Apply'],
      ['kubectl', 'Apply'],
    ],
  );
  assert.match(await field('moved', '.metadata.annotations'), /nginx:2/, 'the note of the client is kept true');
  assert.match(await api.apply(body('nginx:3')), /deployment.apps\/moved configured/);
  assert.equal(await field('moved', '.spec.template.spec.containers[0].image'), 'nginx:3');
});

test('an apply that the type does not allow is refused with the field', { skip }, async () => {
  const wrong = await serverSide(deployment('wrong').replace('"selector"', '"selektor"'));
  assert.match(wrong.stderr, /\.spec\.selektor: field not declared in schema/);
  const twice = await serverSide(deployment('wrong', { sidecar: true }).replace('"sidecar"', '"web"'));
  assert.match(twice.stderr, /\.spec\.template\.spec\.containers: duplicate entries for key \[name="web"\]/);
});

const CRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: routes.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: routes, singular: route, kind: Route}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              hosts: {type: array, x-kubernetes-list-type: set, items: {type: string}}
              rules:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [path]
                items: {type: object, required: [path], properties: {path: {type: string}, to: {type: string}}}
              order: {type: array, items: {type: string}}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`;

test('lists of custom resources merge as their schema says: sets, maps by key, and lists as one', { skip }, async () => {
  await api.apply(CRD);
  await api.kubectl('wait', '--for=condition=Established', 'crd/routes.example.com');
  const route = (spec: object): string => JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Route', metadata: { name: 'r' }, spec });
  const spec = () => api.kubectl('get', 'route', 'r', '-o', 'jsonpath={.spec}');
  await serverSide(route({ hosts: ['a'], rules: [{ path: '/a', to: 'x' }], order: ['1'] }), '--field-manager', 'one');
  assert.equal((await serverSide(route({ hosts: ['b'], rules: [{ path: '/b', to: 'y' }] }), '--field-manager', 'two')).stderr, '');
  assert.deepEqual(JSON.parse(await spec()), {
    hosts: ['a', 'b'],
    rules: [
      { path: '/a', to: 'x' },
      { path: '/b', to: 'y' },
    ],
    order: ['1'],
  });
  assert.match((await serverSide(route({ order: ['2'] }), '--field-manager', 'two')).stderr, /conflict with "one": \.spec\.order/);
  assert.equal((await serverSide(route({ hosts: ['b'] }), '--field-manager', 'one')).stderr, '');
  assert.deepEqual(JSON.parse(await spec()), { hosts: ['b'], rules: [{ path: '/b', to: 'y' }] });
});
