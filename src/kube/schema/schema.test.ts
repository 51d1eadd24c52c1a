import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { descriptionOf, schemaOf } from './index.ts';
import { JsonError, parseJson } from './json.ts';
import { openApiV3 } from './openapi.ts';
import { checkFields } from './strict.ts';

const podType = schemaOf({ group: '', version: 'v1', kind: 'Pod' });
const deploymentType = schemaOf({ group: 'apps', version: 'v1', kind: 'Deployment' });
assert.ok(podType && deploymentType);

test('the table knows kinds, fields, merge keys and descriptions', () => {
  const spec = podType.fields.get('spec')?.type;
  assert.ok(spec && typeof spec !== 'string');
  assert.equal(spec.fields.get('containers')?.patchMergeKey, 'name');
  assert.equal(spec.fields.get('containers')?.required, true);
  assert.match(descriptionOf(spec.name, 'containers'), /List of containers/);
  assert.equal(schemaOf({ group: 'example.com', version: 'v1', kind: 'Pod' }), undefined);
});

test('unknown fields are found with their paths, and pruned when asked', () => {
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', lables: {} },
    spec: { containers: [{ name: 'a', imagee: 'x' }], nodeSelector: { any: 'thing' } },
  };
  assert.deepEqual(checkFields(body, podType).unknown, ['metadata.lables', 'spec.containers[0].imagee']);
  checkFields(body, podType, { prune: true });
  assert.deepEqual(checkFields(body, podType).unknown, []);
});

test('bytes may come as a list of numbers', () => {
  const secretType = schemaOf({ group: '', version: 'v1', kind: 'Secret' });
  assert.ok(secretType);
  const secret = { data: { a: [104, 105, null], b: 'aGk=', c: [] } };
  assert.deepEqual(checkFields(secret, secretType, { prune: true }).typeErrors, []);
  assert.deepEqual(secret.data, { a: 'aGkA', b: 'aGk=', c: '' });
  const errors = (value: unknown) => checkFields({ data: { a: value } }, secretType).typeErrors;
  const at = 'into Go struct field Secret.data of type';
  assert.deepEqual(errors([1, 'x']), [`json: cannot unmarshal string ${at} uint8`]);
  assert.deepEqual(errors([300]), [`json: cannot unmarshal number 300 ${at} uint8`]);
  assert.deepEqual(errors(300), [`json: cannot unmarshal number ${at} []uint8`]);
});

const wrong: [string, object, string][] = [
  ['a string for a number', { spec: { replicas: 'x' } }, 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
  [
    'an object for a list',
    { spec: { template: { spec: { containers: {} } } } },
    'json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container',
  ],
  ['a list for a map', { metadata: { labels: [] } }, 'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string'],
  [
    'a number too big',
    { spec: { replicas: 2 ** 31 } },
    'json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'a word for a quantity',
    { spec: { template: { spec: { overhead: { cpu: 'much' } } } } },
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  ['a boolean for a percentage', { spec: { strategy: { rollingUpdate: { maxSurge: true } } } }, 'json: cannot unmarshal bool into Go value of type int32'],
  ['a word for a time', { metadata: { creationTimestamp: 'now' } }, 'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"'],
  [
    'a string for an item of a list of structs',
    { spec: { template: { spec: { containers: ['a'] } } } },
    'json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.containers of type v1.Container',
  ],
  ['a number for a label', { metadata: { labels: { a: 1 } } }, 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string'],
];
for (const [name, body, want] of wrong) {
  test(`${name} is a type error`, () => assert.equal(checkFields(body, deploymentType).typeErrors[0], want));
}

test('quantities are kept in their canonical form', () => {
  const overhead = { cpu: '0.50', memory: '1024Mi', pods: 2 };
  const body = { spec: { template: { spec: { overhead } } } };
  checkFields(body, deploymentType);
  assert.deepEqual(overhead, { cpu: '0.50', memory: '1024Mi', pods: 2 });
  checkFields(body, deploymentType, { prune: true });
  assert.deepEqual(overhead, { cpu: '500m', memory: '1Gi', pods: '2' });
});

test('zeros are as good as absent, but for those that Go always writes', () => {
  const body = { status: { replicas: 0, readyReplicas: 0, availableReplicas: 0 } };
  const type = schemaOf({ group: 'apps', version: 'v1', kind: 'StatefulSet' });
  assert.ok(type);
  checkFields(body, type, { prune: true });
  assert.deepEqual(body, { status: { replicas: 0, availableReplicas: 0 } });
});

test('duplicate keys are found at any depth and values are as JSON.parse gives them', () => {
  const { value, duplicates } = parseJson('{"a":1,"spec":{"x":1,"x":2,"list":[{"k":1},{"k":"}\\"","k":3}]},"a":2}');
  assert.deepEqual(duplicates, ['spec.x', 'spec.list[1].k', 'a']);
  assert.deepEqual(value, JSON.parse('{"a":2,"spec":{"x":2,"list":[{"k":1},{"k":3}]}}'));
  assert.throws(() => parseJson('{'), JsonError);
  assert.throws(() => parseJson('['.repeat(100_000) + ']'.repeat(100_000)), JsonError);
  assert.deepEqual(parseJson('{"__proto__" : 1, "a" : {"__proto__":2}}').duplicates, []);
});

test('secret data must be base64', () => {
  const secret = schemaOf({ group: '', version: 'v1', kind: 'Secret' });
  assert.ok(secret);
  assert.deepEqual(checkFields({ data: { a: 'aGk=', b: '' } }, secret).typeErrors, []);
  assert.deepEqual(checkFields({ data: { a: 'hi!' } }, secret).typeErrors, ['illegal base64 data at input byte 2']);
});

test('no JSON without duplicates is said to have any', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      const parsed = parseJson(text);
      assert.deepEqual(parsed.duplicates, []);
      assert.equal(JSON.stringify(parsed.value), text);
    }),
  );
});

