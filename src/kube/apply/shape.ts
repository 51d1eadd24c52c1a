/** What apply must know of a type: which values are one leaf, which lists have keys, and which members are fields by name. */
import type { FieldSchema, Scalar, TypeSchema } from '../schema/index.ts';

/** What a scalar must be: 'any' is of every kind. */
export type ScalarKind = 'string' | 'numeric' | 'boolean' | 'any';

export interface ScalarShape {
  readonly kind: 'scalar';
  readonly scalar: ScalarKind;
}

export interface ObjectShape {
  readonly kind: 'object';
  /** Owned as one. */
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, MemberShape>;
  /** Of members that are no fields: a map's. Absent: there are none. */
  readonly element?: Shape;
}

export interface ListShape {
  readonly kind: 'list';
  readonly atomic: boolean;
  /** Sorted by name; absent: a set, whose items are their own keys. */
  readonly keys?: readonly { name: string; json: string; fallback: unknown }[];
  /** The keys' names as the schema orders them. */
  readonly keyOrder?: readonly string[];
  readonly element: Shape;
}

/** Without a schema: objects are maps, lists are leaves. */
export interface DeducedShape {
  readonly kind: 'deduced';
}

export type Shape = ScalarShape | ObjectShape | ListShape | DeducedShape;

/** A field by name. */
export interface MemberShape {
  /** 'f:name' */
  readonly element: string;
  readonly shape: Shape;
  /** What Go has in its place when it is not there: an empty struct that is no pointer, null for a list that is always written. */
  readonly absent: unknown;
  /** The value that says as much as its absence: Go writes some zeros and leaves others out. */
  readonly zero?: unknown;
  /** The server's own: nobody's field. */
  readonly untracked?: true;
}

const ANY: ScalarShape = { kind: 'scalar', scalar: 'any' };
export const DEDUCED: DeducedShape = { kind: 'deduced' };
const DEDUCED_MAP: ObjectShape = { kind: 'object', atomic: false, fields: new Map(), element: DEDUCED };
const SCALARS: Record<ScalarKind, ScalarShape> = {
  any: ANY,
  string: { kind: 'scalar', scalar: 'string' },
  numeric: { kind: 'scalar', scalar: 'numeric' },
  boolean: { kind: 'scalar', scalar: 'boolean' },
};

export function scalarShape(scalar: ScalarKind): ScalarShape {
  return SCALARS[scalar];
}

/** The shape that holds for this value. */
export function resolved(shape: Shape, value: unknown): ScalarShape | ObjectShape | ListShape {
  if (shape.kind !== 'deduced') return shape;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? DEDUCED_MAP : ANY;
}

export function isLeaf(shape: ScalarShape | ObjectShape | ListShape): boolean {
  return shape.kind === 'scalar' || shape.atomic;
}

export function listShape(element: Shape, atomic: boolean, keyOrder: readonly string[] | undefined, fallbackOf: (key: string) => unknown): ListShape {
  if (atomic || keyOrder === undefined) return { kind: 'list', atomic, element };
  const keys = keyOrder.toSorted().map((name) => ({ name, json: JSON.stringify(name), fallback: fallbackOf(name) }));
  return { kind: 'list', atomic, element, keys, keyOrder };
}

/** Of `metadata`: never anyone's, as upstream strips them from every set. */
const UNTRACKED = new Set(['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion']);
const NO_STRUCT: unknown = Object.freeze({});
const STRING_FIELD = { shape: SCALARS.string, absent: undefined, untracked: true } as const;

/** Members of every object's root, beside the kind's own. */
export function rootShape(fields: Iterable<readonly [string, MemberShape]>, metadata: ObjectShape, element?: Shape): ObjectShape {
  const all = new Map(fields);
  for (const name of ['apiVersion', 'kind']) all.set(name, { element: `f:${name}`, ...STRING_FIELD });
  all.set('metadata', { element: 'f:metadata', shape: metadata, absent: NO_STRUCT });
  return { kind: 'object', atomic: false, fields: all, ...(element === undefined ? {} : { element }) };
}

/** The shape of metadata: fields of the server's own are known and not tracked. */
export function metadataShape(type: TypeSchema): ObjectShape {
  const fields = [...membersOf(type)].map(([name, member]): [string, MemberShape] => [name, UNTRACKED.has(name) ? { ...member, untracked: true } : member]);
  return { kind: 'object', atomic: false, fields: new Map(fields) };
}

const shapes = new WeakMap<TypeSchema, ObjectShape>();

/** Of a type of the schema table; made once. */
export function shapeOfType(type: TypeSchema): ObjectShape {
  let shape = shapes.get(type);
  if (shape === undefined) {
    let fields: Map<string, MemberShape> | undefined;
    shape = {
      kind: 'object',
      atomic: type.atomic,
      // Lazily: types refer to each other, some to themselves.
      get fields() {
        return (fields ??= new Map(membersOf(type)));
      },
    };
    shapes.set(type, shape);
  }
  return shape;
}

export function* membersOf(type: TypeSchema): Iterable<[string, MemberShape]> {
  for (const [name, field] of type.fields) yield [name, { element: `f:${name}`, shape: shapeOfField(field), ...absenceOf(field) }];
}

function shapeOfField(field: FieldSchema): Shape {
  const element = typeof field.type === 'string' ? shapeOfScalar(field.type) : shapeOfType(field.type);
  switch (field.container) {
    case 'none':
      return element;
    case 'map':
      return { kind: 'object', atomic: field.mapType === 'atomic', fields: new Map(), element };
    case 'list': {
      const { atomic, keys } = listKindOf(field);
      return listShape(element, atomic, keys, (key) => (typeof field.type === 'string' ? undefined : field.type.fields.get(key)?.default));
    }
  }
}

/** As upstream reads the markers: the list type first, then the patch strategy. */
function listKindOf({ listType, listMapKeys, patchStrategy, patchMergeKey }: FieldSchema): { atomic: boolean; keys?: readonly string[] } {
  if (listType !== undefined) return { atomic: listType === 'atomic', ...(listType === 'map' && listMapKeys !== undefined ? { keys: listMapKeys } : {}) };
  if (patchStrategy !== 'merge' && patchStrategy !== 'merge,retainKeys') return { atomic: true };
  return { atomic: false, ...(patchMergeKey === undefined ? {} : { keys: [patchMergeKey] }) };
}

function absenceOf({ type, container, written, pointer }: FieldSchema): Pick<MemberShape, 'absent' | 'zero'> {
  if (container !== 'none') return { absent: written ? null : undefined, zero: null };
  if (typeof type !== 'string') return { absent: pointer ? undefined : NO_STRUCT };
  return pointer ? { absent: undefined } : { absent: undefined, zero: ZEROS[type] };
}

const ZEROS: Partial<Record<Scalar, unknown>> = { string: '', boolean: false, int32: 0, int64: 0, time: null, microTime: null };

const KINDS: Partial<Record<Scalar, ScalarKind>> = {
  string: 'string',
  bytes: 'string',
  boolean: 'boolean',
  int32: 'numeric',
  int64: 'numeric',
  float64: 'numeric',
};

function shapeOfScalar(type: Scalar): Shape {
  return type === 'strings' ? { kind: 'list', atomic: true, element: SCALARS.string } : SCALARS[KINDS[type] ?? 'any'];
}
