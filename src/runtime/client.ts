/**
 * How a controller sees an API, in Kubernetes terms. Two implementations: in-process (`apiserver/`) and HTTP (`runtime/http/`).
 *
 * Objects that come out of a Client, an informer or a watch are shared with others and never to be changed: copy what you change.
 * Every method rejects with a `StatusError` (kube/status.ts) when the API refuses.
 */
import type { Resource } from '../kube/resources.ts';
import type { KubeObject, ObjectKey } from '../kube/types.ts';

export interface ListOptions {
  /** Absent: all namespaces. */
  namespace?: string;
  /** In the query's form: 'app=web,tier!=db'. */
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
}

export interface ObjectList<T extends KubeObject> {
  /** `resourceVersion` to watch from. */
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

export interface WatchOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Events strictly after this revision; absent: first an ADDED for each object there is. */
  resourceVersion?: string;
  allowWatchBookmarks?: boolean;
  /** Ends the watch. */
  signal: AbortSignal;
}

export type WatchEvent<T extends KubeObject> = { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T } | { type: 'BOOKMARK'; resourceVersion: string };

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface WriteOptions {
  dryRun?: boolean;
  fieldManager?: string;
  /** 'status', 'scale', 'ephemeralcontainers', ... */
  subresource?: string;
}

export interface PatchOptions extends WriteOptions {
  type: PatchType;
  /** Only for 'apply'. */
  force?: boolean;
}

export interface GetOptions {
  /** 'scale', 'status'; in the APIs of metrics the name of a metric. */
  subresource?: string;
  /** What an API of its own kind wants to know besides; only over HTTP. */
  query?: Readonly<Record<string, string>>;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: boolean;
}

export interface Client {
  /** With a subresource `T` is what that speaks. */
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: GetOptions): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /**
   * Events in revision order, none missing, none twice. Ends when the signal aborts or the server ends the watch;
   * throws `StatusError` 410 when `resourceVersion` is too old, and on network errors (HTTP).
   */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  /** Namespace and name (or generateName) are taken from the object's metadata. */
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** Replaces; with `metadata.resourceVersion` set it is refused with a Conflict if the object has changed since. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: unknown, options: PatchOptions): Promise<T>;
  delete(resource: Resource, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  deleteCollection(resource: Resource, options: ListOptions & DeleteOptions): Promise<void>;
  /** POST to a subresource: 'binding', 'eviction', 'token'. Answers what the API answers. */
  createSubresource(resource: Resource, key: ObjectKey, subresource: string, body: KubeObject): Promise<KubeObject>;
}
