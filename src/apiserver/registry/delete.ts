/** Deletion: preconditions, a pod's grace, finalizers, and what the garbage collector is asked to do with dependents. */
import { conflict, forbidden } from '../../kube/status.ts';
import type { CustomResourceDefinition, KubeObject, Namespace, ObjectKey, Pod } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import type { DeleteRequest, ListRequest, ListResult, RequestContext, ResourceDefinition, StoredObject } from '../engine.ts';
import { encode } from '../store/stored-object.ts';
import { prepareViews, storageForm } from './conversion.ts';
import { copyJson, equalJson } from '../../kube/json.ts';
import { isOfDefinitions, markedForDeletion } from './definition-deletion.ts';
import { list } from './list.ts';
import { successStatus } from './status.ts';
import { current, isFinished } from './update.ts';
import { collectionName, collectionOf, storageKey, targetOf, view, type RegistryWorld } from './world.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
const PROTECTED_NAMESPACES = new Set(['default', 'kube-system', 'kube-public']);
const DEFAULT_GRACE_SECONDS = 30;
/** Their deletion answers the object, as upstream; that of others a Status. */
const ANSWERED_WHOLE = new Set([
  '/namespaces',
  '/persistentvolumeclaims',
  '/persistentvolumes',
  '/pods',
  '/podtemplates',
  '/resourcequotas',
  '/serviceaccounts',
  '/services',
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceclaims',
  'resource.k8s.io/resourceclaimtemplates',
  'resource.k8s.io/resourceslices',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/storageclasses',
  'storage.k8s.io/volumeattachments',
  'storage.k8s.io/volumeattributesclasses',
]);

/** The object when it stays for now, else a Status of success. Rejects with 404, 409. */
export async function remove(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  request: DeleteRequest = {},
): Promise<StoredObject> {
  warnOfOrphans(definition, ctx, request);
  let old = current(world, definition, key).object;
  checkPreconditions(definition, old, request);
  const review = world.reviewers.of({ operation: 'DELETE', definition, ctx, key, old });
  if (review !== undefined) {
    await review.mutate();
    await review.validate();
    old = current(world, definition, key).object;
    checkPreconditions(definition, old, request);
  }
  if (definition.group === '' && definition.plural === 'namespaces' && PROTECTED_NAMESPACES.has(key.name)) {
    throw forbidden(targetOf(definition, key.name), 'this namespace may not be deleted');
  }
  const object = deleted(world, definition, old, request);
  const gone = isFinished(definition, object);
  if (ctx.dryRun) return gone ? successStatus(definition, old) : encode(0, object);
  const collection = collectionOf(world, definition);
  const id = storageKey(definition, key);
  if (!gone && equalJson(object, old)) {
    await world.store.settled(collection, id);
    return current(world, definition, key);
  }
  let stored = storageForm(world, definition, object);
  if (stored instanceof Promise) {
    stored = await stored;
    if (world.store.newest(collection, id)?.object.metadata.resourceVersion !== old.metadata.resourceVersion) throw conflict(targetOf(definition, key.name));
  }
  const last = await (gone ? world.store.remove(collection, id, stored) : world.store.put(collection, id, stored));
  await prepareViews(world, definition, [last]);
  if (!gone) return view(definition, last);
  if (!ANSWERED_WHOLE.has(collectionName(definition.storage))) return successStatus(definition, old);
  // Only pods are told when they were to end: what goes at once is shown as it was.
  const isPod = definition.group === '' && definition.plural === 'pods';
  return isPod ? view(definition, last) : encode(last.revision, withRevision(old, last.revision));
}

function withRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