test('an OpenAPI document has what kubectl looks for', () => {
  const doc = openApiV3({ group: 'apps', version: 'v1' }, [
    { plural: 'deployments', kind: 'Deployment', namespaced: true, verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'], subresources: ['status'] },
  ]) as {
    paths: Record<string, { patch: { parameters: { name: string }[]; requestBody: { content: object } } }>;
    components: { schemas: Record<string, { properties: Record<string, object> }> };
  };
  const { patch } = doc.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'] ?? {};
  assert.ok(patch?.parameters.some((p) => p.name === 'fieldValidation'));
  assert.ok('application/strategic-merge-patch+json' in (patch?.requestBody.content ?? {}));
  assert.deepEqual(
    Object.keys(doc.components.schemas['io.k8s.api.core.v1.PodSpec']?.properties['containers'] ?? {}).filter((k) => k.startsWith('x-')),
    ['x-kubernetes-patch-strategy', 'x-kubernetes-patch-merge-key', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys'].filter(
      (k) => k in (doc.components.schemas['io.k8s.api.core.v1.PodSpec']?.properties['containers'] ?? {}),
    ),
  );
});

test('documents name the values of a field, and what may be this or that has a type of its own', () => {
  interface Schemas {
    components: { schemas: Record<string, { properties: Record<string, { enum?: string[]; items?: object; allOf?: object[] }> }> };
  }
  const all = { namespaced: true, verbs: ['get'], subresources: [] };
  const core = openApiV3({ group: '', version: 'v1' }, [{ plural: 'services', kind: 'Service', ...all }]) as unknown as Schemas;
  assert.deepEqual(core.components.schemas['io.k8s.api.core.v1.ServiceSpec']?.properties['type']?.enum, [
    'ClusterIP',
    'ExternalName',
    'LoadBalancer',
    'NodePort',
  ]);
  const crd = openApiV3({ group: 'apiextensions.k8s.io', version: 'v1' }, [{ plural: 'x', kind: 'CustomResourceDefinition', ...all }]) as unknown as Schemas;
  const prefix = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.';
  const { properties } = crd.components.schemas[`${prefix}JSONSchemaProps`] ?? { properties: {} };
  assert.deepEqual(properties['items']?.allOf, [{ $ref: `#/components/schemas/${prefix}JSONSchemaPropsOrArray` }]);
  // Without a type, kubectl explain cannot show the field.
  assert.notDeepEqual(properties['enum']?.items, {});
});
