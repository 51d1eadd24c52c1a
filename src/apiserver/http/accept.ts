/**
 * What form of answer a client wants. Answers are JSON (or YAML where asked for); clients that list protobuf first
 * always take JSON too, so protobuf is skipped, never refused.
 */
import { notAcceptable } from '../../kube/status.ts';

export type Form = 'object' | 'Table' | 'PartialObjectMetadata';

export interface Representation {
  form: Form;
  /** Of meta.k8s.io, for Table and PartialObjectMetadata. */
  version: 'v1' | 'v1beta1';
  yaml: boolean;
}

interface Clause {
  type: string;
  params: Record<string, string>;
}

const PLAIN: Representation = { form: 'object', version: 'v1', yaml: false };
const CACHE_MAX = 256;
/** Clients send the same few headers for ever. */
const cache = new Map<string, readonly Clause[]>();

/** Clauses in the order of preference: by `q`, then as written. */
export function parseAccept(header: string): readonly Clause[] {
  const cached = cache.get(header);
  if (cached !== undefined) return cached;
  const clauses = header.split(',').map((text) => {
    const [type = '', ...params] = text.split(';').map((part) => part.trim());
    return { type: type.toLowerCase(), params: Object.fromEntries(params.map((param) => keyAndValue(param))) };
  });
  const parsed = clauses.filter((clause) => clause.type !== '').toSorted((a, b) => quality(b) - quality(a));
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(header, parsed);
  return parsed;
}

function keyAndValue(param: string): [string, string] {
  const at = param.indexOf('=');
  return at < 0 ? [param, ''] : [param.slice(0, at), param.slice(at + 1).replace(/^"|"$/g, '')];
}

function quality(clause: Clause): number {
  const q = Number(clause.params['q'] ?? 1);
  return Number.isNaN(q) ? 1 : q;
}

/** Throws StatusError 406 when nothing the client takes can be had; `tabular`: a Table can. */
export function negotiate(header: string | undefined, tabular: boolean): Representation {
  if (!header) return PLAIN;
  let protobuf = false;
  let unknownForm = false;
  for (const { type, params } of parseAccept(header)) {
    if (type === 'application/vnd.kubernetes.protobuf') protobuf = true;
    const yaml = type === 'application/yaml';
    if (!yaml && type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    const form = formOf(params, tabular);
    if (form !== undefined)
      return form === 'object' ? (yaml ? { ...PLAIN, yaml } : PLAIN) : { form, version: params['v'] === 'v1beta1' ? 'v1beta1' : 'v1', yaml };
    unknownForm = true;
  }
  if (protobuf) return PLAIN;
  if (unknownForm) throw notAcceptable('only the following media types are accepted: application/json, application/yaml');
  throw notAcceptable('406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/json;stream=watch');
}

function formOf(params: Record<string, string>, tabular: boolean): Form | undefined {
  const as = params['as'];
  if (as === undefined || as === '') return 'object';
  if (params['g'] !== 'meta.k8s.io' || (params['v'] !== 'v1' && params['v'] !== 'v1beta1')) return undefined;
  if (as === 'Table') return tabular ? 'Table' : undefined;
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList' ? 'PartialObjectMetadata' : undefined;
}
