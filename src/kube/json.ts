/** Plain JSON values: copying and comparing, faster than structuredClone and by value. */

/** A copy that shares nothing; members that are undefined are left out, as JSON would. */
export function copyJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  // What is built here has the shape of what was read.
  if (Array.isArray(value)) return value.map((item: unknown) => (item === undefined ? null : copyJson(item))) as T;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined) continue;
    // Assigning to __proto__ would set the prototype.
    if (name === '__proto__') Object.defineProperty(copy, name, { value: copyJson(member), writable: true, enumerable: true, configurable: true });
    else copy[name] = copyJson(member);
  }
  return copy as T;
}

/** By value; the order of members does not count, and a member that is undefined is as good as absent. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
  if (Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const name of Object.keys(left)) {
    if (left[name] === undefined ? right[name] !== undefined : !Object.hasOwn(right, name) || !equalJson(left[name], right[name])) return false;
  }
  for (const name of Object.keys(right)) if (right[name] !== undefined && !Object.hasOwn(left, name)) return false;
  return true;
}

/** For messages: a text as it is, all else as JSON. What came over the wire may have a `toString` that is none. */
export function shownText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
