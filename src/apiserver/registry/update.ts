/** Changing an object: replace, patch and every subresource that writes come down to `change`. */
import { conflict, invalid, notFound, type FieldError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey, Unstructured } from '../../kube/types.ts';
import type { AdmissionRequest } from '../admission/plugin.ts';
import type { RequestContext, ResourceDefinition, StoredObject } from '../engine.ts';
import { encode } from '../store/stored-object.ts';
import { checkIdentity, shapeBody } from './body.ts';
import { create } from './create.ts';
import { prepareViews, storageForm } from './conversion.ts';
import { copyJson, equalJson } from '../../kube/json.ts';
import { prepareSubresource, prepareUpdate } from './kinds.ts';
import { managersOfChanged, onlyTimesDiffer, setManagers } from './managed-fields.ts';
import { bumpGeneration, keepServerFields } from './metadata.ts';
import { validate, validateApproval, validateDebuggers, validateStatus } from './strategy.ts';
import { warnAboutChanged } from './warnings.ts';
import { collectionOf, kindOf, storageKey, targetOf, view, type RegistryWorld } from './world.ts';

/** Kinds whose writers must say which state they saw. */
const REVISION_NEEDED = new Set([
  'apiextensions.k8s.io/customresourcedefinitions',
  'policy/poddisruptionbudgets',
  'coordination.k8s.io/leases',
  'node.k8s.io/runtimeclasses',
  'admissionregistration.k8s.io/mutatingadmissionpolicies',
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'certificates.k8s.io/clustertrustbundles',
  'certificates.k8s.io/podcertificaterequests',
  'resource.k8s.io/devicetaintrules',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/csistoragecapacities',
  'storage.k8s.io/volumeattachments',
  'storagemigration.k8s.io/storageversionmigrations',
]);

/** Kinds that a replace makes where there is none, as upstream. */
const MADE_BY_UPDATE = new Set([
  '/endpoints',
  '/events',
  '/limitranges',
  '/services',
  'coordination.k8s.io/leases',
  'events.k8s.io/events',
  'node.k8s.io/runtimeclasses',
  'rbac.authorization.k8s.io/clusterrolebindings',
  'rbac.authorization.k8s.io/clusterroles',
  'rbac.authorization.k8s.io/rolebindings',
  'rbac.authorization.k8s.io/roles',
]);

/** The newest state as the definition serves it. Rejects with 404. */
export function current(world: RegistryWorld, definition: ResourceDefinition, key: ObjectKey): StoredObject {
  const stored = world.store.newest(collectionOf(world, definition), storageKey(definition, key));
  if (stored === undefined) throw notFound(targetOf(definition, key.name));
  return view(definition, stored);
}

/** Replaces the object or the part a subresource shows. Takes the body over. Sets `ctx.created` where it made the object. */
export async function update(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  body: unknown,
  subresource?: string,
): Promise<StoredObject> {
  checkIdentity(definition, key, body);
  if (subresource === undefined && MADE_BY_UPDATE.has(`${definition.group}/${definition.plural}`) && isMissing(world, definition, key)) {
    delete body.metadata.resourceVersion;
    const made = await create(world, definition, ctx, key.namespace, body);
    ctx.created = true;
    return made;
  }
  if (!body.metadata.resourceVersion && subresource === undefined && needsRevision(definition)) {
    // An object that is not there answers 404 first, as upstream.
    current(world, definition, key);
    throw invalid({ ...kindOf(definition, key.name), kind: definition.plural }, [
      { reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message: 'Invalid value: 0: must be specified for an update' },
    ]);
  }
  shapeBody(definition, ctx, body);
  return change(world, definition, ctx, key, body, subresource === undefined ? {} : { subresource });
}

function isMissing(world: RegistryWorld, definition: ResourceDefinition, key: ObjectKey): boolean {
  return world.store.newest(collectionOf(world, definition), storageKey(definition, key)) === undefined;
}

function needsRevision(definition: ResourceDefinition): boolean {
  return !definition.builtin || REVISION_NEEDED.has(`${definition.storage.group}/${definition.storage.plural}`);
}

export interface Change {
  subresource?: string;
  /** It came as a Scale and reviewers have seen it as one. */
  asScale?: boolean;
  /** An apply has said whose fields are whose. */
  applied?: boolean;
}

