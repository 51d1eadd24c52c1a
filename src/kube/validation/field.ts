/** Field errors in upstream's words. Values are written as JSON. */
import type { FieldError } from '../status.ts';

export type Errors = FieldError[];

function show(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && !Array.isArray(value) && Object.values(value).every((v) => typeof v === 'string')) return JSON.stringify(sorted(value));
  // Of a selector the map is in order, the rest as its type has it.
  if (typeof value === 'object' && 'matchLabels' in value) return JSON.stringify({ ...value, matchLabels: sorted(value.matchLabels) });
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export const required = (field: string, why = ''): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  message: why === '' ? 'Required value' : `Required value: ${why}`,
});
export const invalidValue = (field: string, value: unknown, why: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: why === '' ? `Invalid value: ${show(value)}` : `Invalid value: ${show(value)}: ${why}`,
});
export const duplicate = (field: string, value: unknown): FieldError => ({ reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${show(value)}` });
export const forbiddenField = (field: string, why: string): FieldError => ({ reason: 'FieldValueForbidden', field, message: `Forbidden: ${why}` });
export const notFoundValue = (field: string, value: unknown): FieldError => ({ reason: 'FieldValueNotFound', field, message: `Not found: ${show(value)}` });
export const tooLong = (field: string, max: number): FieldError => ({
  reason: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${max} bytes`,
});

export const tooMany = (field: string, count: number, max: number): FieldError => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${count}: must have at most ${max} item${max === 1 ? '' : 's'}`,
});
/** An invalid value that is not shown. */
export const omitted = (field: string, why: string): FieldError => ({ reason: 'FieldValueInvalid', field, message: `Invalid value: ${why}` });

/** Upstream sorts some lists of what is supported, and leaves others as they are written. */
export function notSupported(field: string, value: unknown, supported: readonly string[], order: 'sorted' | 'given' = 'sorted'): FieldError {
  const shown = order === 'sorted' ? supported.toSorted() : supported;
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${show(value)}: supported values: ${shown.map((s) => JSON.stringify(s)).join(', ')}`,
  };
}

/** Adds an error when the value is there and not one of the supported, which are shown in this order. */
export function oneOf(errors: Errors, field: string, value: unknown, supported: readonly string[]): void {
  if (value !== undefined && !supported.includes(value as string)) errors.push(notSupported(field, value, supported, 'given'));
}

export function nonNegative(errors: Errors, field: string, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.push(invalidValue(field, value, 'must be greater than or equal to 0'));
}

export function positive(errors: Errors, field: string, value: number | undefined): void {
  if (value !== undefined && value <= 0) errors.push(invalidValue(field, value, 'must be greater than 0'));
}

export function portNumber(errors: Errors, field: string, value: number | undefined): void {
  if (value !== undefined && (value < 1 || value > 65_535)) errors.push(invalidValue(field, value, 'must be between 1 and 65535, inclusive'));
}

/** `why` for each text of a names.ts check. */
export function named(errors: Errors, field: string, value: string, check: (value: string) => string[]): void {
  for (const why of check(value)) errors.push(invalidValue(field, value, why));
}

export function immutable(errors: Errors, field: string, value: unknown, old: unknown): void {
  if (JSON.stringify(sorted(value)) !== JSON.stringify(sorted(old))) errors.push(invalidValue(field, value, 'field is immutable'));
}

/** The same value with keys in order, so that texts compare. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}
