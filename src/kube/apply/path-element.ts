/** Path elements: 'f:name' of a field, 'k:{"name":"x"}' and 'v:"x"' of a list's item; and how messages write paths. */
import type { ListShape } from './shape.ts';

/** Why a list's item has no path element. */
export class NoElementError extends Error {}

/** Throws NoElementError for items that cannot be told apart. */
export function itemElement(item: unknown, shape: ListShape): string {
  const { keys } = shape;
  if (keys === undefined) {
    if (item === null) throw new NoElementError("associative list without keys has an element that's an explicit null");
    if (typeof item === 'object')
      throw new NoElementError(
        Array.isArray(item) ? 'not supported: associative list with lists as elements' : "associative list without keys has an element that's a map type",
      );
    return `v:${JSON.stringify(item)}`;
  }
  if (item === null) throw new NoElementError('associative list with keys may not have a null element');
  if (typeof item !== 'object' || Array.isArray(item)) throw new NoElementError('associative list with keys may not have non-map elements');
  let text = '';
  for (const { name, json, fallback } of keys) {
    const value = (item as Record<string, unknown>)[name] ?? fallback;
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}${json}:${JSON.stringify(value)}`;
  }
  if (text === '') {
    const names = (shape.keyOrder ?? []).map((name) => JSON.stringify(name)).join(' ');
    throw new NoElementError(
      `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    );
  }
  return `k:{${text}}`;
}

/** '.spec.containers[name="x"].image' */
export function formatPath(elements: readonly string[]): string {
  return elements.map(formatElement).join('');
}

export function formatElement(element: string): string {
  const content = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${content}`;
    case 'k': {
      // Made by `itemElement`, or sent by a client as JSON.
      const fields = Object.entries(parsed(content)).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      return `[${fields.join(',')}]`;
    }
    case 'v':
      return `[=${content}]`;
    default:
      return `[${content}]`;
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