/** `next` (taken over, already shaped) becomes the new state as far as the subresource allows. Unless reviewers take part, no await before the store accepts it. */
export async function change(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  next: KubeObject,
  { subresource, asScale = false, applied = false }: Change = {},
): Promise<StoredObject> {
  const old = current(world, definition, key);
  const revision = next.metadata.resourceVersion;
  if (revision && revision !== old.object.metadata.resourceVersion) throw conflict(targetOf(definition, key.name));
  const object = subresource === undefined ? mainPart(definition, next, old.object) : subresourcePart(definition, next, old.object, subresource);
  const door = asScale ? 'scale' : subresource;
  const write = { world, definition, ctx, ...(door === undefined ? {} : { subresource: door }) };
  const managers = applied ? next.metadata.managedFields : managersOfChanged(write, object, old.object);
  keepServerFields(definition, object, old.object);
  setManagers(object, managers);
  object.metadata.resourceVersion = old.object.metadata.resourceVersion;
  if (subresource === undefined) prepareUpdate(write, object, old.object);
  else prepareSubresource(write, object, old.object, subresource);
  world.admission.admit({ operation: 'update', world, definition, ctx, key, object, old: old.object, ...(subresource === undefined ? {} : { subresource }) });
  const review = asScale
    ? undefined
    : world.reviewers.of({
        operation: 'UPDATE',
        definition,
        ctx,
        key,
        object,
        old: old.object,
        ...(subresource === undefined ? {} : { subresource }),
      });
  if (review !== undefined) {
    await review.mutate();
    keepServerFields(definition, object, old.object);
    object.metadata.resourceVersion = old.object.metadata.resourceVersion;
  }
  if (subresource !== 'status') bumpGeneration(definition, object, old.object);
  const errors = errorsOf(definition, object, old.object, subresource, ctx.warnings);
  if (errors.length > 0) throw invalid(kindOf(definition, key.name), errors);
  if (subresource === undefined) warnAboutChanged(definition, object, old.object, ctx.warnings);
  if (review !== undefined) {
    await review.validate();
    if (current(world, definition, key).revision !== old.revision) {
      // Reviewers take their time: what the writer saw is no longer there.
      if (revision) throw conflict(targetOf(definition, key.name));
      delete object.metadata.resourceVersion;
      delete object.metadata.managedFields;
      return change(world, definition, ctx, key, object, subresource === undefined ? {} : { subresource });
    }
  }
  return store(world, definition, ctx, key, object, old.object, subresource);
}

function errorsOf(definition: ResourceDefinition, object: KubeObject, old: KubeObject, subresource: string | undefined, warnings: string[]): FieldError[] {
  switch (subresource) {
    case 'status':
      return validateStatus(definition, object, old, warnings);
    case 'approval':
      return validateApproval(object, old);
    case 'ephemeralcontainers':
      return validateDebuggers(object, old);
    // It changes what a plain update of a pod may not: its outcome only has to be a valid pod.
    case 'resize':
      return validate(definition, object);
    default:
      return validate(definition, object, old, warnings);
  }
}

async function store(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  object: KubeObject,
  old: KubeObject,
  subresource: string | undefined,
): Promise<StoredObject> {
  const collection = collectionOf(world, definition);
  const id = storageKey(definition, key);
  const finished = isFinished(definition, object);
  // A spec that is the stored one itself (a status write) asks for nothing new, and must not be written to.
  const sameSpec = (object as Unstructured)['spec'] === (old as Unstructured)['spec'];
  const allocation = finished || sameSpec ? undefined : world.services.allocate(definition, object);
  if (!finished && isUnchanged(object, old) && !isStale(world, definition, key, object)) {
    allocation?.release();
    if (ctx.dryRun) return encode(0, object);
    await world.store.settled(collection, id);
    return current(world, definition, key);
  }
  const request: AdmissionRequest = { operation: 'update', world, definition, ctx, key, object, old, ...(subresource === undefined ? {} : { subresource }) };
  try {
    if (ctx.dryRun) {
      world.admission.conclude(request);
      allocation?.release();
      return encode(0, object);
    }
    let stored = storageForm(world, definition, object);
    if (stored instanceof Promise) {
      stored = await stored;
      if (world.store.newest(collection, id)?.object.metadata.resourceVersion !== old.metadata.resourceVersion) throw conflict(targetOf(definition, key.name));
    }
    const reservation = finished ? undefined : world.admission.conclude(request);
    const writing = finished ? world.store.remove(collection, id, stored) : world.store.put(collection, id, stored);
    reservation?.(writing);
    const written = await writing;
    await prepareViews(world, definition, [written]);
    return view(definition, written);
  } catch (error) {
    allocation?.release();
    throw error;
  }
}

