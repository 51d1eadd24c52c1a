/** Which objects a list or a watch is about. */
import { badRequest } from '../../kube/status.ts';
import { parseFieldSelector, parseLabelSelector, type Matcher } from '../../kube/selectors.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { ResourceDefinition, Selection } from '../engine.ts';

export interface Filter {
  /** Keys in [from, to); `to` absent: no end. */
  from: string;
  to?: string;
  /** Where all of them are. */
  namespace?: string;
  /** Nothing but the key range decides. */
  everything: boolean;
  matches(object: KubeObject): boolean;
}

type Reader = (object: KubeObject) => string;

const METADATA_FIELDS: Record<string, Reader> = {
  'metadata.name': (object) => object.metadata.name ?? '',
  'metadata.namespace': (object) => object.metadata.namespace ?? '',
};

/** Throws StatusError 400 for selectors that cannot be understood. */
export function filterOf(definition: ResourceDefinition, selection: Selection): Filter {
  const labels = selection.labelSelector ? parseLabelSelector(selection.labelSelector) : undefined;
  const terms = (selection.fieldSelector ? parseFieldSelector(selection.fieldSelector) : []).map(({ field, op, value }) => ({
    read: readerOf(definition, field),
    equal: op === '=',
    field,
    value,
  }));
  const exact = (field: string): string | undefined => terms.find((term) => term.field === field && term.equal)?.value;
  const namespace = definition.namespaced ? selection.namespace || exact('metadata.namespace') || undefined : undefined;
  return {
    ...rangeOf(definition, namespace, exact('metadata.name')),
    ...(namespace === undefined ? {} : { namespace }),
    everything: labels === undefined && terms.length === 0,
    matches: matcherOf(labels, terms),
  };
}

function matcherOf(labels: Matcher | undefined, terms: readonly { read: Reader; equal: boolean; value: string }[]): Filter['matches'] {
  return (object) => {
    if (labels !== undefined && !labels(object.metadata.labels)) return false;
    for (const { read, equal, value } of terms) if ((read(object) === value) !== equal) return false;
    return true;
  };
}

/** '0' follows '/', so [ns + '/', ns + '0') holds the namespace's keys; NUL is the least character, so [key, key + NUL) holds one key. */
function rangeOf(definition: ResourceDefinition, namespace: string | undefined, name: string | undefined): { from: string; to?: string } {
  if (!definition.namespaced) return name === undefined ? { from: '' } : { from: name, to: `${name}\0` };
  if (namespace === undefined) return { from: '' };
  return name === undefined ? { from: `${namespace}/`, to: `${namespace}0` } : { from: `${namespace}/${name}`, to: `${namespace}/${name}\0` };
}

export function inRange(filter: Filter, key: string): boolean {
  return key >= filter.from && (filter.to === undefined || key < filter.to);
}

function readerOf(definition: ResourceDefinition, field: string): Reader {
  const reader = METADATA_FIELDS[field] ?? (Object.hasOwn(definition.selectableFields, field) ? definition.selectableFields[field] : undefined);
  if (reader !== undefined) return reader;
  throw badRequest(unknownField(definition, field));
}

/** Each kind says it in its own words, as upstream. */
function unknownField({ group, plural, kind, selectableFields, builtin }: ResourceDefinition, field: string): string {
  if (group === 'batch' && plural === 'jobs') return `field label ${JSON.stringify(field)} not supported for ${kind}`;
  const isOwn = group === 'apps' || Object.keys(selectableFields).length === 0;
  return isOwn && builtin ? `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"` : `field label not supported: ${field}`;
}
