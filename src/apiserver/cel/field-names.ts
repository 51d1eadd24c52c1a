/** Names of fields as expressions write them: what is no identifier is escaped. */
import type { Type } from './types.ts';

const KEYWORDS = new Set('true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '));
const ESCAPED: Record<string, string> = { __underscores__: '__', __dot__: '.', __dash__: '-', __slash__: '/' };
const ESCAPES: Record<string, string> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };
/** What can be escaped. */
const NAMEABLE = /^[A-Za-z_.\-/][A-Za-z0-9_.\-/]*$/;

/** The name in an expression; undefined for one that cannot be written. */
export function escapeName(name: string): string | undefined {
  if (KEYWORDS.has(name)) return `__${name}__`;
  return NAMEABLE.test(name) ? name.replace(/__|[.\-/]/g, (part) => ESCAPES[part]!) : undefined;
}

function unescapeName(field: string): string {
  const keyword = /^__([a-z]+)__$/.exec(field)?.[1];
  if (keyword !== undefined && KEYWORDS.has(keyword)) return keyword;
  return field.replace(/__(?:underscores|dot|dash|slash)__/g, (escape) => ESCAPED[escape]!);
}

/** The member's own name and type; keywords may be written without escape. Undefined for a field that the type does not have. */
export function fieldOf(type: Type & { kind: 'object' }, field: string): { name: string; type: Type } | undefined {
  const name = unescapeName(field);
  const found = KEYWORDS.has(field) || escapeName(name) === field ? type.fields().get(name) : undefined;
  return found === undefined ? undefined : { name, type: found };
}
