/** A JSON value as Go prints it (%v), as some of upstream's errors show a patch. */
import type { Json } from './json-value.ts';

export function goText(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.keys(value)
    .toSorted()
    .map((name) => `${name}:${goText(value[name] ?? null)}`);
  return `map[${members.join(' ')}]`;
}

/** The type that Go's decoder of JSON gives a value, as `%T` writes it. */
export function goType(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return value === null ? '%!s(<nil>)' : 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