/** Deletes each object that matches; answers them as they were. One that another deletes meanwhile is no error. */
export async function removeCollection(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  selection: ListRequest,
  request: DeleteRequest = {},
): Promise<ListResult> {
  warnOfOrphans(definition, ctx, request);
  const found = await list(world.store, definition, selection);
  await Promise.all(
    found.items.map(async ({ object }) => {
      try {
        const { name = '', namespace } = object.metadata;
        await remove(world, definition, ctx, namespace === undefined ? { name } : { name, namespace }, request);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }),
  );
  return found;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 404;
}

function checkPreconditions(definition: ResourceDefinition, { metadata }: KubeObject, { preconditions }: DeleteRequest): void {
  const target = targetOf(definition, metadata.name);
  if (preconditions?.uid !== undefined && preconditions.uid !== metadata.uid) {
    const both = `recondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${metadata.uid}`;
    // These two ask before the others do, in words of their own.
    if (definition.group === '' && definition.plural === 'namespaces') throw conflict(target, `P${both}`);
    if (isOfDefinitions(definition)) throw conflict(target, `p${both}`);
    throw conflict(
      { ...target, plural: definition.kind },
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      target,
      `Precondition failed: ResourceVersion in precondition: ${preconditions.resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`,
    );
  }
}

/** The state a deletion leads to: a copy with its deletion written down. */
function deleted(world: RegistryWorld, definition: ResourceDefinition, old: KubeObject, request: DeleteRequest): KubeObject {
  if (isOfDefinitions(definition) && old.metadata.deletionTimestamp === undefined) return markedForDeletion(old as CustomResourceDefinition, world.clock.now());
  const object = copyJson(old);
  const { metadata } = object;
  const finalizers = finalizersAfter(definition, metadata.finalizers ?? [], request);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const graceSeconds = definition.group === '' && definition.plural === 'pods' ? podGrace(old as Pod, request.gracePeriodSeconds) : 0;
  if (metadata.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = timestamp(world.clock.now() + graceSeconds * 1000);
    if (definition.plural !== 'namespaces') metadata.deletionGracePeriodSeconds = graceSeconds;
    if (metadata.generation !== undefined) metadata.generation++;
  } else if (graceSeconds < (metadata.deletionGracePeriodSeconds ?? 0)) {
    const shortened = Date.parse(metadata.deletionTimestamp) - ((metadata.deletionGracePeriodSeconds ?? 0) - graceSeconds) * 1000;
    metadata.deletionTimestamp = timestamp(Math.max(shortened, world.clock.now()));
    metadata.deletionGracePeriodSeconds = graceSeconds;
  }
  if (definition.group === '' && definition.plural === 'namespaces') {
    const namespace = object as Namespace;
    namespace.status = { ...namespace.status, phase: 'Terminating' };
  }
  return object;
}

/** A pod that never ran on a node, or has ended, needs no time to stop. */
function podGrace(pod: Pod, asked: number | undefined): number {
  if (!pod.spec?.nodeName || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return 0;
  // Asked again without a number, the time given first stands.
  const usual = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  const grace = asked ?? usual;
  return grace < 0 ? 1 : grace;
}

/** Kinds whose dependents stay unless the request says otherwise: upstream keeps to what their first versions did. */
const ORPHANING = new Set(['/replicationcontrollers', 'batch/jobs']);

function policyOf({ propagationPolicy, orphanDependents }: DeleteRequest): DeleteRequest['propagationPolicy'] {
  return propagationPolicy ?? (orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background');
}

/** Without a policy, what was asked before stands. */
function finalizersAfter(definition: ResourceDefinition, finalizers: readonly string[], request: DeleteRequest): string[] {
  const others = finalizers.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  const isAsked = others.length < finalizers.length;
  // Nothing depends on events.
  if (definition.plural === 'events') return [...finalizers];
  const policy = policyOf(request) ?? (!isAsked && ORPHANING.has(`${definition.group}/${definition.plural}`) ? 'Orphan' : undefined);
  if (policy === undefined) return [...finalizers];
  if (policy === 'Orphan') return [...others, ORPHAN];
  return policy === 'Foreground' ? [...others, FOREGROUND] : others;
}

const PODS_STAY =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

function warnOfOrphans({ group, plural }: ResourceDefinition, ctx: RequestContext, request: DeleteRequest): void {
  if (group !== 'batch' || plural !== 'jobs' || policyOf(request) !== undefined) return;
  // Of many jobs deleted at once it is said once.
  if (!ctx.warnings.includes(PODS_STAY)) ctx.warnings.push(PODS_STAY);
}
