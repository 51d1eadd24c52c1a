/** What the registry's functions share, and how they find things in the store. */
import { apiVersionOf } from '../../kube/resources.ts';
import { internalError, type StatusTarget } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Admission } from '../admission/plugin.ts';
import type { Authorizer } from '../authz/index.ts';
import type { ServiceAllocator } from '../admission/services/allocator.ts';
import type { RequestContext, ResourceDefinition, StoredObject } from '../engine.ts';
import type { Collection } from '../store/collection.ts';
import type { Store } from '../store/store.ts';
import { encode } from '../store/stored-object.ts';
import type { WebhookCaller } from '../webhooks/call.ts';
import type { Reviewers } from '../webhooks/review.ts';

export interface RegistryWorld {
  store: Store;
  clock: Clock;
  random: Random;
  log: Logger;
  admission: Admission;
  authorizer: Authorizer;
  /** Webhooks and policies. */
  reviewers: Reviewers;
  caller: WebhookCaller;
  services: ServiceAllocator;
  /** The built-in definition of a kind the registry itself works on. */
  builtin(group: string, plural: string): ResourceDefinition;
  /** The definition of a resource in a version ('apps/v1'); undefined when it is not served. */
  served(apiVersion: string, plural: string): ResourceDefinition | undefined;
  /** All that is served. */
  definitions(): readonly ResourceDefinition[];
}

/** A write on its way through the registry. */
export interface WriteRequest {
  world: RegistryWorld;
  definition: ResourceDefinition;
  ctx: RequestContext;
  key: ObjectKey;
}

export function collectionName(storage: { group: string; plural: string }): string {
  return `${storage.group}/${storage.plural}`;
}

export function collectionOf(world: { store: Store }, definition: ResourceDefinition): Collection {
  return world.store.collection(collectionName(definition.storage));
}

export function storageKey(definition: ResourceDefinition, key: ObjectKey): string {
  return definition.namespaced ? `${key.namespace ?? ''}/${key.name}` : key.name;
}

export function targetOf(definition: ResourceDefinition, name?: string): StatusTarget {
  return { group: definition.group, plural: definition.plural, ...(name === undefined ? {} : { name }) };
}

/** What `invalid` wants to know of an object: its kind as it is stored, for there it is validated. */
export function kindOf(definition: ResourceDefinition, name: string | undefined): { group: string; kind: string; name: string } {
  return { group: definition.storage.group, kind: definition.kind, name: name ?? '' };
}

const views = new WeakMap<ResourceDefinition, WeakMap<StoredObject, StoredObject>>();

/** A stored object as the definition serves it; converted and encoded once. */
export function view(definition: ResourceDefinition, stored: StoredObject): StoredObject {
  if (definition.convert === undefined) return stored;
  let ofDefinition = views.get(definition);
  if (ofDefinition === undefined) views.set(definition, (ofDefinition = new WeakMap()));
  let converted = ofDefinition.get(stored);
  if (converted === undefined) {
    if (needsWebhook(definition, stored)) throw internalError(`${definition.plural} changed while a conversion webhook was asked: try again`);
    const object = definition.convert.fromStorage(stored.object);
    converted = object === stored.object ? stored : encode(stored.revision, object);
    ofDefinition.set(stored, converted);
  }
  return converted;
}

export function apiVersionServed({ group, version }: ResourceDefinition): string {
  return apiVersionOf({ group, version });
}

function needsWebhook(definition: ResourceDefinition, stored: StoredObject): boolean {
  return definition.convert?.webhook !== undefined && stored.object.apiVersion !== apiVersionServed(definition);
}

/** Whether `view` can show the object without a webhook. */
export function isPrepared(definition: ResourceDefinition, stored: StoredObject): boolean {
  return !needsWebhook(definition, stored) || views.get(definition)?.has(stored) === true;
}

export function rememberView(definition: ResourceDefinition, stored: StoredObject, shown: StoredObject): void {
  let ofDefinition = views.get(definition);
  if (ofDefinition === undefined) views.set(definition, (ofDefinition = new WeakMap()));
  ofDefinition.set(stored, shown);
}

/** The newest accepted object of a built-in kind: for decisions that a write depends on. */
export function lookUp<T extends KubeObject>(world: { store: Store }, group: string, plural: string, key: string): T | undefined {
  const stored = world.store.newest(world.store.collection(collectionName({ group, plural })), key);
  // The collection holds objects of one kind: the caller names the kind that belongs to it.
  return stored?.object as T | undefined;
}

export function typeMetaOf(definition: ResourceDefinition): { apiVersion: string; kind: string } {
  return { apiVersion: apiVersionOf(definition), kind: definition.kind };
}
