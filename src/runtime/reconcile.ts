/** Turns a reconcile function into a Controller: informers feed keys into a queue, workers reconcile them, failures come back later. */
import type { Resource } from '../kube/resources.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../kube/status.ts';
import type { KubeObject, ObjectKey } from '../kube/types.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { QueueMeter } from './queue-meter.ts';
import { WorkQueue } from './queue.ts';

/** Which keys to reconcile when an object of a resource changes. */
export interface Watch {
  resource: Resource;
  /** Default: the object itself. `old` is absent on add; on delete `object` is the last state and `deleted` is true. */
  keys?(object: KubeObject, old: KubeObject | undefined, deleted: boolean): readonly ObjectKey[];
}

/** A Watch whose functions know the type of the objects. */
export function watching<T extends KubeObject>(resource: Resource<T>, keys?: (object: T, old: T | undefined, deleted: boolean) => readonly ObjectKey[]): Watch {
  // Safe: the informer of `resource` only delivers its objects.
  return { resource, ...(keys ? { keys: keys as unknown as NonNullable<Watch['keys']> } : {}) };
}

export interface ReconcilerSpec {
  name: string;
  /** Keys worked on at the same time; default 4. A key is never worked on twice at a time. */
  workers?: number;
  watches: readonly Watch[];
  /** Brings the world closer to what the object wants; throws to be called again after a back-off. */
  reconcile(key: ObjectKey): Promise<void | { requeueAfterMs: number }>;
  /** Called once the informers have synced, before the first reconcile. `enqueue` adds a key. */
  start?(enqueue: (key: ObjectKey, delayMs?: number) => void, signal: AbortSignal): void;
}

/** The controller starts when it is run; nothing happens before. */
export function startController(ctx: ControllerContext, spec: ReconcilerSpec): Controller {
  // Asked for now, so that all informers of a process start together.
  const informers = spec.watches.map((watch) => ctx.informer(watch.resource));
  return {
    name: spec.name,
    async run(signal) {
      const queue = new WorkQueue(ctx.clock, { meter: new QueueMeter(ctx.metrics, ctx.clock, spec.name) });
      const log = ctx.log.child({ controller: spec.name });
      const unsubscribe = spec.watches.map((watch, i) => {
        const keys = watch.keys ?? ((object: KubeObject) => [objectKey(object)]);
        const enqueue = (object: KubeObject, old: KubeObject | undefined, deleted: boolean) => {
          for (const key of keys(object, old, deleted)) queue.add(encodeKey(key));
        };
        return informers[i]!.onChange({
          upsert: (object, old) => enqueue(object, old, false),
          delete: (object) => enqueue(object, undefined, true),
        });
      });
      signal.addEventListener('abort', () => queue.close(), { once: true });
      if (signal.aborted) queue.close();
      await Promise.all(informers.map((informer) => informer.synced(signal)));
      if (!signal.aborted) spec.start?.((key, delayMs = 0) => queue.addAfter(encodeKey(key), delayMs), signal);
      await Promise.all(Array.from({ length: spec.workers ?? 4 }, () => work(queue, spec, log)));
      for (const stop of unsubscribe) stop();
    },
  };
}

async function work(queue: WorkQueue, spec: ReconcilerSpec, log: ControllerContext['log']): Promise<void> {
  for (let text = await queue.take(); text !== undefined; text = await queue.take()) {
    try {
      const result = await spec.reconcile(decodeKey(text));
      queue.forget(text);
      if (result !== undefined) queue.addAfter(text, result.requeueAfterMs);
    } catch (error) {
      // A stale view is the ordinary case and mends itself: not worth a line in the log.
      if (isStale(error)) log.debug('working from a stale view, trying again', { key: text, error: String(error) });
      else log.warn('reconcile failed, trying again', { key: text, failures: queue.failures(text) + 1, error: describe(error) });
      queue.addRateLimited(text);
    } finally {
      queue.done(text);
    }
  }
}

function isStale(error: unknown): boolean {
  return isConflict(error) || isNotFound(error) || isAlreadyExists(error);
}

function describe(error: unknown): string {
  // A programming error needs its stack; an answer of the API explains itself.
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError ? (error.stack ?? String(error)) : String(error);
}

export function objectKey(object: KubeObject): ObjectKey {
  const { name = '', namespace } = object.metadata;
  return namespace === undefined ? { name } : { name, namespace };
}

function encodeKey(key: ObjectKey): string {
  return key.namespace === undefined ? key.name : `${key.namespace}/${key.name}`;
}

/** Names of built-in objects hold no '/', so the text has one only after a namespace. */
function decodeKey(text: string): ObjectKey {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
