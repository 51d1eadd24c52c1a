/** Checks a custom resource against its schema; the texts are those kubectl users know from kube-apiserver. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldError } from '../../kube/status.ts';
import { regexOf } from '../cel/regex.ts';
import { correlated } from './correlate.ts';
import { checkFormat } from './formats.ts';
import { isObject, ownSchema, schemaOfField, type JsonObject, type JsonSchema } from './schema.ts';

/**
 * All violations, in the order fields are met. `path` is '' for the whole object. What `old` had already is let through, so that
 * a schema may become stricter without its objects becoming immutable.
 */
export function validateAgainst(value: unknown, schema: JsonSchema, path = '', old?: unknown): FieldError[] {
  const errors: FieldError[] = [];
  check(value, schema, path, errors, old);
  return errors;
}

function check(value: unknown, schema: JsonSchema, path: string, errors: FieldError[], old: unknown): void {
  if (old !== undefined && isDeepStrictEqual(value, old)) return;
  if (value === null && schema.nullable === true) return;
  if (!checkType(value, schema, path, errors)) return;
  checkEnum(value, schema, path, errors);
  if (typeof value === 'string') checkString(value, schema, path, errors);
  else if (typeof value === 'number') checkNumber(value, schema, path, errors);
  else if (Array.isArray(value)) checkArray(value, schema, path, errors, old);
  else if (isObject(value)) checkObject(value, schema, path, errors, old);
  checkCombinations(value, schema, path, errors);
}

function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function checkType(value: unknown, schema: JsonSchema, path: string, errors: FieldError[]): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value === 'string' || Number.isInteger(value)) return true;
    errors.push(wrongType(path, 'integer,string', value));
    return false;
  }
  if (schema.type === undefined) return true;
  const actual = typeName(value);
  if (actual === schema.type || (actual === 'integer' && schema.type === 'number')) return true;
  errors.push(wrongType(path, schema.type, value));
  return false;
}

function wrongType(path: string, wanted: string, value: unknown): FieldError {
  const actual = typeName(value);
  return {
    reason: 'FieldValueTypeInvalid',
    field: path || '<nil>',
    message: `Invalid value: ${JSON.stringify(actual)}: ${inBody(path)} must be of type ${wanted}: ${JSON.stringify(actual)}`,
  };
}

function inBody(path: string): string {
  return path === '' ? 'in body' : `${path} in body`;
}

function invalidValue(path: string, value: unknown, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field: path || '<nil>', message: `Invalid value: ${JSON.stringify(value)}: ${inBody(path)} ${why}` };
}

