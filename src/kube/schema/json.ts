/** JSON with duplicate keys reported, which JSON.parse hides. */

export class JsonError extends Error {}

/** Objects of the API nest a few dozen deep; what walks them does so by recursion, so depth has a limit well before the stack's. */
const MAX_DEPTH = 1000;

/**
 * Parses JSON; `duplicates` holds the paths of keys that stand twice in one object ('spec.replicas').
 * Keys such as `__proto__` become ordinary own fields. Throws JsonError.
 */
export function parseJson(source: Buffer | string): { value: unknown; duplicates: string[] } {
  const text = typeof source === 'string' ? source : source.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new JsonError((error as Error).message);
  }
  // Nearly no body has duplicates: counting finds that out in a third of the time of looking at every key.
  return { value, duplicates: countKeys(value, 0) === countColons(text) ? [] : duplicateKeys(text) };
}

function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth >= MAX_DEPTH) throw new JsonError('exceeded max depth');
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item, depth + 1);
    return count;
  }
  for (const name in value) count += 1 + countKeys((value as Record<string, unknown>)[name], depth + 1);
  return count;
}

/** Outside strings: one for each key that is written. */
function countColons(text: string): number {
  let count = 0;
  let at = 0;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return count;
    at = stringEnd(text, quote + 1) + 1;
    // Only a key's string is followed by a colon, after white space at most.
    while (text.charCodeAt(at) <= 0x20) at++;
    if (text.charCodeAt(at) === 0x3a) count++;
  }
}

/** Walks text that is known to be valid JSON; only keys are looked at. */
function duplicateKeys(text: string): string[] {
  const found: string[] = [];
  // One entry an open object or array: its keys so far (null for an array), the key or index in hand.
  const keys: (Set<string> | null)[] = [];
  const at: (string | number)[] = [];
  let expectKey = false;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: {
        const start = i + 1;
        i = stringEnd(text, start);
        if (expectKey) {
          const raw = text.slice(start, i);
          const key = raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
          const seen = keys[keys.length - 1];
          at[at.length - 1] = key;
          if (seen?.has(key)) found.push(pathOf(keys, at));
          seen?.add(key);
          expectKey = false;
        }
        break;
      }
      case 0x7b:
        keys.push(new Set());
        at.push('');
        expectKey = true;
        break;
      case 0x5b:
        keys.push(null);
        at.push(0);
        expectKey = false;
        break;
      case 0x7d:
      case 0x5d:
        keys.pop();
        at.pop();
        expectKey = false;
        break;
      case 0x2c: {
        const top = keys.length - 1;
        if (keys[top] === null) at[top] = (at[top] as number) + 1;
        else expectKey = true;
        break;
      }
    }
  }
  return found;
}

function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

function pathOf(keys: readonly (Set<string> | null)[], at: readonly (string | number)[]): string {
  let path = '';
  for (let i = 0; i < at.length; i++) path += keys[i] === null ? `[${at[i]}]` : `${path === '' ? '' : '.'}${at[i]}`;
  return path;
}