/** Whether it is stored in another version than it would be stored in now. */
function isStale(world: RegistryWorld, definition: ResourceDefinition, key: ObjectKey, object: KubeObject): boolean {
  const { convert } = definition;
  if (convert === undefined) return false;
  const wanted = convert.webhook?.storageVersion ?? convert.toStorage(object).apiVersion;
  return world.store.newest(collectionOf(world, definition), storageKey(definition, key))?.object.apiVersion !== wanted;
}

/** That somebody wrote the same again is no change. */
function isUnchanged(object: KubeObject, old: KubeObject): boolean {
  const bare = (one: KubeObject): object => ({ ...one, metadata: { ...one.metadata, managedFields: undefined } });
  return equalJson(bare(object), bare(old)) && onlyTimesDiffer(object, old);
}

/** An object on its way out goes when its last finalizer does, unless it still has time to stop in (a pod's grace). */
export function isFinished(definition: ResourceDefinition, { metadata, ...rest }: KubeObject): boolean {
  if (metadata.deletionTimestamp === undefined || (metadata.finalizers ?? []).length > 0 || (metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  if (definition.group !== '' || definition.plural !== 'namespaces') return true;
  return ((rest as { spec?: { finalizers?: string[] } }).spec?.finalizers ?? []).length === 0;
}

function mainPart(definition: ResourceDefinition, next: KubeObject, old: KubeObject): KubeObject {
  if (!definition.hasStatus) return next;
  const { status } = old as Unstructured;
  if (status === undefined) delete (next as Unstructured)['status'];
  else (next as Unstructured)['status'] = status;
  return next;
}

type Part = (next: Unstructured, old: Unstructured) => Unstructured;

/** What each subresource may change: everything else is the old state's. */
const PARTS: Record<string, Part> = {
  status: (next, old) => ({ ...old, metadata: next.metadata, status: next['status'] }),
  finalize: (next, old) => ({ ...old, spec: next['spec'] }),
  approval: (next, old) => {
    const { conditions } = (next['status'] ?? {}) as { conditions?: unknown };
    const { conditions: _conditions, ...others } = (old['status'] ?? {}) as { conditions?: unknown };
    return { ...old, metadata: next.metadata, status: { ...others, ...(conditions === undefined ? {} : { conditions }) } };
  },
  ephemeralcontainers: (next, old) => {
    const { ephemeralContainers } = (next['spec'] ?? {}) as { ephemeralContainers?: unknown };
    return { ...old, spec: { ...(old['spec'] as object), ...(ephemeralContainers === undefined ? {} : { ephemeralContainers }) } };
  },
  resize: (next, old) => ({ ...old, spec: resized(old['spec'] as PodContainers, next['spec'] as PodContainers | undefined) }),
};

interface PodContainers {
  containers?: { name: string; resources?: unknown; resizePolicy?: unknown }[];
}

function resized(old: PodContainers, next: PodContainers | undefined): PodContainers {
  return {
    ...old,
    containers: (old.containers ?? []).map((container) => {
      const wanted = next?.containers?.find(({ name }) => name === container.name);
      return wanted === undefined ? container : { ...container, ...(wanted.resources === undefined ? {} : { resources: wanted.resources }) };
    }),
  };
}

function subresourcePart(definition: ResourceDefinition, next: KubeObject, old: KubeObject, subresource: string): KubeObject {
  const part = PARTS[subresource];
  if (part === undefined) throw notFound(targetOf(definition, old.metadata.name));
  const object = part(next as Unstructured, old as Unstructured);
  // Custom resources' status writes leave metadata alone, and the apps kinds' leave labels alone.
  if (object.metadata === old.metadata || !definition.builtin) object.metadata = copyJson(old.metadata);
  else if (definition.group === 'apps') restoreLabels(object, old);
  return object;
}

function restoreLabels(object: KubeObject, old: KubeObject): void {
  if (old.metadata.labels === undefined) delete object.metadata.labels;
  else object.metadata.labels = old.metadata.labels;
}
