/** What a request's body must be before its meaning is looked at: kind, namespace and name of the URL, known fields, right types. */
import { shownText } from '../../kube/json.ts';
import { apiVersionOf } from '../../kube/resources.ts';
import { objectMetaSchema, schemaOf } from '../../kube/schema/index.ts';
import { checkFields } from '../../kube/schema/strict.ts';
import { badRequest, invalid, type StatusError, unrecognized } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { RequestContext, ResourceDefinition } from '../engine.ts';
import { keepReset } from './managed-fields.ts';
import { strategyOf } from './strategy.ts';

/** Kind, name and namespace: fills in what is missing, throws StatusError 400 for what is another's. */
export function checkIdentity(definition: ResourceDefinition, key: { name?: string; namespace?: string }, body: unknown): asserts body is KubeObject {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest(`the body must be a ${definition.kind} object`);
  const object = body as KubeObject;
  const wanted = apiVersionOf(definition);
  if (object.apiVersion !== wanted || object.kind !== definition.kind) checkTypeMeta(definition, wanted, object as unknown as Record<string, unknown>);
  object.apiVersion = wanted;
  object.kind = definition.kind;
  object.metadata ??= {};
  const { metadata } = object;
  if (typeof metadata !== 'object' || Array.isArray(metadata))
    throw cannotBeHandled(definition, `json: cannot unmarshal ${goKind(metadata)} into Go struct field ${definition.kind}.metadata of type v1.ObjectMeta`);
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
    throw badRequest(`the name of the object (${shownText(metadata.name)}) does not match the name on the URL (${key.name})`);
  metadata.name = key.name;
}

/** Kind and version may be left out or empty, else they are the URL's. */
function checkTypeMeta(definition: ResourceDefinition, wanted: string, body: Record<string, unknown>): void {
  for (const field of ['apiVersion', 'kind']) {
    const value = body[field] ?? '';
    if (typeof value === 'string') continue;
    throw unrecognized(`json: cannot unmarshal ${goKind(value)} into Go struct field .${field} of type string`, JSON.stringify(body), definition.kind);
  }
  const apiVersion = (body['apiVersion'] || wanted) as string;
  const kind = (body['kind'] || definition.kind) as string;
  const slash = apiVersion.indexOf('/');
  const [group, version] = [slash < 0 ? '' : apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
  if (definition.builtin && schemaOf({ group, version, kind }) === undefined) {
    throw badRequest(
      `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${definition.kind}: no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
    );
  }
  if (definition.builtin && kind !== definition.kind) {
    const internal = definition.group === '' ? 'core' : (definition.group.split('.')[0] ?? '');
    throw badRequest(
      `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${definition.kind}: converting (${version}.${kind}) to (${internal}.${definition.kind}): unknown conversion`,
    );
  }
  if (apiVersion !== wanted) throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`);
  if (kind !== definition.kind) throw cannotBeHandled(definition, `the kind in the data (${kind}) does not match the expected kind (${definition.kind})`);
}

export function goKind(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
}

function cannotBeHandled({ kind, version }: ResourceDefinition, why: string): StatusError {
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

/** Drops unknown fields and nulls and fills in defaults, in place; complains as the request's `fieldValidation` says. */
export function shapeBody(definition: ResourceDefinition, ctx: RequestContext, object: KubeObject): void {
  const problems = shape(definition, ctx, object, (why) => cannotBeHandled(definition, why));
  if (problems.length > 0) throw cannotBeHandled(definition, `strict decoding error: ${problems.join(', ')}`);
}

/** The same for the outcome of a patch: upstream blames the patch, with 422; `shown` is what it calls the patch. */
export function shapePatched(definition: ResourceDefinition, ctx: RequestContext, object: KubeObject, shown: () => string): void {
  const problems = shape(definition, ctx, object, (why) => invalidPatch(shown(), why));
  if (problems.length > 0) throw invalidPatch(shown(), `strict decoding error: ${problems.join(', ')}`);
}

export function invalidPatch(shown: string, why: string): StatusError {
  return invalid({ group: '', kind: '', name: '' }, [
    { reason: 'FieldValueInvalid', field: 'patch', message: `Invalid value: ${JSON.stringify(shown)}: ${why}` },
  ]);
}

function shape(definition: ResourceDefinition, ctx: RequestContext, object: KubeObject, wrongType: (why: string) => StatusError): string[] {
  const strategy = strategyOf(definition);
  keepReset(object);
  const { unknown, typeErrors } = strategy.prune(object);
  // A custom resource's schema says nothing about metadata.
  if (!definition.builtin) {
    const found = checkFields(object.metadata, objectMetaSchema(), { prune: true });
    unknown.push(...found.unknown.map((path) => `metadata.${path}`));
    typeErrors.push(...found.typeErrors);
  }
  if (typeErrors.length > 0) throw wrongType(typeErrors[0] ?? '');
  const problems = [...unknown.map((path) => `unknown field "${path}"`), ...(ctx.duplicateFields ?? []).map((path) => `duplicate field "${path}"`)];
  const { yamlDuplicates = [] } = ctx;
  if (ctx.fieldValidation === 'Warn') ctx.warnings.push(...yamlDuplicates, ...problems);
  strategy.applyDefaults(object);
  if (ctx.fieldValidation !== 'Strict') return [];
  return [...(yamlDuplicates.length === 0 ? [] : [yamlErrors(yamlDuplicates)]), ...problems];
}

/** As Go's decoder joins them. */
export function yamlErrors(lines: readonly string[]): string {
  return `yaml: unmarshal errors:\n  ${lines.join('\n  ')}`;
}

/** The key that a body itself names. */
export function keyOf(object: KubeObject): ObjectKey {
  const { name = '', namespace } = object.metadata;
  return namespace === undefined ? { name } : { name, namespace };
}
