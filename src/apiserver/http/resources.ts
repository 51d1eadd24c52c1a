/** Requests to resources: from method and path to the engine's verbs. */
import { randomInt } from 'node:crypto';
import { methodNotAllowed, methodNotSupported, StatusError, badRequest, unrecognized, type StatusTarget } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ApiEngine, ResourceDefinition, StoredObject, Verb } from '../engine.ts';
import { negotiate } from './accept.ts';
import { readObject, readPatch } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { ResourcePath } from './path.ts';
import { checkPatchOptions, deleteRequest, integer, isTrue, listRequest, readWriteOptions, watchRequest } from './query.ts';
import { indentedList } from './indented-list.ts';
import { listLength, renderList, renderObject, type Rendering } from './representation.ts';
import { JSON_TYPE, send, sendPieces, sendWarnings } from './respond.ts';
import { streamWatch } from './watch.ts';

/** A request with its resource found. */
export interface ResourceRequest {
  definition: ResourceDefinition;
  path: ResourcePath;
  verb: Verb;
}

export interface ResourceWorld {
  engine: ApiEngine;
  clock: Clock;
}

const YAML_TYPE = 'application/yaml';
/** Watches end by themselves after this long, spread so that clients do not come back all at once. */
const WATCH_MIN_SECONDS = 1800;

export function notServed(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** Throws StatusError 404 when there is no such resource or subresource, 405 for a method it does not have. */
export function findResource(engine: ApiEngine, path: ResourcePath, method: string, query: URLSearchParams): ResourceRequest {
  const definition = engine.definition(path.group, path.version, path.plural);
  if (definition === undefined || (path.namespace !== undefined && !definition.namespaced)) throw notServed();
  const { name, subresource } = path;
  if (definition.namespaced && path.namespace === undefined && name !== undefined) throw notServed();
  const served = subresource === undefined ? definition : definition.subresources.find((found) => found.name === subresource);
  if (served === undefined) throw notServed();
  const verb = verbOf(method, name !== undefined, isTrue(query, 'watch') && subresource === undefined);
  if (verb === undefined || (method === 'POST' && name !== undefined && subresource === undefined)) throw methodNotAllowed();
  if (!served.verbs.includes(verb)) throw methodNotSupported(targetOf(definition, path), verb);
  return { definition, path, verb };
}

/** Undefined for a method that means nothing. */
function verbOf(method: string, named: boolean, watch: boolean): Verb | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return watch ? 'watch' : named ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return named ? 'update' : undefined;
    case 'PATCH':
      return named ? 'patch' : undefined;
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}

function targetOf(definition: ResourceDefinition, path: ResourcePath): StatusTarget {
  return { group: definition.group, plural: definition.plural, ...(path.name === undefined ? {} : { name: path.name }) };
}

/** Answers everything but streams. Rejects with the StatusError to answer. */
export async function serveResource(world: ResourceWorld, exchange: Exchange, found: ResourceRequest): Promise<void> {
  const { definition, path, verb } = found;
  const rendering = renderingOf(exchange, definition, world.clock);
  if (definition.deprecation !== undefined) exchange.ctx.warnings.push(definition.deprecation);
  switch (verb) {
    case 'list':
      return serveList(world, exchange, found, rendering);
    case 'watch':
      return serveWatch(world, exchange, found, rendering);
    case 'get': {
      const resourceVersion = exchange.query.get('resourceVersion');
      const stored = await world.engine.get(definition, exchange.ctx, keyOf(path), {
        ...(path.subresource === undefined ? {} : { subresource: path.subresource }),
        ...(resourceVersion ? { resourceVersion } : {}),
      });
      return answer(exchange, definition, stored, 200, rendering);
    }
    case 'deletecollection': {
      const body = await readObject(exchange.request);
      const request = deleteRequest(exchange.query, body?.value as Record<string, unknown> | undefined, exchange.ctx);
      const list = await world.engine.deleteCollection(definition, exchange.ctx, listRequest(exchange.query, path.namespace), request);
      sendWarnings(exchange);
      return sendPieces(exchange.response, renderList(definition, list, rendering));
    }
    default: {
      const [stored, code] = await write(world.engine, exchange, found);
      return answer(exchange, definition, stored, code, rendering);
    }
  }
}

