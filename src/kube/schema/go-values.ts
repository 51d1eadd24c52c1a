/** Which JSON values Go's decoder takes for a type, and what it says of others: clients see these texts. */
import { shownText } from '../json.ts';
import { isQuantity, QuantityError } from '../quantity.ts';
import type { FieldSchema, Scalar, TypeSchema } from './index.ts';

const TIME = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d([.,]\d+)?(Z|[+-]([01]\d|2[0-4]):[0-5]\d)$/;
const BASE64 = /^[A-Za-z0-9+/\r\n]*={0,2}[\r\n]*$/;

/** Whether Go decodes the value, which is not null, into a field of the type. */
export function hasGoType(value: unknown, type: Scalar): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'int32':
      return Number.isInteger(value) && (value as number) >= -(2 ** 31) && (value as number) < 2 ** 31;
    case 'int64':
      return Number.isInteger(value) && (value as number) >= -(2 ** 63) && (value as number) < 2 ** 63;
    case 'float64':
      return typeof value === 'number';
    case 'bytes':
      return Array.isArray(value) ? value.every(isByte) : typeof value === 'string' && isBase64(value);
    case 'time':
    case 'microTime':
      return typeof value === 'string' && TIME.test(value);
    case 'duration':
      return typeof value === 'string';
    case 'quantity':
      return typeof value === 'number' || (typeof value === 'string' && isQuantity(value));
    case 'intOrString':
      return typeof value === 'string' || hasGoType(value, 'int32');
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'fieldsV1':
      return typeof value === 'object' && !Array.isArray(value);
    case 'raw':
    case 'any':
      return true;
  }
}

/** Go takes a list of numbers for bytes, too; null is zero. */
function isByte(value: unknown): boolean {
  return value === null || (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 256);
}

function isBase64(text: string): boolean {
  if (!BASE64.test(text)) return false;
  const plain = text.replace(/[\r\n]/g, '');
  return plain.length % 4 === 0;
}

export interface GoTypeError {
  value: unknown;
  /** What should have stood there: the field's list, its map, or one value (of them). */
  expected: 'list' | 'map' | 'value';
  field: FieldSchema;
  owner: TypeSchema;
  /** Of the owner: 'spec.template.spec'. */
  path: string;
}

const GO_TYPES: Record<Scalar, string> = {
  string: 'string',
  bytes: '[]uint8',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  float64: 'float64',
  quantity: 'resource.Quantity',
  intOrString: 'intstr.IntOrString',
  duration: 'v1.Duration',
  strings: '[]string',
  fieldsV1: 'v1.FieldsV1',
  raw: 'runtime.RawExtension',
  any: 'interface {}',
};
const LAYOUT = '2006-01-02T15:04:05Z07:00';

/** Upstream's text about a value that `hasGoType` refused. */
export function goValueError({ value, expected, field, owner, path }: GoTypeError): string {
  const { type } = field;
  // Of a list of bytes it is one of them.
  const listed = type === 'bytes' && expected === 'value' && Array.isArray(value);
  const wrong: unknown = listed ? value.find((one) => !isByte(one)) : value;
  const actual = Array.isArray(wrong)
    ? 'array'
    : typeof wrong === 'boolean'
      ? 'bool'
      : typeof wrong === 'number'
        ? goNumber(wrong, listed ? 'int32' : type)
        : typeof wrong;
  if (expected === 'value') {
    // Types that decode themselves know nothing of the field they stand in.
    if (type === 'quantity') return new QuantityError(shownText(value)).message;
    if (type === 'intOrString') return `json: cannot unmarshal ${actual} into Go value of type int32`;
    if (type === 'time' || type === 'microTime' || type === 'duration') {
      if (typeof value !== 'string') return `json: cannot unmarshal ${actual} into Go value of type string`;
      return `parsing time ${JSON.stringify(value)} as ${JSON.stringify(type === 'microTime' ? '2006-01-02T15:04:05.000000Z07:00' : LAYOUT)}: cannot parse ${JSON.stringify(value)} as "2006"`;
    }
    if (type === 'bytes' && typeof value === 'string') return `illegal base64 data at input byte ${Math.max(0, value.search(/[^A-Za-z0-9+/\r\n]/))}`;
  }
  const element = listed ? 'uint8' : typeof type === 'string' ? GO_TYPES[type] : goName(type);
  const wanted = expected === 'list' ? `[]${element}` : expected === 'map' ? `map[string]${element}` : element;
  const struct = owner.name.slice(owner.name.lastIndexOf('.') + 1);
  const fieldPath = (path === '' ? field.name : `${path}.${field.name}`).replace(/\[\d+\]/g, '');
  return `json: cannot unmarshal ${actual} into Go struct field ${struct}.${fieldPath} of type ${wanted}`;
}

/** Go names the number when it is one, but not one for this type. */
function goNumber(value: number, type: FieldSchema['type']): string {
  return type === 'int32' || type === 'int64' || type === 'intOrString' ? `number ${value}` : 'number';
}

/** 'io.k8s.api.core.v1.PodSpec' → 'v1.PodSpec', as Go names it. */
function goName(type: TypeSchema): string {
  return type.name.split('.').slice(-2).join('.');
}
