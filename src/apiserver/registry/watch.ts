/**
 * Watches: every change of a collection after a revision, in order, none missing, none twice, as the selection sees it:
 * what starts to match is ADDED, what stops is DELETED.
 */
import { expired, invalid, type FieldError } from '../../kube/status.ts';
import { notSupported } from '../../kube/validation/field.ts';
import type { ApiWatch, ApiWatchEvent, ResourceDefinition, WatchRequest } from '../engine.ts';
import type { Change } from '../store/history.ts';
import { Slices } from '../slices.ts';
import type { Store } from '../store/store.ts';
import { atRevision } from '../store/stored-object.ts';
import { RevisionGone, type Walk } from '../store/walk.ts';
import { invalidOption } from './list.ts';
import { parseRevision, waitFor } from './revisions.ts';
import { filterOf, inRange, type Filter } from './selection.ts';
import { collectionOf, view } from './world.ts';

/** Changes a reader may lag behind before it is cut off, and the bytes of their objects; it can resume from its last revision. */
const QUEUE_MAX = 10_000;
const QUEUE_BYTES_MAX = 32 * 1024 * 1024;

export class CollectionWatch implements ApiWatch {
  readonly wantsBookmarks: boolean;
  readonly #store: Store;
  readonly #definition: ResourceDefinition;
  readonly #filter: Filter;
  #queue: ApiWatchEvent[] = [];
  /** What was there at first and has not been taken yet; then comes the queue. */
  #initial: { walk: Walk; end: ApiWatchEvent | undefined } | undefined;
  /** How many of the queue are changes: the objects there were at first do not count against the limit. */
  #changes = 0;
  #bytes = 0;
  #notify: (() => void) | undefined;
  #stop: (() => void) | undefined;
  #ended = false;
  #endedAt = 0;
  readonly #onEnd: (watch: CollectionWatch) => void;

  constructor(store: Store, definition: ResourceDefinition, filter: Filter, wantsBookmarks: boolean, onEnd: (watch: CollectionWatch) => void) {
    this.#store = store;
    this.#definition = definition;
    this.#filter = filter;
    this.wantsBookmarks = wantsBookmarks;
    this.#onEnd = onEnd;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get behind(): boolean {
    return this.#initial !== undefined || this.#queue.length > 0;
  }

  get revision(): number {
    return this.#ended ? this.#endedAt : this.#store.revision;
  }

