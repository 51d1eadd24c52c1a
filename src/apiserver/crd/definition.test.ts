import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CustomResourceDefinition } from '../../kube/types.ts';
import { wantedStatus } from './controller.ts';
import { definitionsOf } from './definition.ts';
import { nameConflicts } from './names.ts';

const crd = (more: object = {}): CustomResourceDefinition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', required: ['size'], properties: { size: { type: 'integer' }, color: { type: 'string', default: 'red' } } } },
          },
        },
        subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
        selectableFields: [{ jsonPath: '.spec.color' }],
      },
      { name: 'v1beta1', served: true, storage: false, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } },
      { name: 'v1alpha1', served: false, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
    ],
    ...more,
  },
});

test('each served version becomes a resource over one storage', () => {
  const definitions = definitionsOf(crd());
  assert.deepEqual(
    definitions.map((d) => [d.version, d.storage.plural, d.hasStatus, d.subresources.map((s) => s.name)]),
    [
      ['v1', 'widgets', true, ['status', 'scale']],
      ['v1beta1', 'widgets', false, []],
    ],
  );
});

test('objects are stored in the storage version and answered in the one asked for', () => {
  const [, beta] = definitionsOf(crd());
  const object = { apiVersion: 'example.com/v1beta1', kind: 'Widget', metadata: { name: 'a' } };
  const stored = beta?.convert?.toStorage(object);
  assert.equal(stored?.apiVersion, 'example.com/v1');
  assert.deepEqual(stored && beta?.convert?.fromStorage(stored), object);
});

test('defaults, pruning and validation follow the schema', () => {
  const [v1] = definitionsOf(crd());
  const object = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' }, spec: { typo: 1 } } as never as {
    spec: { color?: string };
    apiVersion: string;
    kind: string;
    metadata: { name: string };
  };
  assert.deepEqual(v1?.strategy?.prune(object).unknown, ['spec.typo']);
  v1?.strategy?.applyDefaults(object);
  assert.equal(object.spec.color, 'red');
  assert.deepEqual(
    v1?.strategy?.validate(object).map((e) => `${e.field}: ${e.message}`),
    ['spec.size: Required value'],
  );
});

test('a change of the status is held against the schema of the status alone', () => {
  const [v1] = definitionsOf(
    crd({
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              required: ['spec'],
              properties: { spec: { type: 'object' }, status: { type: 'object', properties: { phase: { type: 'string', maxLength: 3 } } } },
            },
          },
        },
      ],
    }),
  );
  const widget = (phase: string) => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' }, status: { phase } });
  const texts = (next: string, old: string) => v1?.strategy?.validateStatus?.(widget(next), widget(old)).map((e) => `${e.field}: ${e.message}`);
  assert.deepEqual(texts('ok', 'new'), []);
  assert.deepEqual(texts('longer', 'new'), ['status.phase: Too long: may not be more than 3 bytes']);
  assert.deepEqual(texts('longer', 'longer'), []);
});

test('values that were there twice before may be', () => {
  const list = { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
  const openAPIV3Schema = { type: 'object', properties: { a: list, b: list } };
  const [v1] = definitionsOf(crd({ versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }] }));
  const widget = (fields: object) => ({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' }, ...fields });
  const fields = (next: object, old: object) => v1?.strategy?.validate(widget(next), widget(old)).map(({ field }) => field);
  assert.deepEqual(fields({ a: ['x', 'x'] }, { a: ['x'] }), ['a[1]']);
  assert.deepEqual(fields({ a: ['x', 'x', 'y'] }, { a: ['x', 'x'] }), []);
});

test('a selectable field is read as text', () => {
  const [v1] = definitionsOf(crd());
  assert.equal(v1?.selectableFields['spec.color']?.({ spec: { color: 'blue' } } as never), 'blue');
});

test('names in use are conflicts and keep the definition from being established', () => {
  const conflicts = nameConflicts(crd().spec.names, [{ plural: 'gadgets', singular: 'gadget', shortNames: ['wd'], kind: 'Widget', listKind: 'GadgetList' }]);
  assert.deepEqual(conflicts, ['"wd" is already in use', '"Widget" is already in use']);
  const status = wantedStatus(crd(), conflicts, '2026-01-01T00:00:00Z');
  assert.deepEqual(
    status.conditions?.map((c) => [c.type, c.status]),
    [
      ['NamesAccepted', 'False'],
      ['Established', 'False'],
    ],
  );
});

test('a definition that an older server took says why its schema is not structural', () => {
  const condition = (definition: CustomResourceDefinition) =>
    wantedStatus(definition, [], '2026-01-01T00:00:00Z').conditions?.find(({ type }) => type === 'NonStructuralSchema');
  assert.equal(condition(crd()), undefined);
  const openAPIV3Schema = { type: 'object', properties: { a: {}, b: { type: 'string', allOf: [{ type: 'string' }], pattern: '(' } } };
  const old = crd({ preserveUnknownFields: true, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }] });
  assert.deepEqual(condition(old), {
    type: 'NonStructuralSchema',
    status: 'True',
    reason: 'Violations',
    message:
      '[spec.preserveUnknownFields: Invalid value: true: must be false, spec.versions[0].schema.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields, spec.versions[0].schema.openAPIV3Schema.properties[b].allOf[0].type: Forbidden: must be empty to be structural]',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  });
  const status = wantedStatus(old, [], '2026-01-01T00:00:00Z');
  assert.equal(condition({ ...crd(), status }), undefined, 'a definition that was mended no longer says so');
});

test('free names are accepted and the storage version is recorded', () => {
  const status = wantedStatus(crd(), [], '2026-01-01T00:00:00Z');
  assert.deepEqual(
    status.conditions?.map((c) => [c.type, c.status]),
    [
      ['NamesAccepted', 'True'],
      ['Established', 'True'],
    ],
  );
  assert.deepEqual(status.storedVersions, ['v1']);
});
