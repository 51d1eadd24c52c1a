/** Patches: the outcome of applying one is written as a replace would be. */
import { goText } from '../../kube/patch/go-text.ts';
import { applyJsonPatch } from '../../kube/patch/json.ts';
import type { Json, JsonObject } from '../../kube/patch/json-value.ts';
import { applyMergePatch } from '../../kube/patch/merge.ts';
import { applyStrategicMergePatch } from '../../kube/patch/strategic.ts';
import { schemaOf } from '../../kube/schema/index.ts';
import { badRequest, isConflict, unsupportedMediaType, type StatusError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { PatchRequest, RequestContext, ResourceDefinition, StoredObject } from '../engine.ts';
import { apply } from './apply.ts';
import { checkIdentity, shapePatched } from './body.ts';
import { copyJson } from '../../kube/json.ts';
import { change, current } from './update.ts';
import type { RegistryWorld } from './world.ts';

/** Upstream's count of attempts at a patch that says nothing of the state it was made for. */
const ATTEMPTS = 5;

export async function patch(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  body: unknown,
  request: PatchRequest,
): Promise<StoredObject> {
  const { type, subresource } = request;
  if (type === 'apply') return apply(world, definition, ctx, key, body, request);
  for (let attempt = 1; ; attempt++) {
    const old = current(world, definition, key).object;
    const next = patched(definition, old, body, type);
    checkIdentity(definition, key, next);
    // Upstream shows strategic patches as they came, and what others make of the object.
    const shown = (): string => (type === 'strategic' ? goText(body as Json) : JSON.stringify(applied(definition, old, body, type)));
    shapePatched(definition, ctx, next, shown);
    const own = next.metadata.resourceVersion === old.metadata.resourceVersion;
    try {
      return await change(world, definition, ctx, key, next, subresource === undefined ? {} : { subresource });
    } catch (error) {
      // Only reviewers take so long that the object changes under a patch.
      if (!own || attempt === ATTEMPTS || !isConflict(error)) throw error;
    }
  }
}

/** Patches whose outcome is a whole object, whoever owns what. */
export type WholePatch = Exclude<PatchRequest['type'], 'apply'>;

/** The patched object, a copy of its own. */
export function patched(definition: ResourceDefinition, object: KubeObject, body: unknown, type: WholePatch): KubeObject {
  // What a patch leaves alone it shares with the stored object.
  return copyJson(applied(definition, object, body, type)) as KubeObject;
}

function applied(definition: ResourceDefinition, object: KubeObject, body: unknown, type: WholePatch): unknown {
  // Stored objects were encoded as JSON: their types only name their members.
  const document = object as unknown as Json;
  switch (type) {
    case 'json':
      return applyJsonPatch(document, body);
    case 'merge':
      return applyMergePatch(document, mergeBody(body));
    case 'strategic': {
      const schema = schemaOf(definition);
      if (!definition.builtin || schema === undefined) throw unsupported(['json', 'merge']);
      return applyStrategicMergePatch(document, mergeBody(body, ''), schema);
    }
  }
}

function mergeBody(body: unknown, context = 'error decoding patch: '): JsonObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest(`${context}json: cannot unmarshal ${Array.isArray(body) ? 'array' : typeof body} into Go value of type map[string]interface {}`);
  return body as JsonObject;
}

function unsupported(kinds: readonly string[]): StatusError {
  const types = kinds.map((kind) => `application/${kind}-patch+json`).join(', ');
  return unsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${types}`);
}