async function write(engine: ApiEngine, exchange: Exchange, { definition, path, verb }: ResourceRequest): Promise<[StoredObject, number]> {
  const { ctx, query, request } = exchange;
  const subresource = path.subresource === undefined ? {} : { subresource: path.subresource };
  switch (verb) {
    case 'create': {
      readWriteOptions(query, ctx, 'CreateOptions');
      const body = await readBodyObject(exchange, definition);
      if (path.name === undefined) return [await engine.create(definition, ctx, path.namespace, body), 201];
      if (path.subresource === undefined) throw methodNotAllowed();
      return [await engine.createSubresource(definition, ctx, keyOf(path), path.subresource, body), 201];
    }
    case 'update': {
      readWriteOptions(query, ctx, 'UpdateOptions');
      const updated = await engine.update(definition, ctx, keyOf(path), await readBodyObject(exchange, definition), subresource);
      return [updated, ctx.created ? 201 : 200];
    }
    case 'patch': {
      readWriteOptions(query, ctx, 'PatchOptions');
      const { type, value, duplicates, yamlDuplicates = [] } = await readPatch(request);
      checkPatchOptions(query, type);
      ctx.duplicateFields = duplicates;
      ctx.yamlDuplicates = yamlDuplicates;
      exchange.audit?.patch(value);
      const patched = await engine.patch(definition, ctx, keyOf(path), value, { type, ...subresource, ...(isTrue(query, 'force') ? { force: true } : {}) });
      return [patched, ctx.created ? 201 : 200];
    }
    case 'delete': {
      const body = await readObject(request);
      if (body !== undefined) exchange.audit?.request({ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...(body.value as object) });
      return [await engine.delete(definition, ctx, keyOf(path), deleteRequest(query, body?.value as Record<string, unknown> | undefined, ctx)), 200];
    }
    default:
      throw methodNotSupported(targetOf(definition, path), verb);
  }
}

/** Whether the value is the right kind of object is the engine's to check. */
async function readBodyObject({ request, ctx, audit }: Exchange, definition: ResourceDefinition): Promise<KubeObject> {
  const body = await readObject(request, definition.kind);
  if (body === undefined) throw unrecognized('unexpected end of JSON input', '', definition.kind);
  if (typeof body.value !== 'object' || body.value === null || Array.isArray(body.value)) throw badRequest(`the body must be a ${definition.kind} object`);
  ctx.duplicateFields = body.duplicates;
  ctx.yamlDuplicates = body.yamlDuplicates ?? [];
  audit?.request(body.value);
  return body.value as KubeObject;
}

async function serveList({ engine }: ResourceWorld, exchange: Exchange, { definition, path }: ResourceRequest, rendering: Rendering): Promise<void> {
  const list = await engine.list(definition, exchange.ctx, listRequest(exchange.query, path.namespace));
  sendWarnings(exchange);
  const pieces = renderList(definition, list, rendering);
  if (rendering.yaml) {
    const { yamlList } = await import('./yaml-list.ts');
    return sendPieces(exchange.response, yamlList(pieces), { contentType: YAML_TYPE });
  }
  if (isPretty(exchange)) return sendPieces(exchange.response, indentedList(pieces));
  return sendPieces(exchange.response, pieces, { length: listLength(definition, list, rendering) });
}

async function serveWatch({ engine, clock }: ResourceWorld, exchange: Exchange, { definition, path }: ResourceRequest, rendering: Rendering): Promise<void> {
  const { query, response, ctx } = exchange;
  const seconds = integer(query, 'timeoutSeconds') || WATCH_MIN_SECONDS + randomInt(WATCH_MIN_SECONDS);
  const request = watchRequest(query, path.namespace, path.name);
  const watch = await engine.watch(definition, ctx, request);
  await streamWatch(response, watch, { definition, rendering, clock, timeoutMs: seconds * 1000, bookmarks: request.allowWatchBookmarks === true });
}

function answer(exchange: Exchange, definition: ResourceDefinition, stored: StoredObject, code: number, rendering: Rendering): Promise<void> | void {
  sendWarnings(exchange);
  if (stored.object.kind === 'Status') exchange.audit?.status(stored.object);
  // A Status (of a delete, an eviction) is not the resource's own kind: it has one form.
  const bytes = stored.object.kind === 'Status' ? stored.bytes : renderObject(definition, stored, rendering);
  if (isPretty(exchange) || rendering.yaml) return sendText(exchange, code, bytes, rendering.yaml);
  send(exchange.response, code, JSON_TYPE, bytes);
}

async function sendText({ response }: Exchange, code: number, bytes: Buffer, yaml: boolean): Promise<void> {
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  if (!yaml) return send(response, code, JSON_TYPE, `${JSON.stringify(value, null, 2)}\n`);
  const { stringify } = await import('../../kube/yaml.ts');
  send(response, code, YAML_TYPE, stringify(value, { aliasDuplicateObjects: false }));
}

/** People who read answers in a terminal or a browser get them indented unless they say otherwise, as upstream. */
function isPretty({ query, ctx }: Exchange): boolean {
  return query.has('pretty') ? isTrue(query, 'pretty') : /^(curl|Mozilla|Wget)/.test(ctx.userAgent ?? '');
}

function renderingOf({ request, query }: Exchange, definition: ResourceDefinition, clock: Clock): Rendering {
  const include = query.get('includeObject');
  if (include && include !== 'None' && include !== 'Metadata' && include !== 'Object')
    throw badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`);
  const includeObject = include === 'None' || include === 'Object' ? include : 'Metadata';
  return { ...negotiate(request.headers.accept, definition.virtual !== true), includeObject, now: clock.now() };
}

function keyOf(path: ResourcePath): ObjectKey {
  return { name: path.name ?? '', ...(path.namespace === undefined ? {} : { namespace: path.namespace }) };
}
