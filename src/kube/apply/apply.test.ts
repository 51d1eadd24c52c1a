import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { equalJson } from '../json.ts';
import { objectMetaSchema, schemaOf } from '../schema/index.ts';
import { compareObjects } from './compare.ts';
import { fieldsOf, shapeErrors } from './extract.ts';
import { contains, EMPTY, intersection, isEmpty, type FieldSet } from './field-set.ts';
import { capUpdates, decodeManagers, encodeManagers, type Manager } from './managers.ts';
import { mergeValues } from './merge.ts';
import { membersOf, metadataShape, rootShape, type ObjectShape } from './shape.ts';
import { applyConfiguration, trackUpdate, type Applied } from './track.ts';

const shape: ObjectShape = rootShape(membersOf(schemaOf({ group: '', version: 'v1', kind: 'Pod' })!), metadataShape(objectMetaSchema()));
const versions = { shapeOf: () => shape, convert: (object: object) => object };
const update = (old: object, next: object, managers: readonly Manager[], manager: string): readonly Manager[] =>
  trackUpdate({ old, next, managers, versions, writer: { manager, operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z' } });

function applied(live: object, configuration: object, managers: readonly Manager[], manager: string, force = false): Applied {
  const outcome = applyConfiguration({
    live,
    configuration,
    managers,
    versions,
    force,
    writer: { manager, operation: 'Apply', apiVersion: 'v1', time: '2026-01-01T00:00:00Z' },
  });
  if ('conflicts' in outcome) assert.fail(`unexpected conflicts: ${JSON.stringify(outcome.conflicts)}`);
  return outcome;
}

const setOf = (managers: readonly Manager[], manager: string): FieldSet => managers.find((entry) => entry.manager === manager)?.fields ?? EMPTY;
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default' } };

/** Pods of a few containers with ports, environment, labels, tolerations (atomic) and finalizers (a set). */
const pod = fc
  .record(
    {
      labels: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '2')),
      finalizers: fc.uniqueArray(fc.constantFrom('x/1', 'x/2', 'x/3')),
      tolerations: fc.array(fc.record({ key: fc.constantFrom('k1', 'k2') }), { maxLength: 2 }),
      nodeName: fc.constantFrom('n1', 'n2'),
      containers: fc.uniqueArray(
        fc.record(
          {
            name: fc.constantFrom('c1', 'c2', 'c3'),
            image: fc.constantFrom('i1', 'i2'),
            ports: fc.uniqueArray(fc.record({ containerPort: fc.constantFrom(80, 81) }), { selector: ({ containerPort }) => containerPort }),
            env: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B'), value: fc.constantFrom('1', '2') }), { selector: ({ name }) => name }),
          },
          { requiredKeys: ['name'] },
        ),
        { selector: ({ name }) => name, maxLength: 3 },
      ),
    },
    { requiredKeys: [] },
  )
  .map(({ labels, finalizers, ...spec }) => ({
    ...POD,
    metadata: { ...POD.metadata, ...(labels && { labels }), ...(finalizers && { finalizers }) },
    ...(Object.keys(spec).length > 0 && { spec }),
  }));

test('applying the same configuration again changes neither the object nor whose fields are whose', () => {
  fc.assert(
    fc.property(pod, pod, (live, configuration) => {
      const before = update({}, live, [], 'creator');
      const first = applied(live, configuration, before, 'one', true);
      const second = applied(first.object, configuration, first.managers, 'one');
      assert.ok(equalJson(second.object, first.object));
      assert.deepEqual(encodeManagers(second.managers), encodeManagers(first.managers));
    }),
  );
});

test('after an apply the object says what the configuration says, and the applier owns all it named', () => {
  fc.assert(
    fc.property(pod, pod, (live, configuration) => {
      const { object, managers } = applied(live, configuration, update({}, live, [], 'creator'), 'one', true);
      assert.ok(equalJson(mergeValues(object, configuration, shape), object));
      assert.deepEqual(setOf(managers, 'one'), fieldsOf(configuration, shape));
    }),
  );
});

test('a forced apply takes from others just what it changes', () => {
  fc.assert(
    fc.property(pod, pod, pod, (live, first, second) => {
      const one = applied(live, first, update({}, live, [], 'creator'), 'one', true);
      const two = applied(one.object, second, one.managers, 'two', true);
      const change = compareObjects(one.object, two.object, shape);
      for (const lost of [change?.added, change?.modified, change?.removed]) {
        if (lost !== undefined) assert.ok(isEmpty(intersection(setOf(two.managers, 'one'), lost)));
      }
      const kept = setOf(two.managers, 'one');
      assert.ok(contains(setOf(one.managers, 'one'), kept));
    }),
  );
});

test('configurations that agree never conflict', () => {
  fc.assert(
    fc.property(pod, pod, (live, configuration) => {
      const one = applied(live, configuration, update({}, live, [], 'creator'), 'one', true);
      const two = applied(one.object, configuration, one.managers, 'two');
      assert.ok(equalJson(two.object, one.object));
      assert.deepEqual(setOf(two.managers, 'one'), setOf(two.managers, 'two'));
    }),
  );
});

test('what one applier alone made goes when it names it no more', () => {
  fc.assert(
    fc.property(pod, (configuration) => {
      const one = applied({}, configuration, [], 'one');
      const { object, managers } = applied(one.object, POD, one.managers, 'one');
      // An empty list that is a set has nobody's items; the server leaves it out.
      assert.deepEqual(withoutEmpty(object), POD);
      assert.deepEqual(managers, []);
    }),
  );
});

test('updates own what they change, and keep it while others change the rest', () => {
  fc.assert(
    fc.property(pod, pod, (first, second) => {
      const created = update({}, first, [], 'one');
      const changed = update(first, second, created, 'two');
      const { added = EMPTY, modified = EMPTY } = compareObjects(first, second, shape) ?? {};
      for (const part of [added, modified]) assert.ok(contains(setOf(changed, 'two'), part));
      assert.ok(isEmpty(intersection(setOf(changed, 'one'), modified)));
      assert.equal(update(first, first, created, 'two'), created, 'nothing changed');
    }),
  );
});

test('a comparison is empty just for objects that are equal', () => {
  fc.assert(
    fc.property(pod, pod, (a, b) => {
      assert.equal(compareObjects(a, a, shape), undefined);
      // Empty lists and maps are as good as absent only where Go leaves them out; here they are told apart.
      if (compareObjects(a, b, shape) === undefined) assert.deepEqual(withoutEmpty(a), withoutEmpty(b));
    }),
  );
});

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return new Set(value.map((item) => JSON.stringify(withoutEmpty(item))));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value)
    .map(([name, inner]): [string, unknown] => [name, withoutEmpty(inner)])
    .filter(([, inner]) => !isEmptyValue(inner));
  return Object.fromEntries(members);
}

