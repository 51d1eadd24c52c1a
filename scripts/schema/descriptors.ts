/** Reads the protobuf FileDescriptors that kubectl up to 1.34 carries, gzipped, inside its binary. */
import zlib from 'node:zlib';

export interface DescriptorField {
  name: string;
  number: number;
  repeated: boolean;
  /** google.protobuf.FieldDescriptorProto.Type */
  type: number;
  /** 'k8s.io.api.core.v1.Container', for messages. */
  typeName: string;
  /** Go keeps it by pointer: its zero value differs from its absence. */
  pointer: boolean;
}

export interface Message {
  /** 'k8s.io.api.core.v1.Pod' */
  name: string;
  fields: DescriptorField[];
  mapEntry: boolean;
}

/** The option of gogo's code generator that tells Go's pointers from its values. */
const GOGO_NULLABLE = 65001;
const MAX_DESCRIPTOR_BYTES = 400_000;

/** All messages of all descriptors in the binary, by full name. */
export function messagesIn(binary: Buffer): Map<string, Message> {
  const messages = new Map<string, Message>();
  const magic = Buffer.from([0x1f, 0x8b, 8]);
  for (let at = binary.indexOf(magic); at >= 0; at = binary.indexOf(magic, at + 3)) {
    const file = tryGunzip(binary.subarray(at, at + MAX_DESCRIPTOR_BYTES));
    if (file && file[0] === 0x0a && file.subarray(0, 200).includes('generated.proto')) readFile(file, messages);
  }
  return messages;
}

function tryGunzip(bytes: Buffer): Buffer | undefined {
  try {
    return zlib.gunzipSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

interface WireField {
  number: number;
  varint: number;
  bytes: Buffer;
}

function* wireFields(bytes: Buffer): Generator<WireField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) yield { number: tag >>> 3, varint: varint(), bytes: Buffer.alloc(0) };
    else if (wireType === 2) {
      const length = varint();
      yield { number: tag >>> 3, varint: 0, bytes: bytes.subarray(at, (at += length)) };
    } else throw new Error(`unexpected wire type ${wireType} in a descriptor`);
  }
}

/** Two descriptors may lie behind each other and come out of gzip as one: the package that holds is the last one named before a message. */
function readFile(file: Buffer, messages: Map<string, Message>): void {
  let packageName = '';
  for (const field of wireFields(file)) {
    if (field.number === 2) packageName = field.bytes.toString();
    else if (field.number === 4) readMessage(field.bytes, packageName, messages);
  }
}

function readMessage(bytes: Buffer, scope: string, messages: Map<string, Message>): void {
  let name = '';
  for (const field of wireFields(bytes)) if (field.number === 1) name = `${scope}.${field.bytes.toString()}`;
  const message: Message = { name, fields: [], mapEntry: false };
  for (const field of wireFields(bytes)) {
    if (field.number === 2) message.fields.push(readField(field.bytes));
    else if (field.number === 3) readMessage(field.bytes, name, messages);
    else if (field.number === 7) for (const option of wireFields(field.bytes)) if (option.number === 7) message.mapEntry = option.varint === 1;
  }
  messages.set(name, message);
}

function readField(bytes: Buffer): DescriptorField {
  const field: DescriptorField = { name: '', number: 0, repeated: false, type: 0, typeName: '', pointer: true };
  for (const { number, varint, bytes: value } of wireFields(bytes)) {
    if (number === 1) field.name = value.toString();
    else if (number === 3) field.number = varint;
    else if (number === 4) field.repeated = varint === 3;
    else if (number === 5) field.type = varint;
    else if (number === 6) field.typeName = value.toString().replace(/^\./, '');
    else if (number === 8) for (const option of wireFields(value)) if (option.number === GOGO_NULLABLE) field.pointer = option.varint === 1;
  }
  return field;
}
