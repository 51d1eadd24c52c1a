/** What may differ between two servers that behave alike: identities, times, revisions, chosen addresses and ports. */
import type { Answer } from '../peer.ts';

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\b/g;
const ADDRESS = /\b10\.0\.0\.\d+\b/g;
/** Fields whose value is the server's choice. */
const CHOSEN = new Set(['resourceVersion', 'nodePort', 'healthCheckNodePort', 'continue', 'token']);
/** Lists in the order of Go's maps, or of the second something happened in. */
const UNORDERED = new Set(['causes', 'managedFields', 'resourceRules', 'nonResourceRules']);
const HEADERS = ['content-type', 'warning', 'allow'] as const;

/** Normalized text without the entries of managedFields. */
export function withoutManagedFields(text: string): string {
  return text.replace(/^( *)"managedFields": \[\n(?:\1 .*\n)*\1\],?\n/gm, '').replace(/,(\n *[}\]])/g, '$1');
}

/** The same text for answers that mean the same. */
export function normalized(answer: Answer, namespace: string): string {
  const headers = HEADERS.flatMap((name) => (answer.headers[name] === undefined ? [] : [`${name}: ${String(answer.headers[name])}`]));
  return [`HTTP ${answer.status}`, ...headers, bodyOf(answer.body)].join('\n').replaceAll(namespace, 'NAMESPACE');
}

function bodyOf(body: string): string {
  try {
    return JSON.stringify(normalizedValue(JSON.parse(body)), undefined, 1);
  } catch {
    const lines = body.split('\n').filter((line) => line !== '');
    if (lines.length > 1 && lines.every((line) => line.startsWith('{'))) return lines.map(bodyOf).join('\n');
    return maskText(body);
  }
}

function normalizedValue(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return CHOSEN.has(key) && value !== '' ? '<chosen>' : maskText(value);
  if (typeof value === 'number') return CHOSEN.has(key) ? '<chosen>' : value;
  if (Array.isArray(value)) return UNORDERED.has(key) ? sorted(value.map((item) => normalizedValue(item))) : value.map((item) => normalizedValue(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, inner]) => [name, normalizedValue(inner, name)]));
}

function sorted(values: readonly unknown[]): unknown[] {
  return values.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function maskText(text: string): string {
  return text
    .replace(UUID, '<uid>')
    .replace(TIME, '<time>')
    .replace(/\bX509SHA256=[0-9a-f]{64}\b/g, 'X509SHA256=<certificate>')
    .replace(ADDRESS, '<address>')
    .replace(/(kube-api-access-|generated-)[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '$1<random>')
    .replace(/"resourceVersion":"\d+"/g, '"resourceVersion":"<chosen>"');
}
