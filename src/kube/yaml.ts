/** YAML, to be loaded when it is needed. The package is CommonJS: loaded by itself from the bundle it would have no names. */
import { isScalar, LineCounter, parseDocument, visit } from 'yaml';

export { parse, stringify } from 'yaml';

export interface ReadYaml {
  value: unknown;
  /** Of keys that stand twice in one mapping, in Go's words: 'line 9: key "foo" already set in map'. The last one counts. */
  duplicates: string[];
}

/** One document. Throws an Error that says where it is wrong. */
export function readYaml(text: string): ReadYaml {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, uniqueKeys: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  const found: { line: number; name: unknown }[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        if (isScalar(key) && seen.has(name)) found.push({ line: lineCounter.linePos(key.range?.[0] ?? 0).line, name });
        seen.add(name);
      }
    },
  });
  // In the order of the text, as Go's decoder meets them.
  const duplicates = found.toSorted((a, b) => a.line - b.line).map(({ line, name }) => `line ${line}: key ${JSON.stringify(name)} already set in map`);
  return { value: document.toJS(), duplicates };
}
