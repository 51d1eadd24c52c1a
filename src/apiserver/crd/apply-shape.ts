/** What apply must know of a custom resource, from its structural schema. */
import { DEDUCED, listShape, rootShape, scalarShape, type MemberShape, type ObjectShape, type Shape } from '../../kube/apply/shape.ts';
import type { JsonSchema } from './schema.ts';

const TYPE_META = ['apiVersion', 'kind'] as const;

/** `metadata`: the shape that every object's has. */
export function shapeOfResource(schema: JsonSchema, metadata: ObjectShape): ObjectShape {
  const { metadata: _narrowed, ...properties } = schema.properties ?? {};
  const members = membersOf(properties, metadata);
  // Objects without a schema are what they look like.
  const element = elementOf(schema, metadata) ?? (schema.type === undefined ? DEDUCED : undefined);
  return rootShape(members, metadata, element);
}

function shapeOf(schema: JsonSchema, metadata: ObjectShape): Shape {
  if (schema['x-kubernetes-int-or-string']) return scalarShape('any');
  switch (schema.type) {
    case 'object': {
      const fields = new Map(membersOf(schema.properties ?? {}, metadata));
      if (schema['x-kubernetes-embedded-resource']) {
        for (const name of TYPE_META) fields.set(name, { element: `f:${name}`, shape: scalarShape('string'), absent: undefined });
        fields.set('metadata', { element: 'f:metadata', shape: metadata, absent: undefined });
      }
      const element = elementOf(schema, metadata);
      return { kind: 'object', atomic: schema['x-kubernetes-map-type'] === 'atomic', fields, ...(element === undefined ? {} : { element }) };
    }
    case 'array': {
      const listType = schema['x-kubernetes-list-type'];
      const items = schema.items ?? {};
      const keys = listType === 'map' ? schema['x-kubernetes-list-map-keys'] : undefined;
      return listShape(shapeOf(items, metadata), listType !== 'map' && listType !== 'set', keys, (key) => items.properties?.[key]?.default);
    }
    case 'string':
      return scalarShape(schema.format === undefined || schema.format === 'byte' ? 'string' : 'any');
    case 'boolean':
      return scalarShape('boolean');
    case 'integer':
    case 'number':
      return scalarShape('numeric');
    case undefined:
      return DEDUCED;
  }
}

function membersOf(properties: Record<string, JsonSchema>, metadata: ObjectShape): [string, MemberShape][] {
  return Object.entries(properties).map(([name, schema]) => [name, { element: `f:${name}`, shape: shapeOf(schema, metadata), absent: undefined }]);
}

function elementOf(schema: JsonSchema, metadata: ObjectShape): Shape | undefined {
  const { additionalProperties } = schema;
  if (typeof additionalProperties === 'object') return shapeOf(additionalProperties, metadata);
  return additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] ? DEDUCED : undefined;
}
