/** Values that have a form of their own in JSON. */
import type { Scalar } from '../schema/index.ts';
import { ProtobufError, WireReader } from './wire.ts';

export function decodeScalar(reader: WireReader, wireType: number, type: Scalar): unknown {
  switch (type) {
    case 'string':
      return reader.text();
    case 'boolean':
      return reader.varint() !== 0n;
    case 'int32':
    case 'int64':
      return wireType === 2 ? packedInts(reader.bytes()) : reader.int();
    case 'float64':
      return reader.double();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'quantity':
      return textField(reader.bytes());
    case 'intOrString':
      return intOrString(reader.bytes());
    case 'time':
      return time(reader.bytes(), 0);
    case 'microTime':
      return time(reader.bytes(), 6);
    case 'duration':
      return duration(reader.bytes());
    case 'fieldsV1':
    case 'raw':
      return rawJson(reader.bytes());
    case 'strings':
      return strings(reader.bytes());
    case 'any':
      throw new ProtobufError('a field of any type has no protobuf form');
  }
}

function* fields(bytes: Uint8Array): Generator<{ number: number; reader: WireReader }> {
  const reader = new WireReader(bytes);
  while (reader.more()) {
    const { number, wireType } = reader.tag();
    if (number > 3) reader.skip(wireType);
    else yield { number, reader };
  }
}

function packedInts(bytes: Uint8Array): number[] {
  const reader = new WireReader(bytes);
  const values: number[] = [];
  while (reader.more()) values.push(reader.int());
  return values;
}

function textField(bytes: Uint8Array): string {
  let text = '';
  for (const { reader } of fields(bytes)) text = reader.text();
  return text;
}

/** {type, intVal, strVal}: type 0 is a number. Undefined for Go's zero value of an optional field is left to the caller: 0. */
function intOrString(bytes: Uint8Array): string | number {
  let kind = 0;
  let int = 0;
  let text = '';
  for (const { number, reader } of fields(bytes)) {
    if (number === 1) kind = reader.int();
    else if (number === 2) int = reader.int();
    else text = reader.text();
  }
  return kind === 0 ? int : text;
}

/** {seconds, nanos}; Go's zero time is an empty message and absent in JSON. */
function time(bytes: Uint8Array, fractionDigits: 0 | 6): string | undefined {
  let seconds: number | undefined;
  let nanos = 0;
  for (const { number, reader } of fields(bytes)) {
    if (number === 1) seconds = reader.int();
    else nanos = reader.int();
  }
  if (seconds === undefined || seconds < -62_135_596_799) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return fractionDigits === 0 ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

function duration(bytes: Uint8Array): string {
  let nanoseconds = 0;
  for (const { reader } of fields(bytes)) nanoseconds = reader.int();
  return `${nanoseconds / 1e9}s`;
}

/** {raw}: bytes of JSON; undefined when there are none. */
export function rawJson(bytes: Uint8Array): unknown {
  let raw: Uint8Array | undefined;
  for (const { reader } of fields(bytes)) raw = reader.bytes();
  if (raw === undefined || raw.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.from(raw).toString('utf8'));
  } catch {
    throw new ProtobufError('an embedded object is not JSON');
  }
}

function strings(bytes: Uint8Array): string[] {
  const values: string[] = [];
  for (const { reader } of fields(bytes)) values.push(reader.text());
  return values;
}
