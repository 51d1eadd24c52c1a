/** Patches: the outcome of applying one is written as a replace would be. */
import { applyJsonPatch } from '../../kube/patch/json.ts';
import { applyMergePatch } from '../../kube/patch/merge.ts';
import { applyStrategicMergePatch } from '../../kube/patch/strategic.ts';
import { schemaOf } from '../../kube/schema/index.ts';
import { badRequest, unsupportedMediaType } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { PatchRequest, RequestContext, ResourceDefinition, StoredObject } from '../engine.ts';
import { checkIdentity, shapePatched } from './body.ts';
import { copyJson } from './json.ts';
import { change, current } from './update.ts';
import type { RegistryWorld } from './world.ts';

export function patch(
  world: RegistryWorld, definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, body: unknown, request: PatchRequest,
): Promise<StoredObject> {
  const next = patched(definition, current(world, definition, key).object, body, request.type);
  checkIdentity(definition, key, next);
  shapePatched(definition, ctx, next, body);
  return change(world, definition, ctx, key, next, request.subresource);
}

/** The patched object, a copy of its own. */
export function patched(definition: ResourceDefinition, object: KubeObject, body: unknown, type: PatchRequest['type']): KubeObject {
  // What a patch leaves alone it shares with the stored object.
  return copyJson(applied(definition, object, body, type)) as KubeObject;
}

function applied(definition: ResourceDefinition, object: KubeObject, body: unknown, type: PatchRequest['type']): unknown {
  switch (type) {
    case 'json': return applyJsonPatch(object, body);
    case 'merge':
      if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('error decoding patch: a merge patch must be an object');
      return applyMergePatch(object, body);
    case 'strategic': {
      const schema = schemaOf(definition);
      if (!definition.builtin || schema === undefined) {
        throw unsupportedMediaType('the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json');
      }
      if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('error decoding patch: a strategic merge patch must be an object');
      return applyStrategicMergePatch(object, body, schema);
    }
    case 'apply':
      throw unsupportedMediaType('the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json');
  }
}
