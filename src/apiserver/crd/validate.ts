/** Checks a custom resource against its schema; the texts are those kubectl users know from kube-apiserver. */
import { isDeepStrictEqual } from 'node:util';
import type { FieldError } from '../../kube/status.ts';
import { notSupported, required, tooLong, tooMany } from '../../kube/validation/field.ts';
import { regexOf } from '../cel/regex.ts';
import { correlated } from './correlate.ts';
import { checkFormat, isFormat } from './formats.ts';
import { isObject, schemaOfField, type JsonObject, type JsonSchema } from './schema.ts';

/**
 * All violations, in the order of upstream's checks. `path` is '' for the whole object. What `old` had already is let through, so
 * that a schema may become stricter without its objects becoming immutable.
 */
export function validateAgainst(value: unknown, schema: JsonSchema, path = '', old?: unknown): FieldError[] {
  return outcomeOf(value, schema, path, { old }).errors;
}

/** `checks` counts what was looked at: of several schemas that all refuse a value, the errors of the one that looked at most are told. */
interface Outcome {
  errors: FieldError[];
  checks: number;
}

/** What the value was. Absent in a schema that only narrows another: there everything is held against the value, as upstream does. */
type Before = { old: unknown } | undefined;

function outcomeOf(value: unknown, schema: JsonSchema, path: string, before: Before): Outcome {
  const outcome: Outcome = { errors: [], checks: 0 };
  if (before?.old !== undefined && isDeepStrictEqual(value, before.old)) return outcome;
  checkType(outcome, value, schema, path);
  if (value === null) {
    checkEnum(outcome, value, schema, path);
    return outcome;
  }
  checkCombinations(outcome, value, schema, path);
  if (typeof value === 'string') checkString(outcome, value, schema, path);
  else if (typeof value === 'number') checkNumber(outcome, value, schema, path);
  else if (Array.isArray(value)) checkArray(outcome, value, schema, path, before);
  checkEnum(outcome, value, schema, path);
  if (isObject(value)) checkObject(outcome, value, schema, path, before);
  // Itself, its combinations (twice) and its enumeration: as upstream counts.
  outcome.checks += 4;
  return outcome;
}

/** The same error is told once. */
function merge(outcome: Outcome, { errors, checks }: Outcome): void {
  outcome.checks += checks;
  for (const error of errors) if (!outcome.errors.some(({ field, message }) => field === error.field && message === error.message)) outcome.errors.push(error);
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

function checkType(outcome: Outcome, value: unknown, schema: JsonSchema, path: string): void {
  const wanted = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : schema.type === undefined ? [] : [schema.type];
  if (value === null && schema.nullable === true) outcome.checks++;
  if (wanted.length === 0 || (value === null && schema.nullable === true)) return;
  const actual = typeName(value);
  // Asked and, where it is right, answered.
  outcome.checks++;
  if (wanted.includes(actual) || (actual === 'integer' && wanted.includes('number'))) return void outcome.checks++;
  const { format } = schema;
  if (format === undefined || value === null || !(isFormat(format) || NUMBER_FORMATS.has(format)))
    return void outcome.errors.push(wrongType(path, wanted.join(), actual));
  // Upstream compares formats then, of which texts and lists have none: numbers apart, they pass.
  if (actual !== 'string' && actual !== 'array') outcome.errors.push(wrongType(path, format, FORMAT_OF[actual] ?? ''));
  else if (NUMBERS.has(wanted.join())) outcome.errors.push(wrongType(path, wanted.join(), actual));
}

const NUMBERS = new Set(['integer', 'number']);
const NUMBER_FORMATS = new Set(['int32', 'int64', 'float', 'double']);
const FORMAT_OF: Record<string, string> = { integer: 'int64', number: 'float64' };

function wrongType(path: string, wanted: string, actual: string): FieldError {
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

/** Upstream knows the place only in its words. */
function placeless(why: string): FieldError {
  return { reason: 'FieldValueInvalid', field: '<nil>', message: `Invalid value: "": ${why}` };
}

function checkEnum({ errors }: Outcome, value: unknown, schema: JsonSchema, path: string): void {
  // A null is equal to none, as upstream has it.
  if (!schema.enum?.length || (value !== null && schema.enum.some((allowed) => isDeepStrictEqual(allowed, value)))) return;
  const supported = schema.enum.map((allowed) => (typeof allowed === 'string' ? allowed : JSON.stringify(allowed)));
  errors.push(notSupported(path, value, supported, 'given'));
}

function checkString(outcome: Outcome, value: string, schema: JsonSchema, path: string): void {
  outcome.checks++;
  const wrong = stringError(value, schema, path);
  if (wrong !== undefined) outcome.errors.push(wrong);
  if (schema.format === undefined || !isFormat(schema.format)) return;
  outcome.checks++;
  if (!checkFormat(schema.format, value))
    outcome.errors.push({ ...invalidValue(path, value, `must be of type ${schema.format}: ${JSON.stringify(value)}`), reason: 'FieldValueTypeInvalid' });
}

/** The first: what is too long is not looked at further. */
function stringError(value: string, { maxLength, minLength, pattern }: JsonSchema, path: string): FieldError | undefined {
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length;
  if (maxLength !== undefined && length > maxLength) return tooLong(path, maxLength);
  if (minLength !== undefined && length < minLength) return invalidValue(path, value, `should be at least ${minLength} chars long`);
  if (pattern && !regexOf(pattern).test(value)) return invalidValue(path, value, `should match '${pattern}'`);
  return undefined;
}

const SAFE_INTEGERS = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const;
const INTEGER_RANGES: Record<string, readonly [number, number]> = { int32: [-(2 ** 31), 2 ** 31 - 1], int64: SAFE_INTEGERS };

function checkNumber(outcome: Outcome, value: number, schema: JsonSchema, path: string): void {
  const { errors } = outcome;
  outcome.checks += 2;
  if (schema.type === 'integer') {
    const { format = '' } = schema;
    const [least, most] = INTEGER_RANGES[format] ?? SAFE_INTEGERS;
    const asked = Object.hasOwn(INTEGER_RANGES, format) ? `with format ${format}` : '(default format)';
    if (!Number.isInteger(value) || value < least || value > most) errors.push(placeless(`Checked value must be of type integer ${asked} in ${path}`));
  }
  const { maximum, minimum, multipleOf } = schema;
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) errors.push(invalidValue(path, value, `should be a multiple of ${multipleOf}`));
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    errors.push(invalidValue(path, value, `should be greater than${schema.exclusiveMinimum ? '' : ' or equal to'} ${minimum}`));
  }
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    errors.push(invalidValue(path, value, `should be less than${schema.exclusiveMaximum ? '' : ' or equal to'} ${maximum}`));
  }
}