function isEmptyValue(value: unknown): boolean {
  if (value instanceof Set) return value.size === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

const LIST = (names: string): object => ({ ...POD, spec: { containers: [...names].map((name) => ({ name })) } });
const ORDERS: [live: string, config: string, merged: string][] = [
  ['abc', 'abc', 'abc'],
  ['abc', 'cba', 'cba'],
  ['abcd', 'db', 'acdb'],
  ['ab', 'xy', 'abxy'],
  ['abc', 'xb', 'axbc'],
  ['', 'ab', 'ab'],
  ['ab', '', 'ab'],
];
for (const [live, config, merged] of ORDERS) {
  test(`lists merge in order: ${live || 'none'} and then ${config || 'none'} is ${merged}`, () => {
    const { spec } = mergeValues(LIST(live), LIST(config), shape) as { spec: { containers: { name: string }[] } };
    assert.equal(spec.containers.map(({ name }) => name).join(''), merged);
  });
}

test("a structure is refused with upstream's words", () => {
  const errors = (spec: object): string[] => shapeErrors({ ...POD, spec }, shape);
  assert.deepEqual(errors({ nothing: 1 }), ['.spec.nothing: field not declared in schema']);
  assert.deepEqual(errors({ priority: 'x' }), ['.spec.priority: expected numeric (int or float), got string']);
  assert.deepEqual(errors({ nodeName: 5 }), ['.spec.nodeName: expected string, got &value.valueUnstructured{Value:5}']);
  assert.deepEqual(errors({ hostNetwork: 'yes' }), ['.spec.hostNetwork: expected boolean, got &{yes}']);
  assert.deepEqual(errors({ containers: {} }), ['.spec.containers: expected list, got &{map[]}']);
  assert.deepEqual(errors({ containers: [{ name: 'a' }, { name: 'a' }] }), ['.spec.containers: duplicate entries for key [name="a"]']);
  assert.deepEqual(errors({ containers: [{}] }), [
    '.spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
  ]);
});

test('ports are told apart by port and protocol, and a missing protocol is TCP', () => {
  const ports = (list: object[]): object => ({ ...POD, spec: { containers: [{ name: 'c', ports: list }] } });
  assert.deepEqual(shapeErrors(ports([{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }]), shape), []);
  assert.equal(shapeErrors(ports([{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }]), shape).length, 1);
});

test('beyond ten updaters the oldest of a version become ancient-changes', () => {
  const entries = Array.from({ length: 12 }, (_, i): Manager => ({
    manager: `m${String(i).padStart(2, '0')}`,
    operation: 'Update',
    apiVersion: 'v1',
    time: `2026-01-01T00:00:${String(i).padStart(2, '0')}Z`,
    fields: { [`f:${i}`]: {} },
  }));
  const capped = capUpdates(entries);
  assert.equal(capped.length, 10);
  const ancient = capped.find(({ manager }) => manager === 'ancient-changes');
  assert.deepEqual(ancient?.fields, { 'f:0': {}, 'f:1': {}, 'f:2': {} });
  assert.equal(ancient?.time, '2026-01-01T00:00:02Z');
});

test('entries that the server would not write are no entries, and those it wrote stand as upstream sorts them', () => {
  assert.equal(decodeManagers([{ manager: 'x', operation: 'Steal', apiVersion: 'v1', fieldsType: 'FieldsV1' }]), undefined);
  assert.equal(decodeManagers([{ manager: 'x', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV2' }]), undefined);
  const managers = decodeManagers([
    { manager: 'b', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': {} } },
    { manager: 'a', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': {} } },
    { manager: 'z', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': {} } },
  ]);
  assert.deepEqual(
    encodeManagers(managers!)?.map(({ manager }) => manager),
    ['z', 'a', 'b'],
  );
});
