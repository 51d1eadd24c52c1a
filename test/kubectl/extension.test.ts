import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { customResourceController } from '../../src/apiserver/crd/controller.ts';
import { patching, testWebhook, verdict, type TestWebhook } from '../../src/apiserver/webhooks/testing.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();
let api: TestApi;
let hook: TestWebhook;

before(async () => {
  if (skip) return;
  api = await startTestApi({ controllers: (ctx, { engine }) => [customResourceController(ctx, engine)] });
  hook = await testWebhook((body) => verdict(body, { allowed: true }));
});
after(async () => {
  await hook?.close();
  await api?.close();
});

const hooks = (kind: string): string => `
apiVersion: admissionregistration.k8s.io/v1
kind: ${kind}WebhookConfiguration
metadata: {name: hook}
webhooks:
- name: hook.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig: {url: "https://127.0.0.1:${hook.port}/", caBundle: ${hook.caBundle}}
  rules: [{apiGroups: [""], apiVersions: [v1], resources: [configmaps], operations: [CREATE]}]
`;

test('a webhook changes, warns and denies, and kubectl shows its words', { skip }, async () => {
  await api.apply(hooks('Mutating'));
  hook.answer = (body) => patching(body, [{ op: 'add', path: '/data/added', value: 'yes' }]);
  await api.kubectl('create', 'configmap', 'one', '--from-literal=a=b');
  assert.equal(await api.kubectl('get', 'configmap', 'one', '-o', 'jsonpath={.data}'), '{"a":"b","added":"yes"}');
  await api.kubectl('delete', 'mutatingwebhookconfiguration', 'hook');
  await api.apply(hooks('Validating'));
  hook.answer = (body) => verdict(body, { allowed: true, warnings: ['look out'] });
  assert.match((await api.kubectlRaw(['create', 'configmap', 'two'])).stderr, /^Warning: look out$/m);
  hook.answer = (body) => verdict(body, { allowed: false, status: { message: 'not today' } });
  const { code, stderr } = await api.kubectlRaw(['create', 'configmap', 'three']);
  assert.equal(code, 1);
  assert.match(stderr, /admission webhook "hook\.example\.com" denied the request: not today/);
  await api.kubectl('delete', 'validatingwebhookconfiguration', 'hook');
  await api.kubectl('create', 'configmap', 'three');
});

test('rules of a schema are checked when it is made and when it is used', { skip }, async () => {
  const definition = (rule: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ranges.example.test}
spec:
  group: example.test
  scope: Namespaced
  names: {plural: ranges, kind: Range}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {min: {type: integer}, max: {type: integer}}
            x-kubernetes-validations: [{rule: "${rule}", message: min must not exceed max}]
`;
  assert.match(
    (await api.kubectlRaw(['apply', '-f', '-'], definition('self.low <= self.max'))).stderr,
    /x-kubernetes-validations\[0\]\.rule: Invalid value: .*undefined field 'low'/,
  );
  await api.apply(definition('self.min <= self.max'));
  await api.kubectl('wait', '--for=condition=Established', 'crd/ranges.example.test', '--timeout=20s');
  const range = (min: number, max: number): string => `apiVersion: example.test/v1\nkind: Range\nmetadata: {name: r}\nspec: {min: ${min}, max: ${max}}\n`;
  assert.match((await api.kubectlRaw(['apply', '-f', '-'], range(2, 1))).stderr, /The Range "r" is invalid: spec: Invalid value: min must not exceed max/);
  assert.equal(await api.apply(range(1, 2)), 'range.example.test/r created\n');
});

test('a policy denies where it is bound', { skip }, async () => {
  await api.apply(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]}
  validations: [{expression: "object.spec.replicas <= 5"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: few}
spec: {policyName: few, validationActions: [Deny]}
`);
  const { stderr } = await api.kubectlRaw(['create', 'deployment', 'd', '--image=x', '--replicas=6']);
  assert.match(
    stderr,
    /deployments\.apps "d" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied request: failed expression: object\.spec\.replicas <= 5/,
  );
  await api.kubectl('create', 'deployment', 'd', '--image=x', '--replicas=5');
});

const mutating = (more: object, name = 'team'): string =>
  JSON.stringify({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name },
    spec: {
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }] },
      reinvocationPolicy: 'IfNeeded',
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{data: {"size": string(object.data.size())}}' } }],
      ...more,
    },
  });
const mutatingBinding = (more: object, name = 'team'): string =>
  JSON.stringify({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, ...more },
  });

test('a policy changes what is created, and looks again at what a webhook made of it', { skip }, async () => {
  await api.apply(mutating({}));
  await api.apply(mutatingBinding({}));
  assert.match(await api.kubectl('get', 'mutatingadmissionpolicies', '--no-headers'), /^team +1 +<unset>/);
  await api.kubectl('create', 'configmap', 'alone', '--from-literal=a=b');
  // It has changed the object, and is asked again.
  assert.equal(await api.kubectl('get', 'configmap', 'alone', '-o', 'jsonpath={.data.size}'), '2');
  await api.apply(hooks('Mutating'));
  hook.answer = (body) => patching(body, [{ op: 'add', path: '/data/added', value: 'yes' }]);
  await api.kubectl('create', 'configmap', 'both', '--from-literal=a=b');
  // Counted with its own field, which the first round added, and the webhook's.
  assert.equal(await api.kubectl('get', 'configmap', 'both', '-o', 'jsonpath={.data}'), '{"a":"b","added":"yes","size":"3"}');
  await api.kubectl('delete', 'mutatingwebhookconfiguration/hook', 'mutatingadmissionpolicybinding/team', 'mutatingadmissionpolicy/team');
});

test('who writes a policy must be allowed to read its parameters', { skip }, async () => {
  await api.kubectl('create', 'clusterrole', 'policies', '--verb=*', '--resource=mutatingadmissionpolicies,mutatingadmissionpolicybindings');
  await api.kubectl('create', 'clusterrolebinding', 'jane-policies', '--clusterrole=policies', '--user=jane');
  const asJane = (manifest: string) => api.kubectlRaw(['create', '--as=jane', '-f', '-'], manifest);
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  const paramRef = { name: 'settings', namespace: 'default', parameterNotFoundAction: 'Deny' };
  const refused = await asJane(mutating({ paramKind }, 'params'));
  assert.match(
    refused.stderr,
    /spec\.paramKind: Forbidden: user &\{jane  \[system:authenticated\] map\[\]\} must have "get" permission on all objects of the referenced paramKind \(kind=ConfigMap, apiVersion=v1\)/,
  );
  await api.apply(mutating({ paramKind }, 'params'));
  assert.match(
    (await asJane(mutatingBinding({ paramRef }, 'params'))).stderr,
    /spec\.paramRef: Forbidden: user .* does not have "get" permission on the object/,
  );
  await api.kubectl('create', 'role', 'settings', '--verb=get', '--resource=configmaps', '--resource-name=settings');
  await api.kubectl('create', 'rolebinding', 'settings', '--role=settings', '--user=jane');
  assert.match((await asJane(mutatingBinding({ paramRef }, 'params'))).stdout, /params created/);
  assert.match((await asJane(mutating({ paramKind }, 'other'))).stderr, /must have "get" permission/);
  await api.kubectl('delete', 'mutatingadmissionpolicybinding/params', 'mutatingadmissionpolicy/params');
});
