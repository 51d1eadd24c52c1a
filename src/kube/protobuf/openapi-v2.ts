/** An OpenAPI v2 document in protobuf (gnostic's openapi.v2.Document): the only form in which kubectl reads it. */

type Doc = Record<string, unknown>;

/** The name that answers have: Go's parser of media types knows no '@', with which clients ask. */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export function encodeOpenApiV2({ swagger, info, definitions }: Doc): Buffer {
  const { title, version } = info as { title: string; version: string };
  const named = Object.entries(definitions as Doc).map(([name, schema]) => bytesField(1, namedSchema(name, schema as Doc)));
  return Buffer.concat([
    textField(1, swagger as string),
    bytesField(2, Buffer.concat([textField(1, title), textField(2, version)])),
    bytesField(8, Buffer.alloc(0)),
    bytesField(9, Buffer.concat(named)),
  ]);
}

const namedSchema = (name: string, value: Doc): Buffer => Buffer.concat([textField(1, name), bytesField(2, schemaMessage(value))]);

type Write = (number: number, value: never) => Buffer;

/** Gnostic's Any: the value as YAML, of which JSON is a part. */
const any = (value: unknown): Buffer => textField(2, JSON.stringify(value));

/** Fields of gnostic's Schema. */
const FIELDS: Readonly<Record<string, readonly [number: number, write: Write]>> = {
  $ref: [1, textField],
  format: [2, textField],
  title: [3, textField],
  description: [4, textField],
  default: [5, (number, value: unknown) => bytesField(number, any(value))],
  multipleOf: [6, doubleField],
  maximum: [7, doubleField],
  exclusiveMaximum: [8, boolField],
  minimum: [9, doubleField],
  exclusiveMinimum: [10, boolField],
  maxLength: [11, intField],
  minLength: [12, intField],
  pattern: [13, textField],
  maxItems: [14, intField],
  minItems: [15, intField],
  uniqueItems: [16, boolField],
  maxProperties: [17, intField],
  minProperties: [18, intField],
  required: [19, (number, value: string[]) => Buffer.concat(value.map((name) => textField(number, name)))],
  enum: [20, (number, value: unknown[]) => Buffer.concat(value.map((each) => bytesField(number, any(each))))],
  additionalProperties: [
    21,
    (number, value: Doc | boolean) => bytesField(number, typeof value === 'boolean' ? boolField(2, value) : bytesField(1, schemaMessage(value))),
  ],
  type: [22, (number, value: string) => bytesField(number, textField(1, value))],
  items: [23, (number, value: Doc) => bytesField(number, bytesField(1, schemaMessage(value)))],
  properties: [
    25,
    (number, value: Doc) => bytesField(number, Buffer.concat(Object.entries(value).map(([name, schema]) => bytesField(1, namedSchema(name, schema as Doc))))),
  ],
  example: [30, (number, value: unknown) => bytesField(number, any(value))],
};
const EXTENSION = 31;

function schemaMessage(schema: Doc): Buffer {
  const parts: Buffer[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined) continue;
    const known = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
    // Each writes what JSON schemas have under that name.
    if (known !== undefined) parts.push(known[1](known[0], value as never));
    else if (key.startsWith('x-')) parts.push(bytesField(EXTENSION, Buffer.concat([textField(1, key), bytesField(2, any(value))])));
  }
  return Buffer.concat(parts);
}

const [VARINT, FIXED_64, BYTES] = [0, 1, 2];

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(Math.trunc(value))); ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

const tag = (number: number, wireType: number): Buffer => varint(number * 8 + wireType);

function bytesField(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([tag(number, BYTES), varint(bytes.length), bytes]);
}

function textField(number: number, text: string): Buffer {
  return bytesField(number, Buffer.from(text));
}

function intField(number: number, value: number): Buffer {
  return Buffer.concat([tag(number, VARINT), varint(value)]);
}

function boolField(number: number, value: boolean): Buffer {
  return intField(number, value ? 1 : 0);
}

function doubleField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(number, FIXED_64), bytes]);
}
