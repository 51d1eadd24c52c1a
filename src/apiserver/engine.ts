/**
 * The API without HTTP: what every front door (HTTP, in-process client) may ask. Implemented in `registry/` over `store/`.
 *
 * All methods reject with a `StatusError` when the request is refused.
 */
import type { FieldError, Status, StatusError } from '../kube/status.ts';
import type { KubeObject, ObjectKey } from '../kube/types.ts';
import type { PatchType } from '../runtime/client.ts';
import type { Authorizer } from './authz/index.ts';

export interface UserInfo {
  name: string;
  groups: readonly string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

/** Who asks, and the options that all writes share. */
export interface RequestContext {
  user: UserInfo;
  userAgent?: string;
  dryRun?: boolean;
  fieldManager?: string;
  /** Absent: 'Ignore' (in-process callers); HTTP passes upstream's default, 'Warn'. */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore';
  /** Duplicate keys the decoder saw in the body ('spec.x'); reported as `fieldValidation` says. */
  duplicateFields?: readonly string[];
  /** The same of a body in YAML, as its decoder tells of them: 'line 9: key "foo" already set in map'. */
  yamlDuplicates?: readonly string[];
  /** Set by the engine: the write made the object (HTTP answers 201). */
  created?: boolean;
  /** Where somebody audits: what admission has to say for the record. */
  annotate?: (key: string, value: string) => void;
  /** Filled by the engine; HTTP sends each as a `Warning: 299 - "..."` header. */
  warnings: string[];
}

/** Of the server itself, which may do everything. */
export function serverContext(): RequestContext {
  return { user: { name: 'system:apiserver', groups: ['system:masters'] }, userAgent: 'kube-apiserver', warnings: [] };
}

/**
 * One object at one revision, shared by all readers and never changed. `bytes` is its JSON, encoded once a change;
 * `object` is parsed at first use. Answers that are not stored (Scale, Status) have revision 0.
 */
export interface StoredObject {
  readonly revision: number;
  readonly bytes: Buffer;
  readonly object: KubeObject;
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

export interface SubresourceDefinition {
  /** 'status', 'scale', 'binding', 'log', ... */
  name: string;
  /** What the subresource speaks when it is not the resource's own kind: autoscaling/v1 Scale. */
  kind: { group: string; version: string; kind: string };
  verbs: readonly Verb[];
  /** Served by HTTP from the kubelet (log, exec, attach, portforward, proxy): the engine does not know it. */
  streaming?: boolean;
}

/** Where a CRD's scale subresource finds its numbers: simple paths such as '.spec.replicas'. */
export interface ScalePaths {
  specReplicas: string;
  statusReplicas: string;
  labelSelector?: string;
}

/** How objects of a definition are checked. Built-in kinds share one strategy over the schema table; custom ones bring theirs. */
export interface ObjectStrategy {
  /** Drops what the schema does not know, in place; answers the paths dropped and texts about wrong types. */
  prune(object: KubeObject): { unknown: string[]; typeErrors: string[] };
  applyDefaults(object: KubeObject): void;
  /** `warnings` gets what is wrong and let through. */
  validate(object: KubeObject, old?: KubeObject, warnings?: string[]): FieldError[];
  /** Of a change of its status alone; without it, the same as of any change. */
  validateStatus?(object: KubeObject, old: KubeObject, warnings?: string[]): FieldError[];
}

/** Who converts between the versions of a custom resource; see `registry/conversion.ts`. */
export interface ConversionWebhook {
  clientConfig: { url?: string; service?: { namespace: string; name: string; path?: string; port?: number }; caBundle?: string };
  /** Of ConversionReview. */
  reviewVersions: readonly string[];
  /** 'example.com/v1' */
  storageVersion: string;
}

/** A resource in one group and version, as discovery shows it. */
export interface ResourceDefinition {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly SubresourceDefinition[];
  /** Field selector label to its value on an object; metadata.name and metadata.namespace are known everywhere. */
  readonly selectableFields: Readonly<Record<string, (object: KubeObject) => string>>;
  readonly builtin: boolean;
  /** Why not to use it any more: a warning with every answer. */
  readonly deprecation?: string;
  /** Objects are answered to create, never stored (reviews). */
  readonly virtual?: boolean;
  /** There is a status subresource: writes of the main resource leave status alone. */
  readonly hasStatus: boolean;
  /** `metadata.generation` counts changes outside metadata and status (custom resources: always). */
  readonly generation: boolean;
  /** Which collection of the store holds the objects; differs from group/plural where two versions or groups are one storage. */
  readonly storage: { group: string; plural: string };
  /** Absent: stored as served. Neither may change its argument. */
  readonly convert?: { toStorage(object: KubeObject): KubeObject; fromStorage(object: KubeObject): KubeObject; webhook?: ConversionWebhook };
  readonly strategy?: ObjectStrategy;
  readonly scale?: ScalePaths;
  /** Custom resources: what discovery, OpenAPI and tables need from the CRD. */
  readonly custom?: {
    columns: readonly { name: string; type: string; jsonPath: string; priority?: number; format?: string; description?: string }[];
    openApiSchema?: object;
  };
}

/** 'a=b,c in (d)' and 'spec.nodeName=x' forms; absent: everything. */
export interface Selection {
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface ListRequest extends Selection {
  limit?: number;
  continue?: string;
  resourceVersion?: string;
  resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface ListResult {
  revision: number;
  items: StoredObject[];
  continue?: string;
  remainingItemCount?: number;
}

export interface WatchRequest extends Selection {
  /** Absent or '0': first an ADDED for each object; N: strictly after N. */
  resourceVersion?: string;
  resourceVersionMatch?: 'NotOlderThan';
  /** WatchList: ADDED for each object, then a bookmark with `initialEventsEnd`. */
  sendInitialEvents?: boolean;
  allowWatchBookmarks?: boolean;
}

export type ApiWatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: StoredObject }
  /** Everything up to `revision` has been seen. */
  | { type: 'BOOKMARK'; revision: number; initialEventsEnd?: boolean }
  /** The last event of a watch that ends by an error (410 Expired). */
  | { type: 'ERROR'; status: Status };

/**
 * An open watch. Events queue up (bounded) until they are drained; a reader that falls too far behind is cut off:
 * `ended` becomes true and what was queued before can still be drained.
 */
export interface ApiWatch {
  /** Takes everything queued, in revision order. */
  drain(): ApiWatchEvent[];
  /** `fn` is called when there is something to drain or the watch ended; once a change from empty, never from inside `drain`. */
  onReady(fn: () => void): void;
  readonly ended: boolean;
  /** More is to come of what there is now: `revision` cannot be said to have been told. */
  readonly behind: boolean;
  /** The newest revision this watch has seen all of: for a bookmark just before a timeout. */
  readonly revision: number;
  close(): void;
}

export interface GetRequest {
  subresource?: string;
  resourceVersion?: string;
}

export interface UpdateRequest {
  subresource?: string;
}

export interface PatchRequest {
  type: PatchType;
  subresource?: string;
  /** Only for 'apply'. */
  force?: boolean;
}

export interface DeleteRequest {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** metav1's deprecated way of saying Orphan (true) or Background (false). */
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
}

/** Answers a POST that the registry does not answer itself: a virtual resource, or a subresource such as 'token'. */
export type CreateHandler = (ctx: RequestContext, key: ObjectKey, body: KubeObject) => Promise<KubeObject>;

export interface ApiEngine {
  /** All definitions, in discovery order. */
  definitions(): readonly ResourceDefinition[];
  definition(group: string, version: string, plural: string): ResourceDefinition | undefined;
  /** Adds or replaces (same group, version, plural). Custom resources come and go this way. */
  addDefinitions(definitions: readonly ResourceDefinition[]): void;
  /** Ends their watches; stored objects stay until deleted through another definition of the same storage. */
  removeDefinitions(definitions: readonly { group: string; version: string; plural: string }[]): void;
  onDefinitionsChanged(fn: () => void): () => void;
  /** `subresource` '' for a virtual resource. The last handler set wins. */
  setCreateHandler(target: { group: string; plural: string; subresource: string }, handler: CreateHandler): void;

