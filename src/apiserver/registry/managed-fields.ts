/** `metadata.managedFields` of what is written: kept by every create, update and patch, and what server-side apply goes by. */
import { applyConflict } from '../../kube/apply/conflicts.ts';
import { shapeErrors } from '../../kube/apply/extract.ts';
import { contains, LEAF, type FieldSet } from '../../kube/apply/field-set.ts';
import { decodeManagers, encodeManagers, ownManagers, type ManagedFieldsEntry, type Manager } from '../../kube/apply/managers.ts';
import { membersOf, metadataShape, rootShape, type ObjectShape } from '../../kube/apply/shape.ts';
import type { Versions } from '../../kube/apply/prune.ts';
import { applyConfiguration, trackUpdate, type Skip, type Writer } from '../../kube/apply/track.ts';
import { equalJson } from '../../kube/json.ts';
import { objectMetaSchema, schemaOf } from '../../kube/schema/index.ts';
import { badRequest, StatusError } from '../../kube/status.ts';
import type { KubeObject, ObjectMeta } from '../../kube/types.ts';
import { timestamp } from '../../runtime/clock.ts';
import { shapeOfResource } from '../crd/apply-shape.ts';
import type { JsonSchema } from '../crd/schema.ts';
import type { RequestContext, ResourceDefinition } from '../engine.ts';
import { leftByLastApplied, syncLastApplied } from './last-applied.ts';
import { apiVersionServed, type RegistryWorld } from './world.ts';

/** A write whose fields are to be somebody's. */
export interface TrackedWrite {
  world: RegistryWorld;
  definition: ResourceDefinition;
  ctx: RequestContext;
  subresource?: string;
}

type Entries = ObjectMeta['managedFields'];

export function setManagers({ metadata }: KubeObject, entries: Entries): void {
  if (entries === undefined) delete metadata.managedFields;
  else metadata.managedFields = entries;
}

/** The entries of a new object. */
export function managersOfNew(write: TrackedWrite, object: KubeObject): Entries {
  const given = entriesOf(object);
  const managers = (given && decodeManagers(given)) ?? [];
  return encoded(track(write, {}, object, managers));
}

function entriesOf({ metadata }: KubeObject): ManagedFieldsEntry[] | undefined {
  // The same members under upstream's names.
  return metadata.managedFields as ManagedFieldsEntry[] | undefined;
}

function encoded(managers: readonly Manager[]): Entries {
  return encodeManagers(managers) as Entries;
}

/** The entries after a change. A client may write them itself, but not through a subresource; `[]` or `[{}]` ends the tracking. */
export function managersOfChanged(write: TrackedWrite, next: KubeObject, old: KubeObject): Entries {
  const [given, kept] = [entriesOf(next), entriesOf(old)];
  const isOwn = write.subresource !== undefined || given === undefined || equalJson(given, kept);
  if (!isOwn && isReset(given)) return undefined;
  const sent = isOwn ? undefined : decodeManagers(given);
  const managers = sent ?? ownManagers(kept);
  // What was never tracked, or no more, is not tracked before it is applied to; of a Scale there is only one field to have been.
  if (managers.length === 0) return undefined;
  if (write.subresource === 'scale' && !managers.some(({ fields }) => contains(fields, replicasOf(write.definition)))) return old.metadata.managedFields;
  const tracked = track(write, old, next, managers);
  return tracked === managers && sent === undefined ? old.metadata.managedFields : encoded(tracked);
}

/** The set of just the number of replicas. */
function replicasOf({ scale }: ResourceDefinition): FieldSet {
  const path = (scale?.specReplicas ?? '').split('.').slice(1);
  return path.reduceRight<FieldSet>((set, name) => ({ [`f:${name}`]: set }), LEAF);
}

/** Empty lists are pruned like absent ones; this one means something, and has another form that lasts. */
export function keepReset({ metadata }: KubeObject): void {
  const given = metadata.managedFields;
  if (Array.isArray(given) && given.length === 0) metadata.managedFields = [{}];
}

function isReset(given: readonly ManagedFieldsEntry[]): boolean {
  return given.length === 0 || (given.length === 1 && Object.keys(given[0] ?? {}).length === 0);
}

/** Whether two lists of entries say the same but for the times: such a change is none. */
export function onlyTimesDiffer(a: KubeObject, b: KubeObject): boolean {
  const timeless = (object: KubeObject): unknown[] => (entriesOf(object) ?? []).map(({ time: _time, ...entry }) => entry);
  return equalJson(timeless(a), timeless(b));
}

function track(write: TrackedWrite, old: object, next: KubeObject, managers: readonly Manager[]): readonly Manager[] {
  const skip = skipOf(write);
  return trackUpdate({
    old,
    next,
    managers,
    writer: writerOf(write, 'Update'),
    versions: versionsOf(write),
    ...(skip === undefined ? {} : { skip }),
  });
}

/**
 * The object after a configuration was applied to `live` (undefined: it is yet to be made), with its managers.
 * Throws StatusError: 400 for what may not be applied, 409 for conflicts, 500 (as upstream) for what the type does not have.
 */
