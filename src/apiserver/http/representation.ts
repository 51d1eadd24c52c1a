/** Objects and lists in the form the client asked for, as JSON bytes: cached ones where the form is the object's own. */
import { apiVersionOf } from '../../kube/resources.ts';
import type { ObjectMeta } from '../../kube/types.ts';
import type { ListResult, ResourceDefinition, StoredObject } from '../engine.ts';
import type { Representation } from './accept.ts';
import { tableOrder } from '../tables/index.ts';
import { columnsOf, rowOf, type IncludeObject } from './rows.ts';

export interface Rendering extends Representation {
  includeObject: IncludeObject;
  /** Epoch ms, for ages in tables. */
  now: number;
}

export const COMMA = Buffer.from(',');
export const OPEN = Buffer.from('{');
export const COMMA_OPEN = Buffer.from(',{');
export const END = Buffer.from(']}');

export function renderObject(definition: ResourceDefinition, stored: StoredObject, rendering: Rendering): Buffer {
  switch (rendering.form) {
    case 'object':
      return stored.bytes;
    case 'PartialObjectMetadata':
      return Buffer.from(partial(definition, stored, rendering.version));
    case 'Table':
      return Buffer.concat([...renderTable(definition, [stored], { resourceVersion: stored.object.metadata.resourceVersion ?? '' }, rendering)]);
  }
}

/** The pieces of a list's JSON; made as they are asked for, so a long table is not made in one go. */
export function renderList(definition: ResourceDefinition, list: ListResult, rendering: Rendering): Iterable<Buffer> {
  const metadata = {
    resourceVersion: String(list.revision),
    ...(list.continue === undefined ? {} : { continue: list.continue }),
    ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
  };
  switch (rendering.form) {
    case 'Table':
      return renderTable(definition, list.items, metadata, rendering);
    case 'PartialObjectMetadata': {
      const head = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${rendering.version}`, metadata };
      return joined(head, list.items, (item) => Buffer.from(partial(definition, item, rendering.version)));
    }
    case 'object':
      return objects(definition, { kind: definition.listKind, apiVersion: apiVersionOf(definition), metadata }, list.items);
  }
}

/** Items of lists of built-in kinds leave out what the list says, as upstream's do. */
function* objects(definition: ResourceDefinition, head: object, items: readonly StoredObject[]): Iterable<Buffer> {
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`);
  const said = Buffer.from(`{"apiVersion":${JSON.stringify(apiVersionOf(definition))},"kind":${JSON.stringify(definition.kind)},`);
  let first = true;
  for (const { bytes } of items) {
    const shorter = definition.builtin && bytes.compare(said, 0, said.length, 0, said.length) === 0;
    if (shorter) yield first ? OPEN : COMMA_OPEN;
    else if (!first) yield COMMA;
    yield shorter ? bytes.subarray(said.length) : bytes;
    first = false;
  }
  yield END;
}

/** Longer lists say their length by ending: adding it up would take a while before the first byte. */
const COUNTED_MAX = 2_000;

/** How long `renderList` will be, where that is known soon. */
export function listLength(definition: ResourceDefinition, list: ListResult, rendering: Rendering): number | undefined {
  if (rendering.form !== 'object' || list.items.length > COUNTED_MAX) return undefined;
  let bytes = 0;
  for (const piece of renderList(definition, list, rendering)) bytes += piece.length;
  return bytes;
}

/** An empty list is null: Go's list of metadata that nothing was appended to. */
function* joined(head: object, items: readonly StoredObject[], render: (item: StoredObject) => Buffer): Iterable<Buffer> {
  if (items.length === 0) {
    yield Buffer.from(JSON.stringify({ ...head, items: null }));
    return;
  }
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`);
  let first = true;
  for (const item of items) {
    if (!first) yield COMMA;
    first = false;
    yield render(item);
  }
  yield END;
}

function* renderTable(
  definition: ResourceDefinition,
  items: readonly StoredObject[],
  metadata: object,
  rendering: Rendering,
  headers = true,
): Iterable<Buffer> {
  const head = { kind: 'Table', apiVersion: `meta.k8s.io/${rendering.version}`, metadata, columnDefinitions: headers ? columnsOf(definition, items[0]) : null };
  yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"rows":[`);
  let first = true;
  for (const item of tableOrder(definition, items)) {
    if (!first) yield COMMA;
    first = false;
    const cells = JSON.stringify(rowOf(definition, item, rendering.now));
    if (rendering.includeObject === 'None') yield Buffer.from(`{"cells":${cells},"object":null}`);
    else if (rendering.includeObject === 'Metadata') yield Buffer.from(`{"cells":${cells},"object":${partial(definition, item, rendering.version)}}`);
    else yield Buffer.concat([Buffer.from(`{"cells":${cells},"object":`), item.bytes, Buffer.from('}')]);
  }
  yield END;
}

/** One object of a watch; only the first table of a watch has headers. */
export function renderWatched(definition: ResourceDefinition, stored: StoredObject, rendering: Rendering, first: boolean): Buffer {
  if (rendering.form !== 'Table') return renderObject(definition, stored, rendering);
  return Buffer.concat([...renderTable(definition, [stored], { resourceVersion: stored.object.metadata.resourceVersion ?? '' }, rendering, first)]);
}

/** The object of a bookmark: nothing but how far the watch has come. */
export function renderBookmark(definition: ResourceDefinition, revision: number, initialEventsEnd: boolean, rendering: Rendering): Buffer {
  const metadata = {
    resourceVersion: String(revision),
    ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  };
  const meta = `meta.k8s.io/${rendering.version}`;
  switch (rendering.form) {
    case 'object':
      return Buffer.from(JSON.stringify({ kind: definition.kind, apiVersion: apiVersionOf(definition), metadata }));
    case 'PartialObjectMetadata':
      return Buffer.from(JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: meta, metadata }));
    case 'Table':
      return Buffer.from(JSON.stringify({ kind: 'Table', apiVersion: meta, metadata, columnDefinitions: null, rows: [] }));
  }
}

function partial({ kind, group }: ResourceDefinition, stored: StoredObject, version: string): string {
  const { metadata } = stored.object;
  const shown = kind === 'DaemonSet' && group === 'apps' ? withoutTemplateGeneration(metadata) : metadata;
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(shown)}}`;
}

/** Upstream's daemon sets have it in a field of their inner form: it is an annotation only where the whole object is shown. */
function withoutTemplateGeneration(metadata: ObjectMeta): ObjectMeta {
  const { annotations, ...others } = metadata;
  const { 'deprecated.daemonset.template.generation': _generation, ...rest } = annotations ?? {};
  return Object.keys(rest).length === 0 ? others : { ...others, annotations: rest };
}
