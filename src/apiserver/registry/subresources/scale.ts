/** The scale subresource: replicas of anything, under one shape (autoscaling/v1 Scale). */
import { badRequest, conflict, invalid } from '../../../kube/status.ts';
import { labelSelectorQuery } from '../../../kube/selectors.ts';
import type { KubeObject, LabelSelector, ObjectKey, Unstructured } from '../../../kube/types.ts';
import type { PatchRequest, RequestContext, ResourceDefinition, ScalePaths, StoredObject } from '../../engine.ts';
import { encode } from '../../store/stored-object.ts';
import { copyJson } from '../../../kube/json.ts';
import { checkApplied } from '../apply.ts';
import { goKind, invalidPatch } from '../body.ts';
import { applied } from '../managed-fields.ts';
import { patched } from '../patch.ts';
import { change, current } from '../update.ts';
import { targetOf, type RegistryWorld } from '../world.ts';

interface Scale extends KubeObject {
  spec: { replicas?: number };
  status: { replicas: number; selector?: string };
}

const SCALE = { group: 'autoscaling', version: 'v1', kind: 'Scale', plural: 'scales' };

function pathsOf(definition: ResourceDefinition): ScalePaths {
  if (definition.scale === undefined) throw badRequest(`${definition.plural} cannot be scaled`);
  return definition.scale;
}

function read(object: KubeObject, path: string): unknown {
  let value: unknown = object;
  for (const name of path.split('.').slice(1)) value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return value;
}

/** Sets a number at a simple path, making the objects on the way. */
function write(object: KubeObject, path: string, value: number): void {
  const names = path.split('.').slice(1);
  let at = object as unknown as Record<string, unknown>;
  for (const name of names.slice(0, -1)) {
    at[name] ??= {};
    // Just made, or an object by the kind's schema.
    at = at[name] as Record<string, unknown>;
  }
  at[names.at(-1) ?? ''] = value;
}

function selectorOf(definition: ResourceDefinition, object: KubeObject): string | undefined {
  if (!definition.builtin) {
    const path = definition.scale?.labelSelector;
    return path === undefined ? undefined : ((read(object, path) as string | undefined) ?? '');
  }
  const { selector } = ((object as Unstructured)['spec'] ?? {}) as { selector?: LabelSelector | Record<string, string> };
  if (selector === undefined) return undefined;
  const structured = definition.plural === 'replicationcontrollers' ? { matchLabels: selector as Record<string, string> } : (selector as LabelSelector);
  return labelSelectorQuery(structured);
}

function scaleOf(definition: ResourceDefinition, stored: StoredObject): Scale {
  const { object } = stored;
  const paths = pathsOf(definition);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorOf(definition, object);
  const replicas = read(object, paths.specReplicas) as number | undefined;
  return copyJson({
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    // As Go has it: none wanted is nothing said.
    spec: replicas ? { replicas } : {},
    status: { replicas: (read(object, paths.statusReplicas) as number | undefined) ?? 0, selector },
  }) as Scale;
}

export function getScale(world: RegistryWorld, definition: ResourceDefinition, key: ObjectKey): StoredObject {
  return encode(0, scaleOf(definition, current(world, definition, key)));
}

/** Reviewers see the Scale, not what it scales. */
async function reviewScale(world: RegistryWorld, definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, scale: KubeObject): Promise<void> {
  const { plural: _plural, ...kind } = SCALE;
  const old = scaleOf(definition, current(world, definition, key));
  const review = world.reviewers.of({ operation: 'UPDATE', definition, ctx, key, object: scale, old, subresource: 'scale', kind });
  await review?.mutate();
  await review?.validate();
}

export async function updateScale(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  body: KubeObject,
): Promise<StoredObject> {
  const scale = body as Partial<Scale> & KubeObject;
  await reviewScale(world, definition, ctx, key, scale);
  const replicas = scale.spec?.replicas ?? 0;
  if (scale.metadata?.name && scale.metadata.name !== key.name)
    throw badRequest(`the name of the object (${scale.metadata.name}) does not match the name on the URL (${key.name})`);
  if (!Number.isInteger(replicas))
    throw badRequest(`Scale in version "v1" cannot be handled as a Scale: spec.replicas must be an integer, not ${JSON.stringify(replicas)}`);
  if (replicas < 0) {
    throw invalid({ ...SCALE, name: key.name }, [
      { reason: 'FieldValueInvalid', field: 'spec.replicas', message: `Invalid value: ${replicas}: must be greater than or equal to 0` },
    ]);
  }
  const old = current(world, definition, key).object;
  const revision = scale.metadata?.resourceVersion;
  if (revision && revision !== old.metadata.resourceVersion) throw conflict(targetOf(definition, key.name));
  const next = copyJson(old);
  write(next, pathsOf(definition).specReplicas, replicas);
  return encode(0, scaleOf(definition, await change(world, definition, ctx, key, next, { asScale: true })));
}

/** The number of replicas becomes the applier's own. */
async function applyScale(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  body: unknown,
  force: boolean,
): Promise<StoredObject> {
  const scale = checkApplied(body, SCALE, key) as Partial<Scale> & KubeObject;
  const old = current(world, definition, key).object;
  const parent: KubeObject = { apiVersion: old.apiVersion, kind: old.kind, metadata: { name: key.name } };
  if (scale.spec?.replicas !== undefined) write(parent, pathsOf(definition).specReplicas, scale.spec.replicas);
  const next = copyJson(applied({ world, definition, ctx, subresource: 'scale' }, parent, old, force));
  return encode(0, scaleOf(definition, await change(world, definition, ctx, key, next, { asScale: true, applied: true })));
}

export function patchScale(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  body: unknown,
  request: PatchRequest,
): Promise<StoredObject> {
  const scale = scaleOf(definition, current(world, definition, key));
  // Scale has no lists: a strategic merge of it is a merge.
  if (request.type === 'apply') return applyScale(world, definition, ctx, key, body, request.force === true);
  const type = request.type === 'strategic' ? 'merge' : request.type;
  const next = patched(definition, scale, body, type);
  if (!isObject(next)) throw invalidPatch(JSON.stringify(next) ?? '', `json: cannot unmarshal ${goKind(next)} into Go value of type v1.Scale`);
  if (!isObject(next.metadata)) next.metadata = {};
  // Without a revision in the patch, it applies to whatever is there.
  if (next.metadata.resourceVersion === scale.metadata.resourceVersion) delete next.metadata.resourceVersion;
  return updateScale(world, definition, ctx, key, next);
}

/** A JSON patch may make anything of it. */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
