/** Server-side apply: a configuration becomes part of an object, and its fields the applier's. */
import { apiVersionOf } from '../../kube/resources.ts';
import { copyJson, shownText } from '../../kube/json.ts';
import { badRequest, conflict, isConflict } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { PatchRequest, RequestContext, ResourceDefinition, StoredObject } from '../engine.ts';
import { checkIdentity, shapePatched, yamlErrors } from './body.ts';
import { create } from './create.ts';
import { applied } from './managed-fields.ts';
import { change, current } from './update.ts';
import { collectionOf, storageKey, targetOf, type RegistryWorld } from './world.ts';

/** Upstream's count of attempts when the object changes meanwhile. */
const ATTEMPTS = 5;

/** Sets `ctx.created` when there was no such object. Rejects with 409 and a cause a field where others own what it changes, unless forced. */
export async function apply(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  body: unknown,
  { subresource, force = false }: PatchRequest,
): Promise<StoredObject> {
  const configuration = checkApplied(body, definition, key);
  checkDuplicates(ctx);
  const write = { world, definition, ctx, ...(subresource === undefined ? {} : { subresource }) };
  for (let attempt = 1; ; attempt++) {
    const isNew = subresource === undefined && world.store.newest(collectionOf(world, definition), storageKey(definition, key)) === undefined;
    if (isNew) return createApplied(write, key, configuration);
    const live = current(world, definition, key).object;
    const next = copyJson(applied(write, configuration, live, force));
    checkIdentity(definition, key, next);
    shapePatched(definition, ctx, next, () => JSON.stringify(body));
    try {
      return await change(world, definition, ctx, key, next, { applied: true, ...(subresource === undefined ? {} : { subresource }) });
    } catch (error) {
      // Only reviewers take so long that the object changes under an apply.
      if (configuration.metadata.resourceVersion || attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

interface Write {
  world: RegistryWorld;
  definition: ResourceDefinition;
  ctx: RequestContext;
}

async function createApplied(write: Write, key: ObjectKey, configuration: KubeObject): Promise<StoredObject> {
  const { world, definition, ctx } = write;
  const { uid } = configuration.metadata;
  if (uid) throw conflict(targetOf(definition, key.name), `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`);
  const object = copyJson(applied(write, configuration, undefined, false));
  checkIdentity(definition, key, object);
  const made = await create(world, definition, ctx, key.namespace, object, true);
  ctx.created = true;
  return made;
}

/** A configuration names its own kind. Throws StatusError 400. */
export function checkApplied(body: unknown, kind: { group: string; version: string; kind: string }, key: ObjectKey): KubeObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('error decoding patch: the configuration must be an object');
  const configuration = body as KubeObject;
  if (configuration.apiVersion !== apiVersionOf(kind) || configuration.kind !== kind.kind) {
    throw badRequest(`invalid object type: ${shownText(configuration.apiVersion ?? '/')}, Kind=${shownText(configuration.kind ?? '')}`);
  }
  configuration.metadata ??= {};
  const { name } = configuration.metadata;
  if (name && name !== key.name) throw badRequest(`the name of the object (${shownText(name)}) does not match the name on the URL (${key.name})`);
  return configuration;
}

/** A key written twice is the decoder's to tell of, as the request's `fieldValidation` says. */
function checkDuplicates(ctx: RequestContext): void {
  const { yamlDuplicates = [] } = ctx;
  const duplicates = (ctx.duplicateFields ?? []).map((path) => `key "${path}" already set in map`);
  ctx.duplicateFields = [];
  ctx.yamlDuplicates = [];
  const all = [...duplicates, ...yamlDuplicates];
  if (all.length === 0) return;
  if (ctx.fieldValidation === 'Strict')
    throw badRequest(
      `error strict decoding patch: ${yamlDuplicates.length > 0 ? `error converting YAML to JSON: ${yamlErrors(yamlDuplicates)}` : duplicates.join(', ')}`,
    );
  if (ctx.fieldValidation === 'Warn') ctx.warnings.push(...all);
}
