/** Finds one number in the body of an answer. */
import { approximate, isQuantity } from '../../../kube/quantity.ts';

export type AnswerFormat = 'json' | 'yaml' | 'prometheus';

/** `place`: 'a.b.0.c' with '\.' for a dot in a name, or for Prometheus a metric's name with labels. Throws an Error that says what is there instead. */
export async function numberIn(body: string, place: string, format: AnswerFormat): Promise<number> {
  if (format === 'prometheus') return sampleIn(body, place);
  const { parse } = await import('../../../kube/yaml.ts');
  return numeric(at(format === 'json' ? JSON.parse(body) : parse(body), place), place);
}

function at(root: unknown, place: string): unknown {
  const names = (place.match(/(?:\\.|[^.\\])+/g) ?? []).map((name) => name.replaceAll(/\\(.)/g, '$1'));
  return names.reduce<unknown>((value, name) => {
    if (value === null || typeof value !== 'object') return undefined;
    if (Array.isArray(value) && name === '#') return value.length;
    return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }, root);
}

function numeric(value: unknown, place: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') {
    if (!isQuantity(value)) throw new Error(`valueLocation ${JSON.stringify(place)} points to a string that is not parseable as a Quantity`);
    return approximate(value);
  }
  const found = value === undefined ? 'nothing' : value === null ? 'Null' : Array.isArray(value) ? 'a list' : typeof value;
  throw new Error(`valueLocation ${JSON.stringify(place)} must point to a numeric value or a string parseable as a Quantity, got ${found}`);
}

interface Labels {
  [name: string]: string;
}

function labelsIn(text: string): Labels {
  const found = [...text.matchAll(/([a-zA-Z_]\w*)\s*=\s*"((?:\\.|[^"\\])*)"/g)];
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))]));
}

/** The first sample of the name that has all the labels asked for. */
function sampleIn(body: string, place: string): number {
  const [, wanted = '', labelText = ''] = /^\s*([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*$/.exec(place) ?? [];
  if (wanted === '') throw new Error(`valueLocation ${JSON.stringify(place)} must be a metric's name, with labels in braces if need be`);
  const labels = Object.entries(labelsIn(labelText));
  let known = false;
  for (const line of body.split('\n')) {
    const [, name, has = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line) ?? [];
    if (name !== wanted) continue;
    known = true;
    const own = labelsIn(has);
    if (labels.every(([label, text]) => own[label] === text)) return Number(value.replace('Inf', 'Infinity'));
  }
  throw new Error(known ? `value ${place} not found` : `metric '${wanted}' not found`);
}
