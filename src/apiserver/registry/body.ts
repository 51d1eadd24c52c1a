/** What a request's body must be before its meaning is looked at: kind, namespace and name of the URL, known fields, right types. */
import { apiVersionOf } from '../../kube/resources.ts';
import { objectMetaSchema } from '../../kube/schema/index.ts';
import { checkFields } from '../../kube/schema/strict.ts';
import { badRequest, invalid, type StatusError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { RequestContext, ResourceDefinition } from '../engine.ts';
import { dropNulls } from './json.ts';
import { strategyOf } from './strategy.ts';

/** Kind, name and namespace: fills in what is missing, throws StatusError 400 for what is another's. */
export function checkIdentity(definition: ResourceDefinition, key: { name?: string; namespace?: string }, body: unknown): asserts body is KubeObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest(`the body must be a ${definition.kind} object`);
  const object = body as KubeObject;
  const wanted = apiVersionOf(definition);
  if (object.apiVersion !== undefined && object.apiVersion !== wanted) {
    throw badRequest(`the API version in the data (${String(object.apiVersion)}) does not match the expected API version (${wanted})`);
  }
  if (object.kind !== undefined && object.kind !== definition.kind) {
    throw badRequest(
      `${String(object.kind)} in version "${definition.version}" cannot be handled as a ${definition.kind}: the kind in the data does not match the expected kind`,
    );
  }
  object.apiVersion = wanted;
  object.kind = definition.kind;
  object.metadata ??= {};
  const { metadata } = object;
  if (typeof metadata !== 'object' || Array.isArray(metadata))
    throw badRequest(`${definition.kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: metadata must be an object`);
  if (definition.namespaced) {
    if (metadata.namespace && metadata.namespace !== key.namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    if (key.namespace === undefined) throw badRequest('an empty namespace may not be set during creation');
    metadata.namespace = key.namespace;
  } else {
    delete metadata.namespace;
  }
  if (key.name === undefined) return;
  if (metadata.name && metadata.name !== key.name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${key.name})`);
  metadata.name = key.name;
}

/** Drops unknown fields and nulls and fills in defaults, in place; complains as the request's `fieldValidation` says. */
export function shapeBody(definition: ResourceDefinition, ctx: RequestContext, object: KubeObject): void {
  const problems = shape(definition, ctx, object);
  if (problems.length > 0)
    throw badRequest(
      `${definition.kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: strict decoding error: ${problems.join(', ')}`,
    );
}

/** The same for the outcome of a patch: upstream blames the patch, with 422. */
export function shapePatched(definition: ResourceDefinition, ctx: RequestContext, object: KubeObject, patch: unknown): void {
  const problems = shape(definition, ctx, object);
  if (problems.length > 0) throw invalidPatch(patch, `strict decoding error: ${problems.join(', ')}`);
}

function invalidPatch(patch: unknown, why: string): StatusError {
  return invalid({ group: '', kind: '', name: '' }, [
    { reason: 'FieldValueInvalid', field: 'patch', message: `Invalid value: ${JSON.stringify(JSON.stringify(patch))}: ${why}` },
  ]);
}

function shape(definition: ResourceDefinition, ctx: RequestContext, object: KubeObject): string[] {
  // Schemas of definitions may say "default: null", and revisions hold patches whose nulls count.
  if (definition.builtin && definition.plural !== 'customresourcedefinitions' && definition.plural !== 'controllerrevisions') dropNulls(object);
  const strategy = strategyOf(definition);
  const { unknown, typeErrors } = strategy.prune(object);
  // A custom resource's schema says nothing about metadata.
  if (!definition.builtin) {
    dropNulls(object.metadata);
    const found = checkFields(object.metadata, objectMetaSchema(), { prune: true });
    unknown.push(...found.unknown.map((path) => `metadata.${path}`));
    typeErrors.push(...found.typeErrors);
  }
  if (typeErrors.length > 0)
    throw badRequest(`${definition.kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: ${typeErrors[0]}`);
  const problems = [...unknown.map((path) => `unknown field "${path}"`), ...(ctx.duplicateFields ?? []).map((path) => `duplicate field "${path}"`)];
  if (ctx.fieldValidation === 'Warn') ctx.warnings.push(...problems);
  strategy.applyDefaults(object);
  return ctx.fieldValidation === 'Strict' ? problems : [];
}

/** The key that a body itself names. */
export function keyOf(object: KubeObject): ObjectKey {
  const { name = '', namespace } = object.metadata;
  return namespace === undefined ? { name } : { name, namespace };
}