  /** From what is there now (`initial`: with an ADDED for each), or from the history after `revision`. Synchronous, so nothing slips in between. */
  start(from: { initial: boolean; initialEventsEnd: boolean } | { revision: number }): void {
    const collection = collectionOf({ store: this.#store }, this.#definition);
    if ('revision' in from) {
      if (from.revision < collection.history.compacted) {
        this.#push({ type: 'ERROR', status: expired(`too old resource version: ${from.revision} (${collection.history.compacted})`).status });
        this.close();
        return;
      }
      for (const change of collection.history.after(from.revision)) {
        this.#change(change);
        // What lies in the past does not tell how fast the reader is.
        this.#changes = this.#bytes = 0;
      }
    } else {
      const { revision } = this.#store;
      const end: ApiWatchEvent | undefined = from.initialEventsEnd ? { type: 'BOOKMARK', revision, initialEventsEnd: true } : undefined;
      if (from.initial) this.#initial = { walk: collection.walk(revision, this.#filter.from, this.#filter.to), end };
      else if (end !== undefined) this.#push(end);
    }
    this.#stop = collection.listen((change) => this.#change(change), this.#filter.namespace);
  }

  drain(): ApiWatchEvent[] {
    const initial = this.#initial === undefined ? [] : this.#some(this.#initial);
    if (this.#initial !== undefined) {
      setImmediate(() => this.#notify?.());
      return initial;
    }
    const events = initial.length === 0 ? this.#queue : [...initial, ...this.#queue];
    this.#queue = [];
    this.#changes = this.#bytes = 0;
    return events;
  }

  /** Of what was there at first, as much as may be looked through in one turn; the reader is called again for the rest. */
  #some({ walk, end }: { walk: Walk; end: ApiWatchEvent | undefined }): ApiWatchEvent[] {
    const events: ApiWatchEvent[] = [];
    const slices = new Slices();
    try {
      while (!slices.isOver) {
        const stored = walk.next();
        if (stored === undefined) {
          if (end !== undefined) events.push(end);
          this.#initial = undefined;
          break;
        }
        const object = view(this.#definition, stored);
        if (this.#filter.matches(object.object)) events.push({ type: 'ADDED', object });
      }
    } catch (error) {
      if (!(error instanceof RevisionGone)) throw error;
      // So much was written meanwhile that the rest cannot be told as it was.
      events.push({ type: 'ERROR', status: expired('too old resource version').status });
      this.#initial = undefined;
      this.#queue = [];
      this.close();
    }
    return events;
  }

  onReady(fn: () => void): void {
    this.#notify = fn;
    if (this.#initial !== undefined || this.#queue.length > 0 || this.#ended) queueMicrotask(fn);
  }

  bookmark(): void {
    if (!this.#ended) this.#push({ type: 'BOOKMARK', revision: this.#store.revision });
  }

  close(): void {
    if (this.#ended) return;
    this.#endedAt = this.#store.revision;
    this.#ended = true;
    this.#stop?.();
    this.#onEnd(this);
    this.#notify?.();
  }

  /** Called for each change and watch: cost here is multiplied by both. */
  #change(change: Change): void {
    if (!inRange(this.#filter, change.key)) return;
    const event = this.#eventOf(change);
    if (event === undefined) return;
    this.#bytes += change.object.bytes.length;
    // The first is never too much: it would be so again after every resumption.
    if (++this.#changes > QUEUE_MAX || (this.#bytes > QUEUE_BYTES_MAX && this.#changes > 1)) {
      this.close();
      return;
    }
    this.#push(event);
  }

  #eventOf(change: Change): ApiWatchEvent | undefined {
    const definition = this.#definition;
    const { object, previous, deleted } = change;
    if (this.#filter.everything) return { type: deleted ? 'DELETED' : previous === undefined ? 'ADDED' : 'MODIFIED', object: view(definition, object) };
    const was = previous !== undefined && this.#filter.matches(view(definition, previous).object);
    if (deleted) return was ? { type: 'DELETED', object: view(definition, object) } : undefined;
    const is = this.#filter.matches(view(definition, object).object);
    if (is) return { type: was ? 'MODIFIED' : 'ADDED', object: view(definition, object) };
    if (!was) return undefined;
    return { type: 'DELETED', object: atRevision(view(definition, previous), change.revision) };
  }

  #push(event: ApiWatchEvent): void {
    this.#queue.push(event);
    if (this.#queue.length === 1 && this.#initial === undefined) this.#notify?.();
  }
}

export async function openWatch(
  store: Store,
  definition: ResourceDefinition,
  request: WatchRequest,
  onEnd: (watch: CollectionWatch) => void,
): Promise<CollectionWatch> {
  const filter = filterOf(definition, request);
  checkOptions(request);
  const revision = parseRevision(request.resourceVersion);
  await waitFor(store, revision);
  const watch = new CollectionWatch(store, definition, filter, request.allowWatchBookmarks === true, onEnd);
  if (request.sendInitialEvents === true) watch.start({ initial: true, initialEventsEnd: watch.wantsBookmarks });
  else if (revision === 0) watch.start({ initial: request.sendInitialEvents === undefined, initialEventsEnd: false });
  else watch.start({ revision });
  return watch;
}

function checkOptions({ sendInitialEvents, resourceVersionMatch }: WatchRequest): void {
  if (sendInitialEvents === undefined) {
    if (resourceVersionMatch === undefined) return;
    const field = 'resourceVersionMatch';
    const errors: FieldError[] = [
      { reason: 'FieldValueForbidden', field, message: 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided' },
    ];
    if (resourceVersionMatch !== 'NotOlderThan') errors.push(notSupported(field, resourceVersionMatch, ['NotOlderThan']));
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, errors);
  } else if (resourceVersionMatch !== 'NotOlderThan') {
    throw invalidOption('resourceVersionMatch', 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  }
}