function checkArray(outcome: Outcome, value: unknown[], schema: JsonSchema, path: string, before: Before): void {
  const { items, minItems, maxItems } = schema;
  outcome.checks += 2;
  if (items)
    for (const [i, item] of value.entries()) merge(outcome, outcomeOf(item, items, `${path}[${i}]`, before && { old: correlated(schema, before.old, item) }));
  if (minItems !== undefined && value.length < minItems) outcome.errors.push(invalidValue(path, value.length, `should have at least ${minItems} items`));
  if (maxItems !== undefined && value.length > maxItems) outcome.errors.push(tooMany(path, value.length, maxItems));
}

function checkObject(outcome: Outcome, value: JsonObject, schema: JsonSchema, path: string, before: Before): void {
  const { errors } = outcome;
  const { minProperties, maxProperties } = schema;
  const names = Object.keys(value);
  outcome.checks++;
  if (minProperties !== undefined && names.length < minProperties)
    errors.push(invalidValue(path, names.length, `should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && names.length > maxProperties) errors.push(tooMany(path, names.length, maxProperties));
  const old = before && isObject(before.old) ? before.old : {};
  for (const name of names) {
    const field = schemaOfField(schema, name);
    if (field) merge(outcome, outcomeOf(value[name], field, child(path, name), before && { old: Object.hasOwn(old, name) ? old[name] : undefined }));
  }
  for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) errors.push(required(child(path, name)));
}

function checkCombinations(outcome: Outcome, value: unknown, { allOf, anyOf, oneOf, not }: JsonSchema, path: string): void {
  const outcomes = (schemas: readonly JsonSchema[] = []): Outcome[] => schemas.map((schema) => outcomeOf(value, schema, path, undefined));
  const add = (why: string): void => merge(outcome, { errors: [placeless(`${JSON.stringify(path)} must ${why}`)], checks: 0 });
  const tell = (found: Outcome | undefined): void => found && merge(outcome, found);
  if (anyOf?.length) {
    const found = outcomes(anyOf);
    const right = found.find(passes);
    if (right === undefined) add('validate at least one schema (anyOf)');
    tell(right ?? nearest(found));
  }
  if (oneOf?.length) {
    const found = outcomes(oneOf);
    const right = found.filter(passes);
    if (right.length !== 1) {
      add(`validate one and only one schema (oneOf). Found ${right.length === 0 ? 'none valid' : `${right.length} valid alternatives`}`);
    }
    if (right.length <= 1) tell(right[0] ?? nearest(found));
  }
  if (allOf?.length) {
    const found = outcomes(allOf);
    found.forEach(tell);
    if (!found.every(passes)) add(`validate all the schemas (allOf)${found.some(passes) ? '' : '. None validated'}`);
  }
  if (not && outcomes([not]).every(passes)) add('not validate the schema (not)');
}

const passes = ({ errors }: Outcome): boolean => errors.length === 0;

/** The first of those that looked at most. */
function nearest(found: readonly Outcome[]): Outcome | undefined {
  return found.reduce<Outcome | undefined>((best, one) => (best === undefined || one.checks > best.checks ? one : best), undefined);
}
