/**
 * Decodes the protobuf bodies kubectl and client-go send (`k8s\0` + runtime.Unknown) into what the same object would be in JSON,
 * driven by the schema table. Go's generated encoders write every non-pointer field, so zero values are dropped, as `omitempty` would.
 */
import { schemaOf, type FieldSchema, type TypeSchema } from '../schema/index.ts';
import { decodeScalar, rawJson } from './scalars.ts';
import { WireReader, ProtobufError } from './wire.ts';

export { ProtobufError } from './wire.ts';

const MAGIC = Buffer.from('k8s\0');
const MAX_DEPTH = 100;
const WIRE_BYTES = 2;

export function isKubeProtobuf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && MAGIC.compare(bytes, 0, 4) === 0;
}

/** The object with apiVersion and kind. Throws ProtobufError for other bytes, broken ones and kinds the table does not have. */
export function decodeKubeProtobuf(bytes: Uint8Array): Record<string, unknown> {
  if (!isKubeProtobuf(bytes)) throw new ProtobufError('the body does not start with the magic bytes of Kubernetes protobuf');
  let apiVersion = '';
  let kind = '';
  let raw: Uint8Array = new Uint8Array();
  const reader = new WireReader(bytes.subarray(4));
  while (reader.more()) {
    const { number, wireType } = reader.tag();
    if (number === 1 && wireType === WIRE_BYTES) {
      const meta = new WireReader(reader.bytes());
      while (meta.more()) {
        const field = meta.tag();
        if (field.number === 1) apiVersion = meta.text();
        else if (field.number === 2) kind = meta.text();
        else meta.skip(field.wireType);
      }
    } else if (number === 2 && wireType === WIRE_BYTES) raw = reader.bytes();
    else reader.skip(wireType);
  }
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/', 2) : ['', apiVersion];
  const type = schemaOf({ group: group ?? '', version: version ?? '', kind });
  if (!type) throw new ProtobufError(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  return { apiVersion, kind, ...decodeMessage(raw, type, 0) };
}

interface NumberedField {
  field?: FieldSchema;
  inline?: TypeSchema;
}

const numbered = new WeakMap<TypeSchema, Map<number, NumberedField>>();

function fieldsByNumber(type: TypeSchema): Map<number, NumberedField> {
  let fields = numbered.get(type);
  if (!fields) {
    fields = new Map();
    for (const field of type.fields.values()) if (field.number !== undefined) fields.set(field.number, { field });
    for (const { number, type: inline } of type.inline) fields.set(number, { inline });
    numbered.set(type, fields);
  }
  return fields;
}

function decodeMessage(bytes: Uint8Array, type: TypeSchema, depth: number): Record<string, unknown> {
  if (depth > MAX_DEPTH) throw new ProtobufError(`messages are nested deeper than ${MAX_DEPTH}`);
  const fields = fieldsByNumber(type);
  const object: Record<string, unknown> = {};
  const reader = new WireReader(bytes);
  while (reader.more()) {
    const { number, wireType } = reader.tag();
    const known = fields.get(number);
    if (known?.inline) Object.assign(object, decodeMessage(reader.bytes(), known.inline, depth + 1));
    else if (known?.field) decodeField(reader, wireType, known.field, type, object, depth);
    else reader.skip(wireType);
  }
  return object;
}

function decodeField(reader: WireReader, wireType: number, field: FieldSchema, owner: TypeSchema, object: Record<string, unknown>, depth: number): void {
  const { name, type, container, wire } = field;
  if (container === 'map') {
    const [key, value] = decodeMapEntry(reader.bytes(), field, owner, depth);
    const map = (object[name] ??= {}) as Record<string, unknown>;
    Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
    return;
  }
  const value = wire === undefined ? decodeValue(reader, wireType, type, depth) : decodeEither(reader.bytes(), wire, owner, depth);
  if (container === 'list') {
    if (wire === undefined && Array.isArray(value) && type !== 'strings') ((object[name] ??= []) as unknown[]).push(...value);
    else ((object[name] ??= []) as unknown[]).push(value);
    return;
  }
  if (!isZero(value, field)) object[name] = value;
}

function decodeValue(reader: WireReader, wireType: number, type: FieldSchema['type'], depth: number): unknown {
  return typeof type === 'string' ? decodeScalar(reader, wireType, type) : decodeMessage(reader.bytes(), type, depth + 1);
}

/** A value of any kind, or a schema or what may stand for one. Only schemas have such fields: `schema` is the type of their owner. */
function decodeEither(bytes: Uint8Array, wire: NonNullable<FieldSchema['wire']>, schema: TypeSchema, depth: number): unknown {
  if (wire === 'empty') return {};
  if (wire === 'json') return rawJson(bytes) ?? null;
  const schemaAt = wire === 'schemaOrBool' ? 2 : 1;
  const reader = new WireReader(bytes);
  const others: unknown[] = [];
  let allows = false;
  let found: Record<string, unknown> | undefined;
  while (reader.more()) {
    const { number } = reader.tag();
    if (number === schemaAt) found = decodeMessage(reader.bytes(), schema, depth + 1);
    else if (wire === 'schemaOrBool') allows = reader.varint() !== 0n;
    else others.push(wire === 'schemaOrStrings' ? reader.text() : decodeMessage(reader.bytes(), schema, depth + 1));
  }
  return found ?? (wire === 'schemaOrBool' ? allows : others);
}

function decodeMapEntry(bytes: Uint8Array, field: FieldSchema, owner: TypeSchema, depth: number): [string, unknown] {
  const reader = new WireReader(bytes);
  let key = '';
  let value: unknown = typeof field.type === 'string' ? (field.type === 'string' ? '' : field.type === 'bytes' ? '' : undefined) : {};
  while (reader.more()) {
    const { number, wireType } = reader.tag();
    if (number === 1) key = reader.text();
    else if (number === 2)
      value = field.wire === undefined ? decodeValue(reader, wireType, field.type, depth) : decodeEither(reader.bytes(), field.wire, owner, depth);
    else reader.skip(wireType);
  }
  return [key, value];
}

/** What `omitempty` would leave out. */
function isZero(value: unknown, field: FieldSchema): boolean {
  if (value === undefined) return true;
  if (field.pointer || field.written) return false;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false;
}
