/** An OpenAPI v2 document in protobuf (gnostic's openapi.v2.Document): the only form in which kubectl reads it. */
import { BackwardWriter } from './backward-writer.ts';

type Doc = Record<string, unknown>;

/** The name that answers have: Go's parser of media types knows no '@', with which clients ask. */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export function encodeOpenApiV2({ swagger, info, definitions }: Doc): Buffer {
  const { title, version } = info as { title: string; version: string };
  const writer = new BackwardWriter();
  writer.message(9, () => namedSchemas(writer, definitions as Doc));
  writer.message(8, () => undefined);
  writer.message(2, () => {
    writer.text(2, version);
    writer.text(1, title);
  });
  writer.text(1, swagger as string);
  return writer.finish();
}

function namedSchemas(writer: BackwardWriter, schemas: Doc): void {
  for (const [name, schema] of Object.entries(schemas).toReversed())
    writer.message(1, () => {
      writer.message(2, () => schemaMessage(writer, schema as Doc));
      writer.text(1, name);
    });
}

type Write = (writer: BackwardWriter, number: number, value: never) => void;

/** Gnostic's Any: the value as YAML, of which JSON is a part. */
const any: Write = (writer, number, value: unknown) => writer.message(number, () => writer.text(2, JSON.stringify(value)));
const text: Write = (writer, number, value: string) => writer.text(number, value);
const int: Write = (writer, number, value: number) => writer.int(number, value);
const bool: Write = (writer, number, value: boolean) => writer.int(number, value ? 1 : 0);
const double: Write = (writer, number, value: number) => writer.double(number, value);
const each =
  (write: Write): Write =>
  (writer, number, values: readonly never[]) => {
    for (const value of values.toReversed()) write(writer, number, value);
  };

/** Fields of gnostic's Schema. */
const FIELDS: Readonly<Record<string, readonly [number: number, write: Write]>> = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, any],
  multipleOf: [6, double],
  maximum: [7, double],
  exclusiveMaximum: [8, bool],
  minimum: [9, double],
  exclusiveMinimum: [10, bool],
  maxLength: [11, int],
  minLength: [12, int],
  pattern: [13, text],
  maxItems: [14, int],
  minItems: [15, int],
  uniqueItems: [16, bool],
  maxProperties: [17, int],
  minProperties: [18, int],
  required: [19, each(text)],
  enum: [20, each(any)],
  additionalProperties: [
    21,
    (writer, number, value: Doc | boolean) =>
      writer.message(number, () => (typeof value === 'boolean' ? writer.int(2, value ? 1 : 0) : writer.message(1, () => schemaMessage(writer, value)))),
  ],
  type: [22, (writer, number, value: string) => writer.message(number, () => writer.text(1, value))],
  items: [23, (writer, number, value: Doc) => writer.message(number, () => writer.message(1, () => schemaMessage(writer, value)))],
  properties: [25, (writer, number, value: Doc) => writer.message(number, () => namedSchemas(writer, value))],
  example: [30, any],
};
const EXTENSION = 31;

function schemaMessage(writer: BackwardWriter, schema: Doc): void {
  for (const [key, value] of Object.entries(schema).toReversed()) {
    if (value === undefined) continue;
    const known = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
    // Each writes what JSON schemas have under that name.
    if (known !== undefined) known[1](writer, known[0], value as never);
    else if (key.startsWith('x-'))
      writer.message(EXTENSION, () => {
        any(writer, 2, value as never);
        writer.text(1, key);
      });
  }
}