function checkEnum(value: unknown, schema: JsonSchema, path: string, errors: FieldError[]): void {
  if (!schema.enum || schema.enum.some((allowed) => isDeepStrictEqual(allowed, value))) return;
  const supported = schema.enum.map((allowed) => JSON.stringify(allowed)).join(', ');
  errors.push({ reason: 'FieldValueNotSupported', field: path, message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}` });
}

function checkString(value: string, schema: JsonSchema, path: string, errors: FieldError[]): void {
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    errors.push({ reason: 'FieldValueTooLong', field: path, message: `Too long: may not be more than ${schema.maxLength} bytes` });
  }
  if (schema.minLength !== undefined && length < schema.minLength) {
    errors.push(invalidValue(path, value, `should be at least ${schema.minLength} chars long`));
  }
  if (schema.pattern !== undefined && !regexOf(schema.pattern).test(value)) {
    errors.push(invalidValue(path, value, `should match '${schema.pattern}'`));
  }
  if (schema.format !== undefined && !checkFormat(schema.format, value)) {
    errors.push(invalidValue(path, value, `must be of type ${schema.format}: ${JSON.stringify(value)}`));
  }
}

const INTEGER_RANGES: Record<string, [number, number]> = { int32: [-(2 ** 31), 2 ** 31 - 1], int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] };

function checkNumber(value: number, schema: JsonSchema, path: string, errors: FieldError[]): void {
  const range = schema.type === 'integer' && schema.format ? INTEGER_RANGES[schema.format] : undefined;
  if (range && (value < range[0] || value > range[1])) errors.push(invalidValue(path, value, `must be of type ${schema.format}: ${JSON.stringify(value)}`));
  const { maximum, minimum, multipleOf } = schema;
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.push(invalidValue(path, value, `should be less than${schema.exclusiveMaximum ? '' : ' or equal to'} ${maximum}`));
  }
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.push(invalidValue(path, value, `should be greater than${schema.exclusiveMinimum ? '' : ' or equal to'} ${minimum}`));
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) errors.push(invalidValue(path, value, `should be a multiple of ${multipleOf}`));
}

function checkArray(value: unknown[], schema: JsonSchema, path: string, errors: FieldError[], old: unknown): void {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    errors.push({ reason: 'FieldValueTooMany', field: path, message: `Too many: ${value.length}: must have at most ${schema.maxItems} items` });
  }
  if (schema.minItems !== undefined && value.length < schema.minItems) errors.push(invalidValue(path, value, `should have at least ${schema.minItems} items`));
  if (schema.items) for (const [i, item] of value.entries()) check(item, schema.items, `${path}[${i}]`, errors, correlated(schema, old, item));
  checkListType(value, schema, path, errors);
}

function checkListType(value: unknown[], schema: JsonSchema, path: string, errors: FieldError[]): void {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    const key = type === 'set' ? item : mapKey(item, keys, schema.items);
    const text = JSON.stringify(key);
    if (seen.has(text)) errors.push({ reason: 'FieldValueDuplicate', field: `${path}[${i}]`, message: `Duplicate value: ${text}` });
    seen.add(text);
  }
}

function mapKey(item: unknown, keys: readonly string[], schema: JsonSchema | undefined): JsonObject {
  const object = isObject(item) ? item : {};
  return Object.fromEntries(keys.map((key) => [key, Object.hasOwn(object, key) ? object[key] : ownSchema(schema?.properties, key)?.default]));
}

function checkObject(value: JsonObject, schema: JsonSchema, path: string, errors: FieldError[], old: unknown): void {
  const before = isObject(old) ? old : {};
  const names = Object.keys(value);
  if (schema.maxProperties !== undefined && names.length > schema.maxProperties) {
    errors.push({ reason: 'FieldValueTooMany', field: path, message: `Too many: ${names.length}: must have at most ${schema.maxProperties} items` });
  }
  if (schema.minProperties !== undefined && names.length < schema.minProperties) {
    errors.push(invalidValue(path, value, `should have at least ${schema.minProperties} properties`));
  }
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) errors.push({ reason: 'FieldValueRequired', field: child(path, name), message: 'Required value' });
  }
  for (const name of names) {
    const field = schemaOfField(schema, name);
    if (field) check(value[name], field, child(path, name), errors, Object.hasOwn(before, name) ? before[name] : undefined);
  }
  if (schema['x-kubernetes-embedded-resource'] === true) checkEmbedded(value, path, errors);
}

function checkEmbedded(value: JsonObject, path: string, errors: FieldError[]): void {
  for (const name of ['apiVersion', 'kind']) {
    if (typeof value[name] !== 'string' || value[name] === '')
      errors.push({ reason: 'FieldValueRequired', field: child(path, name), message: 'Required value: must not be empty' });
  }
}

function checkCombinations(value: unknown, schema: JsonSchema, path: string, errors: FieldError[]): void {
  const passes = (candidate: JsonSchema): boolean => validateAgainst(value, candidate, path).length === 0;
  if (schema.allOf && !schema.allOf.every(passes)) {
    for (const candidate of schema.allOf) errors.push(...validateAgainst(value, candidate, path));
    errors.push(invalidCombination(path, 'must validate all the schemas (allOf)'));
  }
  if (schema.anyOf && !schema.anyOf.some(passes)) errors.push(invalidCombination(path, 'must validate at least one schema (anyOf)'));
  if (schema.oneOf && schema.oneOf.filter(passes).length !== 1) errors.push(invalidCombination(path, 'must validate one and only one schema (oneOf)'));
  if (schema.not && passes(schema.not)) errors.push(invalidCombination(path, 'must not validate the schema (not)'));
}

function invalidCombination(path: string, why: string): FieldError {
  return { reason: 'FieldValueInvalid', field: path || '<nil>', message: `Invalid value: "": ${JSON.stringify(path)} ${why}` };
}
