import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults } from '../defaults/index.ts';
import type { KubeObject } from '../types.ts';
import { schemaPaths } from './definitions.ts';
import { validateObject } from './index.ts';

const v1 = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } };
const names = { plural: 'widgets', kind: 'Widget' };
const crd = (spec: object, more: object = {}): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.a.test' },
  spec: { group: 'a.test', scope: 'Namespaced', names, versions: [v1], ...spec },
  ...more,
});

function texts(object: object, old?: object): string[] {
  const [now, before] = [object, old].map((one) => {
    const copy = structuredClone(one) as KubeObject | undefined;
    if (copy) applyDefaults(copy);
    return copy;
  });
  assert.ok(now);
  return validateObject(now, before).map(({ field, message }) => `${field}: ${message}`);
}

const WHY = 'must be spec.names.plural+"."+spec.group';
const LABEL =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const hollow =
  '{"Name":"v1","Served":false,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}';

// Upstream's answers.
const table: [string, object, string[]][] = [
  ['a plain definition', crd({}), []],
  ['no group', crd({ group: '' }), [`metadata.name: Invalid value: "widgets.a.test": ${WHY}`, 'spec.group: Required value']],
  ['no scope', crd({ scope: '' }), ['spec.scope: Required value']],
  [
    'no kind',
    crd({ names: { plural: 'widgets' } }),
    ['spec.names.singular: Required value', 'spec.names.kind: Required value', 'spec.names.listKind: Required value'],
  ],
  [
    'a kind that is no name',
    crd({ names: { ...names, kind: 'No Kind', singular: 'widget', listKind: 'Widgets' } }),
    [`spec.names.kind: Invalid value: "No Kind": may have mixed case, but should otherwise match: ${LABEL}`],
  ],
  [
    'a list of its own kind',
    crd({ names: { ...names, listKind: 'Widget' } }),
    ['spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same'],
  ],
  [
    'no version that is stored',
    crd({ versions: [{ name: 'v1', schema: v1.schema }] }),
    [
      `spec.versions: Invalid value: [${hollow}]: must have exactly one version marked as storage version`,
      'status.storedVersions: Invalid value: null: must have at least one stored version',
    ],
  ],
  ['a version without a schema', crd({ versions: [{ ...v1, schema: undefined }] }), ['spec.versions[0].schema.openAPIV3Schema: Required value']],
];

for (const [name, object, expected] of table) test(`Of ${name} is said what upstream says`, () => assert.deepEqual(texts(object), expected));

test('A version that objects may still be stored in cannot be taken away', () => {
  const old = crd({}, { status: { storedVersions: ['v1'] } });
  const [error, ...others] = texts(crd({ versions: [{ ...v1, name: 'v2' }] }), old);
  assert.deepEqual(others, []);
  assert.match(error ?? '', /^status\.storedVersions\[0\]: Invalid value: "v1": missing from spec\.versions; v1 was previously a storage version/);
});

test('The kind may be changed until the definition is established', () => {
  const wrong = crd({ names: { ...names, kind: 'Gadget' } });
  assert.deepEqual(texts(wrong, crd({})), []);
  const established = crd({}, { status: { conditions: [{ type: 'Established', status: 'True' }] } });
  assert.deepEqual(texts(wrong, established), ['spec.names.kind: Invalid value: "Gadget": field is immutable']);
});

test('Schemas that are all the same are one', () => {
  const version = v1 as unknown as Parameters<typeof schemaPaths>[0][number];
  assert.deepEqual(schemaPaths([version, version]), ['spec.validation.openAPIV3Schema']);
  const other = { ...version, schema: { openAPIV3Schema: { type: 'object', properties: {} } } };
  assert.deepEqual(schemaPaths([version, other as typeof version]), ['spec.versions[0].schema.openAPIV3Schema', 'spec.versions[1].schema.openAPIV3Schema']);
});
