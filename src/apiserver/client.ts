/** The Client that controllers of the cluster's own process use: no HTTP, and the shared objects themselves. */
import type { Resource } from '../kube/resources.ts';
import { StatusError } from '../kube/status.ts';
import type { KubeObject, ObjectKey } from '../kube/types.ts';
import type { Client, DeleteOptions, GetOptions, ListOptions, ObjectList, PatchOptions, WatchEvent, WatchOptions, WriteOptions } from '../runtime/client.ts';
import type { ApiEngine, ApiWatch, ApiWatchEvent, RequestContext, ResourceDefinition, StoredObject, UserInfo } from './engine.ts';
import { copyJson } from '../kube/json.ts';

/** Acts as `user`. */
export function inProcessClient(engine: ApiEngine, user: UserInfo): Client {
  const program = programOf(user);
  const definitionOf = ({ group, version, plural }: Resource): ResourceDefinition => {
    const definition = engine.definition(group, version, plural);
    if (definition === undefined) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', { group, kind: plural });
    return definition;
  };
  const context = (options: WriteOptions = {}): RequestContext => ({
    user,
    userAgent: program,
    warnings: [],
    ...(options.dryRun ? { dryRun: true } : {}),
    ...(options.fieldManager === undefined ? {} : { fieldManager: options.fieldManager }),
  });
  // A resource's objects are of its type: the engine's kinds are known only at run time.
  const typed = <T extends KubeObject>(stored: StoredObject): T => stored.object as T;

  return {
    get: async <T extends KubeObject>(resource: Resource<T>, key: ObjectKey, { subresource }: GetOptions = {}) =>
      typed<T>(await engine.get(definitionOf(resource), context(), key, subresource === undefined ? {} : { subresource })),
    async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
      const { revision, items, continue: token, remainingItemCount } = await engine.list(definitionOf(resource), context(), options);
      return {
        metadata: {
          resourceVersion: String(revision),
          ...(token === undefined ? {} : { continue: token }),
          ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
        },
        items: items.map((stored) => typed<T>(stored)),
      };
    },
    watch: <T extends KubeObject>(resource: Resource<T>, { signal, ...request }: WatchOptions) =>
      events<T>(async () => engine.watch(definitionOf(resource), context(), request), signal),
    create: async <T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions) => {
      const { namespace, name = '' } = object.metadata;
      const definition = definitionOf(resource);
      const body = copyJson<KubeObject>(object);
      if (options?.subresource === undefined) return typed<T>(await engine.create(definition, context(options), namespace, body));
      return typed<T>(await engine.createSubresource(definition, context(options), keyOf(name, namespace), options.subresource, body));
    },
    update: async <T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}) => {
      const { namespace, name = '' } = object.metadata;
      return typed<T>(await engine.update(definitionOf(resource), context(options), keyOf(name, namespace), copyJson<KubeObject>(object), options));
    },
    patch: async <T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: unknown, options: PatchOptions) =>
      typed<T>(await engine.patch(definitionOf(resource), context(options), key, copyJson(patch), options)),
    async delete(resource, key, { dryRun, ...request }: DeleteOptions = {}) {
      await engine.delete(definitionOf(resource), context({ dryRun: dryRun === true }), key, request);
    },
    async deleteCollection(resource, { gracePeriodSeconds, propagationPolicy, preconditions, dryRun, ...selection }) {
      await engine.deleteCollection(definitionOf(resource), context({ dryRun: dryRun === true }), selection, {
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
        ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
        ...(preconditions === undefined ? {} : { preconditions }),
      });
    },
    createSubresource: async (resource, key, subresource, body) =>
      (await engine.createSubresource(definitionOf(resource), context(), key, subresource, copyJson(body))).object,
  };
}

/** The program that upstream runs under the user's name, as it would call itself: 'kube-scheduler', 'kubelet'. */
function programOf({ name }: UserInfo): string {
  return name.startsWith('system:node:') ? 'kubelet' : name.slice(name.lastIndexOf(':') + 1);
}

function keyOf(name: string, namespace: string | undefined): ObjectKey {
  return namespace === undefined ? { name } : { name, namespace };
}

/** Ends when the signal aborts or the engine ends the watch; throws what the engine reports. */
async function* events<T extends KubeObject>(open: () => Promise<ApiWatch>, signal: AbortSignal): AsyncIterable<WatchEvent<T>> {
  if (signal.aborted) return;
  const watch = await open();
  let wake = (): void => {};
  const close = (): void => {
    watch.close();
    wake();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    watch.onReady(() => wake());
    for (;;) {
      // Asked for before looking: what comes in between is not slept through.
      const ready = new Promise<void>((resolve) => (wake = resolve));
      const queued = watch.drain();
      for (const event of queued) {
        if (signal.aborted) return;
        yield eventOf<T>(event);
      }
      if (queued.length > 0) continue;
      if ((watch.ended && !watch.behind) || signal.aborted) return;
      await ready;
    }
  } finally {
    signal.removeEventListener('abort', close);
    watch.close();
  }
}

function eventOf<T extends KubeObject>(event: ApiWatchEvent): WatchEvent<T> {
  if (event.type === 'BOOKMARK') return { type: 'BOOKMARK', resourceVersion: String(event.revision) };
  if (event.type !== 'ERROR') return { type: event.type, object: event.object.object as T };
  const { code = 500, reason = 'Unknown', message = '', details, metadata } = event.status;
  throw new StatusError(code, reason, message, details, metadata);
}
