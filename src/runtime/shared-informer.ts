/** The Informer on top of `Client.list` and `Client.watch`, shared by all controllers of a process. */
import type { Resource } from '../kube/resources.ts';
import { isGone } from '../kube/status.ts';
import type { KubeObject, ObjectKey } from '../kube/types.ts';
import type { Client } from './client.ts';
import type { Clock } from './clock.ts';
import type { Informer, InformerHandler } from './informer.ts';
import type { Logger } from './log.ts';
import { ObjectStore } from './object-store.ts';

const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 30_000;
/** A watch that lived this long was healthy: the next failure starts with a short wait again. */
const HEALTHY_MS = 10_000;

export interface InformerWorld {
  client: Pick<Client, 'list' | 'watch'>;
  clock: Clock;
  log: Logger;
}

export class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly #resource: Resource<T>;
  readonly #world: InformerWorld;
  readonly #store = new ObjectStore<T>();
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #synced = Promise.withResolvers<void>();
  /** Resume watching after this revision; undefined: list first. */
  #revision: string | undefined;

  constructor(resource: Resource<T>, world: InformerWorld) {
    this.#resource = resource;
    this.#world = world;
  }

  /** Keeps the view until the signal aborts: lists, watches, starts again where it was, lists anew when history is gone. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#world;
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = clock.monotonic();
      let moved = false;
      let failed = false;
      try {
        if (this.#revision === undefined) await this.#relist();
        moved = await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) break;
        failed = true;
        if (isGone(error)) this.#revision = undefined;
        else log.debug('watch failed, trying again', { resource: this.#resource.plural, error: String(error) });
      }
      const healthy = moved || clock.monotonic() - startedAt > HEALTHY_MS;
      if (healthy) failures = failed ? 1 : 0;
      else failures++;
      if (failures > 0) await clock.sleep(Math.min(RETRY_BASE_MS * 2 ** Math.min(failures - 1, 20), RETRY_MAX_MS), signal);
    }
  }

  synced(signal?: AbortSignal): Promise<void> {
    if (signal === undefined) return this.#synced.promise;
    if (signal.aborted) return Promise.resolve();
    const aborted = Promise.withResolvers<void>();
    const onAbort = () => aborted.resolve();
    signal.addEventListener('abort', onAbort, { once: true });
    return Promise.race([this.#synced.promise, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
  }

  get(key: ObjectKey): T | undefined {
    return this.#store.get(key);
  }

  list(namespace?: string): T[] {
    return this.#store.list(namespace);
  }

  byIndex(index: string, value: string): T[] {
    return this.#store.byIndex(index, value);
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    this.#store.addIndex(name, values);
  }

  onChange(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.#store.list()) this.#call(() => handler.upsert?.(object, undefined));
    return () => {
      this.#handlers.delete(handler);
    };
  }

  async #relist(): Promise<void> {
    const list = await this.#world.client.list(this.#resource);
    const present = new Set<string>();
    for (const object of list.items) {
      present.add(keyText(object));
      this.#upsert(object);
    }
    for (const object of this.#store.list()) if (!present.has(keyText(object))) this.#delete(object);
    this.#revision = list.metadata.resourceVersion;
    this.#synced.resolve();
  }

  /** Until the watch ends; answers whether anything came. */
  async #watch(signal: AbortSignal): Promise<boolean> {
    let moved = false;
    const stream = this.#world.client.watch(this.#resource, { resourceVersion: this.#revision, allowWatchBookmarks: true, signal });
    for await (const event of stream) {
      moved = true;
      if (event.type === 'BOOKMARK') {
        this.#revision = event.resourceVersion;
        continue;
      }
      if (event.type === 'DELETED') this.#delete(event.object);
      else this.#upsert(event.object);
      this.#revision = event.object.metadata.resourceVersion ?? this.#revision;
    }
    return moved;
  }

  #upsert(object: T): void {
    const old = this.#store.put(object);
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion && old?.metadata.uid === object.metadata.uid) return;
    // Deleted and made again under the same name while nobody watched: handlers must see the first one go.
    const replaced = old !== undefined && old.metadata.uid !== object.metadata.uid;
    for (const handler of this.#handlers) {
      if (replaced) this.#call(() => handler.delete?.(old));
      this.#call(() => handler.upsert?.(object, replaced ? undefined : old));
    }
  }

  #delete(object: T): void {
    if (this.#store.remove(object) === undefined) return;
    for (const handler of this.#handlers) this.#call(() => handler.delete?.(object));
  }

  #call(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#world.log.error('an informer handler threw', { resource: this.#resource.plural, error: String(error) });
    }
  }
}

function keyText(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}
