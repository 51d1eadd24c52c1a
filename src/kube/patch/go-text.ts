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
