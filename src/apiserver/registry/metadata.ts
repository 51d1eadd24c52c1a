/** The part of metadata that belongs to the server. */
import { conflict } from '../../kube/status.ts';
import type { KubeObject, ObjectMeta, Unstructured } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import { nameSuffix } from '../../runtime/random.ts';
import type { ResourceDefinition } from '../engine.ts';
import { equalJson } from '../../kube/json.ts';
import { targetOf, type RegistryWorld } from './world.ts';

/** Upstream's limit for the base, so that base and suffix fit into a label. */
const GENERATED_BASE_MAX = 58;

export function stampNew(world: RegistryWorld, definition: ResourceDefinition, object: KubeObject): void {
  const { metadata } = object;
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'resourceVersion', 'selfLink', 'generation'] as const) delete metadata[field];
  dropEmpty(metadata);
  metadata.uid = world.random.uuid();
  metadata.creationTimestamp = timestamp(world.clock.now());
  if (definition.generation) metadata.generation = 1;
}

export function generateName(world: RegistryWorld, base: string): string {
  return base.slice(0, GENERATED_BASE_MAX) + nameSuffix(world.random);
}

/** What an update may not change keeps its old value; uid and resourceVersion, where the caller names them, must be the old ones. */
export function keepServerFields(definition: ResourceDefinition, object: KubeObject, old: KubeObject): void {
  const { metadata } = object;
  checkUid(definition, metadata, old);
  for (const field of ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'selfLink'] as const) {
    const value = old.metadata[field];
    // Each field gets the value of the same field: TypeScript cannot see that across a union of names.
    if (value === undefined) delete metadata[field];
    else (metadata as Record<string, unknown>)[field] = value;
  }
  dropEmpty(metadata);
}

function checkUid(definition: ResourceDefinition, { uid }: ObjectMeta, old: KubeObject): void {
  if (!uid || uid === old.metadata.uid) return;
  throw conflict(targetOf(definition, old.metadata.name), `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`);
}

/** Metadata whose change is a change of the object as well, as upstream. */
const COUNTED: Record<string, 'annotations' | 'labels'> = { deployments: 'annotations', endpointslices: 'labels' };

/** Counts a change of anything but status and the rest of metadata. */
export function bumpGeneration(definition: ResourceDefinition, object: KubeObject, old: KubeObject): void {
  if (!definition.generation) return;
  const counted = COUNTED[definition.plural];
  const changed =
    !equalJson(desired(definition, object), desired(definition, old)) ||
    (definition.builtin && counted !== undefined && !equalJson(object.metadata[counted] ?? {}, old.metadata[counted] ?? {}));
  const generation = old.metadata.generation ?? 1;
  object.metadata.generation = changed ? generation + 1 : generation;
}

function desired(definition: ResourceDefinition, object: KubeObject): Record<string, unknown> {
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = object as Unstructured;
  // Without a status subresource, status is a field like any other.
  if (definition.hasStatus) delete (rest as Record<string, unknown>)['status'];
  return rest;
}

/** Empty maps and lists of metadata are not stored, as upstream. */
function dropEmpty(metadata: ObjectMeta): void {
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences', 'managedFields'] as const) {
    const value = metadata[field];
    if (value !== undefined && Object.keys(value).length === 0) delete metadata[field];
  }
  if (metadata.generateName === '') delete metadata.generateName;
}