  get(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, request?: GetRequest): Promise<StoredObject>;
  list(definition: ResourceDefinition, ctx: RequestContext, request?: ListRequest): Promise<ListResult>;
  /** Rejects for bad selectors and for revisions that have not been yet (504); history that is gone is an ERROR event. */
  watch(definition: ResourceDefinition, ctx: RequestContext, request?: WatchRequest): Promise<ApiWatch>;
  /** The engine takes the body over: callers must not use it afterwards. `namespace` is the URL's. */
  create(definition: ResourceDefinition, ctx: RequestContext, namespace: string | undefined, body: KubeObject): Promise<StoredObject>;
  /** Takes the body over. */
  update(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, body: KubeObject, request?: UpdateRequest): Promise<StoredObject>;
  /** `patch` is the parsed body: an array of operations for 'json', else an object. Takes it over. */
  patch(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, patch: unknown, request: PatchRequest): Promise<StoredObject>;
  /** Answers the object when it stays for now (finalizers, grace), else a Status of success. */
  delete(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, request?: DeleteRequest): Promise<StoredObject>;
  /** Answers what was deleted, as upstream does: a list of the objects. */
  deleteCollection(definition: ResourceDefinition, ctx: RequestContext, selection: ListRequest, request?: DeleteRequest): Promise<ListResult>;
  /** POST to 'binding', 'eviction', 'token', ...: takes the body over. */
  createSubresource(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, subresource: string, body: KubeObject): Promise<StoredObject>;

  /** Who may do what. The engine itself asks it only about what a writer must hold to pass it on; requests are the front door's. */
  readonly authorizer: Authorizer;
  /** An address that answers for a service, from its ready endpoints. Throws an Error in upstream's words when there is none. */
  resolveService(reference: { namespace: string; name: string; port: number }): { host: string; port: number };
  /** The newest revision that reads show. */
  readonly revision: number;
  /** Undefined while the store takes writes; else why not (for /readyz). */
  readonly storeError: StatusError | undefined;
}
