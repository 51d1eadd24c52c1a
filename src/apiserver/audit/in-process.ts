/** The same engine for those who ask it from within the process (controllers, nodes' agents), with what they ask written down. */
import { apiVersionOf } from '../../kube/resources.ts';
import { StatusError } from '../../kube/status.ts';
import type { ObjectKey } from '../../kube/types.ts';
import type { ApiEngine, ApiWatch, ListResult, RequestContext, ResourceDefinition, StoredObject, Verb } from '../engine.ts';
import type { Auditor, AuditRecord } from './index.ts';

interface Asked {
  verb: Verb;
  definition: ResourceDefinition;
  ctx: RequestContext;
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
  /** The object or the options; a patch is told apart. */
  body?: unknown;
  patch?: unknown;
}

/** As over the network, as if from this machine. */
const IPS = ['127.0.0.1'];

function pathOf({ verb, definition, namespace, name, subresource }: Asked): string {
  const { group, version, plural } = definition;
  const parts = [group === '' ? `/api/${version}` : `/apis/${group}/${version}`];
  if (namespace !== undefined) parts.push('namespaces', namespace);
  parts.push(plural);
  // A new object's name is in its body.
  const named = verb === 'create' && subresource === undefined ? undefined : name;
  for (const part of [named, subresource]) if (part !== undefined && part !== '') parts.push(part);
  return parts.join('/');
}

/** Undefined when the policy does not want to hear of it. */
function begin(auditor: Auditor, asked: Asked): AuditRecord | undefined {
  const { verb, definition, ctx, namespace, name, subresource } = asked;
  const { group, version, plural } = definition;
  const path = pathOf(asked);
  const uri = verb === 'watch' ? `${path}?watch=true` : path;
  const source = { uri, ips: IPS, ...(ctx.userAgent === undefined ? {} : { userAgent: ctx.userAgent }) };
  const record = auditor.begin({
    source,
    user: ctx.user,
    verb,
    path,
    resource: { group, version, plural, subresource, namespace, name: name === '' ? undefined : name },
  });
  if (record === undefined) return undefined;
  // Nobody asks whether they may: what is part of the process acts within its role.
  record.annotate('authorization.k8s.io/decision', 'allow');
  record.annotate('authorization.k8s.io/reason', '');
  ctx.annotate = (key, value) => record.annotate(key, value);
  record.received();
  if (asked.body !== undefined) record.request(asked.body);
  if (asked.patch !== undefined) record.patch(asked.patch);
  return record;
}

function fail(record: AuditRecord, error: unknown): void {
  if (error instanceof StatusError) record.finish(error.code, error);
  else record.finish(500, undefined, error instanceof Error ? error : new Error(String(error)));
}

function listOf({ listKind, group, version }: ResourceDefinition, { revision, items }: ListResult): object {
  const metadata = { resourceVersion: String(revision) };
  return { kind: listKind, apiVersion: apiVersionOf({ group, version }), metadata, items: items.map(({ object }) => object) };
}

export function auditedEngine(engine: ApiEngine, auditor: Auditor): ApiEngine {
  async function told<T>(asked: Asked, run: () => Promise<T>, answer: (result: T) => unknown): Promise<T> {
    const record = begin(auditor, asked);
    if (record === undefined) return run();
    try {
      const result = await run();
      record.response(() => answer(result));
      record.finish(asked.verb === 'create' ? 201 : 200);
      return result;
    } catch (error) {
      fail(record, error);
      throw error;
    }
  }
  const ofOne = (stored: StoredObject): unknown => stored.object;
  const at = ({ name, namespace }: ObjectKey): Pick<Asked, 'name' | 'namespace'> => ({ name, namespace });

  return {
    definitions: () => engine.definitions(),
    definition: (...args) => engine.definition(...args),
    addDefinitions: (definitions) => engine.addDefinitions(definitions),
    removeDefinitions: (definitions) => engine.removeDefinitions(definitions),
    onDefinitionsChanged: (fn) => engine.onDefinitionsChanged(fn),
    setCreateHandler: (target, handler) => engine.setCreateHandler(target, handler),
    resolveService: (reference) => engine.resolveService(reference),
    get authorizer() {
      return engine.authorizer;
    },
    get revision() {
      return engine.revision;
    },
    get storeError() {
      return engine.storeError;
    },
    get: (definition, ctx, key, request) =>
      told({ verb: 'get', definition, ctx, ...at(key), subresource: request?.subresource }, () => engine.get(definition, ctx, key, request), ofOne),
    list: (definition, ctx, request) =>
      told(
        { verb: 'list', definition, ctx, namespace: request?.namespace },
        () => engine.list(definition, ctx, request),
        (list) => listOf(definition, list),
      ),
    async watch(definition, ctx, request) {
      const record = begin(auditor, { verb: 'watch', definition, ctx, namespace: request?.namespace });
      if (record === undefined) return engine.watch(definition, ctx, request);
      try {
        const watch = await engine.watch(definition, ctx, request);
        record.started(200);
        return toldWatch(watch, record);
      } catch (error) {
        fail(record, error);
        throw error;
      }
    },
    create: (definition, ctx, namespace, body) =>
      told({ verb: 'create', definition, ctx, namespace, name: body.metadata?.name, body }, () => engine.create(definition, ctx, namespace, body), ofOne),
    update: (definition, ctx, key, body, request) =>
      told(
        { verb: 'update', definition, ctx, ...at(key), subresource: request?.subresource, body },
        () => engine.update(definition, ctx, key, body, request),
        ofOne,
      ),
    patch: (definition, ctx, key, patch, request) =>
      told(
        { verb: 'patch', definition, ctx, ...at(key), subresource: request.subresource, patch },
        () => engine.patch(definition, ctx, key, patch, request),
        ofOne,
      ),
    delete: (definition, ctx, key, request) =>
      told({ verb: 'delete', definition, ctx, ...at(key), body: optionsOf(request) }, () => engine.delete(definition, ctx, key, request), ofOne),
    deleteCollection: (definition, ctx, selection, request) =>
      told(
        { verb: 'deletecollection', definition, ctx, namespace: selection.namespace, body: optionsOf(request) },
        () => engine.deleteCollection(definition, ctx, selection, request),
        (list) => listOf(definition, list),
      ),
    createSubresource: (definition, ctx, key, subresource, body) =>
      told({ verb: 'create', definition, ctx, ...at(key), subresource, body }, () => engine.createSubresource(definition, ctx, key, subresource, body), ofOne),
  };
}

function optionsOf(request: object | undefined): object | undefined {
  return request === undefined ? undefined : { kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...request };
}

/** It is over when it is closed. */
function toldWatch(watch: ApiWatch, record: AuditRecord): ApiWatch {
  let open = true;
  return {
    drain: () => watch.drain(),
    onReady: (fn) => watch.onReady(fn),
    get ended() {
      return watch.ended;
    },
    get behind() {
      return watch.behind;
    },
    get revision() {
      return watch.revision;
    },
    close() {
      if (open) record.finish(200);
      open = false;
      watch.close();
    },
  };
}