export function applied(write: TrackedWrite, configuration: KubeObject, live: KubeObject | undefined, force: boolean): KubeObject {
  const { definition } = write;
  if (configuration.metadata?.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  const versions = versionsOf(write);
  const shape = versions.shapeOf(apiVersionServed(definition));
  const errors = shape === undefined ? [] : shapeErrors(configuration, shape);
  if (errors.length > 0) throw notTyped(definition, configuration, errors);
  const writer = writerOf(write, 'Apply');
  const skip = skipOf(write);
  const skipped = skip === undefined ? {} : { skip };
  const managers = live === undefined ? [] : managersBefore(write, live);
  const request = { live: live === undefined ? {} : withoutManagers(live), configuration, managers, writer, versions, ...skipped };
  let outcome = applyConfiguration({ ...request, force });
  if ('conflicts' in outcome && writer.manager === 'kubectl' && live !== undefined && shape !== undefined) {
    const left = leftByLastApplied(outcome.conflicts, live, shape);
    outcome = left.length > 0 ? { conflicts: left } : applyConfiguration({ ...request, force: true });
  }
  if ('conflicts' in outcome) throw applyConflict(outcome.conflicts);
  const object = outcome.object as KubeObject;
  const next = { ...object, metadata: { ...object.metadata } };
  setManagers(next, encoded(outcome.managers));
  return writer.manager === 'kubectl' ? syncLastApplied(next, configuration) : next;
}

/** Fields of an object that nobody's writes were tracked of are the first applier's to find. */
function managersBefore(write: TrackedWrite, live: KubeObject): readonly Manager[] {
  const managers = ownManagers(entriesOf(live));
  if (managers.length > 0) return managers;
  const { definition } = write;
  const empty = { apiVersion: apiVersionServed(definition), kind: definition.kind };
  return track({ ...write, ctx: { ...write.ctx, fieldManager: 'before-first-apply' } }, empty, live, []);
}

function withoutManagers(live: KubeObject): KubeObject {
  const { managedFields: _entries, ...metadata } = live.metadata;
  return { ...live, metadata };
}

function notTyped({ group, version, kind }: ResourceDefinition, { metadata }: KubeObject, errors: readonly string[]): StatusError {
  const name = `${metadata.namespace ?? ''}/${metadata.name ?? ''}; ${group === '' ? '' : group}/${version}, Kind=${kind}`;
  const text = errors.length === 1 ? errors[0] : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
  return new StatusError(500, '', `failed to create typed patch object (${name}): ${text}`);
}

function writerOf({ world, definition, ctx, subresource }: TrackedWrite, operation: 'Apply' | 'Update'): Writer {
  return {
    manager: managerOf(ctx),
    operation,
    apiVersion: apiVersionServed(definition),
    ...(subresource === undefined ? {} : { subresource }),
    // Upstream loses the time on the way from a Scale to what it scales.
    ...(subresource === 'scale' ? {} : { time: timestamp(world.clock.now()) }),
  };
}

const MANAGER_MAX = 128;
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** Named by the request, or the program it says it is: what stands before the first '/'. */
function managerOf({ fieldManager, userAgent }: RequestContext): string {
  if (fieldManager) return fieldManager;
  const name = (userAgent ?? '').split('/', 1)[0]?.replace(UNPRINTABLE, '').slice(0, MANAGER_MAX);
  return name || 'unknown';
}

/** Members of an object that are fixed when it is made, and so are nobody's afterwards; by built-in resource. */
const FIXED: Record<string, string> = { certificatesigningrequests: 'spec' };

/** What a write through this door cannot change is nobody's because of it. */
function skipOf({ definition, subresource }: TrackedWrite): Skip | undefined {
  const fixed = definition.builtin ? FIXED[definition.plural] : undefined;
  if (subresource === undefined) return definition.hasStatus ? (member) => member === 'status' || member === fixed : undefined;
  if (subresource !== 'status' && fixed === undefined) return undefined;
  if (!definition.builtin) return (member) => member !== 'status';
  return (member) => member !== 'status' && member !== 'metadata';
}

const shapes = new WeakMap<ResourceDefinition, ObjectShape>();
let metadata: ObjectShape | undefined;

/** Of the objects that the definition serves; undefined when nobody knows. */
export function shapeOf(definition: ResourceDefinition): ObjectShape | undefined {
  let shape = shapes.get(definition);
  if (shape === undefined) {
    metadata ??= metadataShape(objectMetaSchema());
    if (definition.builtin) {
      const type = schemaOf(definition);
      shape = type && rootShape(membersOf(type), metadata);
    } else {
      shape = shapeOfResource((definition.custom?.openApiSchema ?? {}) as JsonSchema, metadata);
    }
    if (shape !== undefined) shapes.set(definition, shape);
  }
  return shape;
}

/** The same object in the other versions it is served in: as far as they convert without a webhook. */
function versionsOf({ world, definition }: TrackedWrite): Versions {
  const own = apiVersionServed(definition);
  const definitionOf = (apiVersion: string): ResourceDefinition | undefined => (apiVersion === own ? definition : world.served(apiVersion, definition.plural));
  return {
    shapeOf: (apiVersion) => {
      const served = definitionOf(apiVersion);
      return served && shapeOf(served);
    },
    convert(object, apiVersion) {
      const from = object as KubeObject;
      const is = from.apiVersion ?? own;
      if (is === apiVersion) return object;
      const [source, target] = [definitionOf(is), definitionOf(apiVersion)];
      if (source === undefined || target === undefined || definition.convert?.webhook !== undefined) return undefined;
      const stored = source.convert?.toStorage(from) ?? from;
      return target.convert?.fromStorage(stored) ?? stored;
    },
  };
}
