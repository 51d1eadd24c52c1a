/** What a formula works with: numbers, truths, lists and nothing. */
export type Value = number | boolean | null | readonly Value[];

export function typeName(value: Value): string {
  return value === null ? 'nil' : Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : 'float64';
}

export function numberOf(value: Value, where: string): number {
  if (typeof value !== 'number') throw new Error(`${where} takes numbers, not ${typeName(value)}`);
  return value;
}

export function truthOf(value: Value, where: string): boolean {
  if (typeof value !== 'boolean') throw new Error(`${where} takes true or false, not ${typeName(value)}`);
  return value;
}

export function listOf(value: Value, where: string): readonly Value[] {
  if (!Array.isArray(value)) throw new Error(`${where} takes a list, not ${typeName(value)}`);
  return value as readonly Value[];
}
