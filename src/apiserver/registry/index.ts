/** The registry: the engine's methods over the store, generic for all resources. Start with `create.ts` and `update.ts`. */
import { applyDefaults } from '../../kube/defaults/index.ts';
import { methodNotSupported, notFound, type StatusError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type {
  ApiEngine,
  ApiWatch,
  CreateHandler,
  DeleteRequest,
  GetRequest,
  ListRequest,
  ListResult,
  PatchRequest,
  RequestContext,
  ResourceDefinition,
  StoredObject,
  UpdateRequest,
  Verb,
  WatchRequest,
} from '../engine.ts';
import { restrictNode } from '../admission/node-restriction.ts';
import type { Authorizer } from '../authz/index.ts';
import { encode } from '../store/stored-object.ts';
import { keyOf, shapeBody } from './body.ts';
import { ConvertingWatch, prepareAll, prepareNewest, prepareViews } from './conversion.ts';
import { create } from './create.ts';
import type { Definitions } from './definitions.ts';
import { remove, removeCollection } from './delete.ts';
import { list } from './list.ts';
import { patch } from './patch.ts';
import { managersOfNew, setManagers, type TrackedWrite } from './managed-fields.ts';
import { parseRevision, waitFor } from './revisions.ts';
import { bind } from './subresources/binding.ts';
import { evict } from './subresources/eviction.ts';
import { definitionOfKind } from './subresources/kind.ts';
import { getScale, patchScale, updateScale } from './subresources/scale.ts';
import { update } from './update.ts';
import { Watches } from './watches.ts';
import { resolveService } from '../webhooks/resolve.ts';
import { collectionOf, storageKey, targetOf, typeMetaOf, view, type RegistryWorld } from './world.ts';

export class Registry implements ApiEngine {
  readonly #world: RegistryWorld;
  readonly #definitions: Definitions;
  readonly #watches: Watches;
  readonly #handlers = new Map<string, CreateHandler>();

  constructor(world: RegistryWorld, definitions: Definitions) {
    this.#world = world;
    this.#definitions = definitions;
    this.#watches = new Watches(world.store, world.clock);
  }

  get revision(): number {
    return this.#world.store.revision;
  }

  get storeError(): StatusError | undefined {
    return this.#world.store.error;
  }

  get authorizer(): Authorizer {
    return this.#world.authorizer;
  }

  definitions(): readonly ResourceDefinition[] {
    return this.#definitions.all();
  }

  definition(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.#definitions.get({ group, version, plural });
  }

  addDefinitions(definitions: readonly ResourceDefinition[]): void {
    this.#definitions.add(definitions);
  }

  removeDefinitions(names: readonly { group: string; version: string; plural: string }[]): void {
    this.#definitions.remove(names);
    for (const name of names) this.#watches.end(name);
  }

  onDefinitionsChanged(fn: () => void): () => void {
    return this.#definitions.onChanged(fn);
  }

  setCreateHandler({ group, plural, subresource }: { group: string; plural: string; subresource: string }, handler: CreateHandler): void {
    this.#handlers.set(handlerName(group, plural, subresource), handler);
  }

  async get(definition: ResourceDefinition, _ctx: RequestContext, key: ObjectKey, request: GetRequest = {}): Promise<StoredObject> {
    allow(definition, 'get', request.subresource);
    await waitFor(this.#world.store, parseRevision(request.resourceVersion));
    if (definition.convert?.webhook !== undefined) await prepareNewest(this.#world, definition, key);
    if (request.subresource === 'scale') return getScale(this.#world, definition, key);
    const stored = collectionOf(this.#world, definition).get(storageKey(definition, key));
    if (stored === undefined) throw notFound(targetOf(definition, key.name));
    await prepareViews(this.#world, definition, [stored]);
    return view(definition, stored);
  }

  async list(definition: ResourceDefinition, _ctx: RequestContext, request: ListRequest = {}): Promise<ListResult> {
    allow(definition, 'list');
    await prepareAll(this.#world, definition, request.namespace);
    return list(this.#world.store, definition, request);
  }

  async watch(definition: ResourceDefinition, _ctx: RequestContext, request: WatchRequest = {}): Promise<ApiWatch> {
    allow(definition, 'watch');
    if (definition.convert?.webhook === undefined) return this.#watches.open(definition, request);
    // Selected by labels and fields as they are stored, then shown in the version asked for.
    const { convert: _convert, ...asStored } = definition;
    return new ConvertingWatch(await this.#watches.open(asStored, request), async (objects) => {
      await prepareViews(this.#world, definition, objects);
      return objects.map((object) => view(definition, object));
    });
  }

  async create(definition: ResourceDefinition, ctx: RequestContext, namespace: string | undefined, body: KubeObject): Promise<StoredObject> {
    allow(definition, 'create');
    if (definition.virtual) return this.#createVirtual(definition, ctx, namespace, body);
    return create(this.#world, definition, ctx, namespace, body);
  }

  async update(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, body: KubeObject, request: UpdateRequest = {}): Promise<StoredObject> {
    allow(definition, 'update', request.subresource);
    if (definition.convert?.webhook !== undefined) await prepareNewest(this.#world, definition, key);
    if (request.subresource === 'scale') return updateScale(this.#world, definition, ctx, key, body);
    return update(this.#world, definition, ctx, key, body, request.subresource);
  }

  async patch(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, body: unknown, request: PatchRequest): Promise<StoredObject> {
    allow(definition, 'patch', request.subresource);
    if (definition.convert?.webhook !== undefined) await prepareNewest(this.#world, definition, key);
    if (request.subresource === 'scale') return patchScale(this.#world, definition, ctx, key, body, request);
    return patch(this.#world, definition, ctx, key, body, request);
  }

  async delete(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, request?: DeleteRequest): Promise<StoredObject> {
    allow(definition, 'delete');
    if (definition.convert?.webhook !== undefined) await prepareNewest(this.#world, definition, key);
    restrictNode({ operation: 'delete', world: this.#world, definition, ctx, key });
    return remove(this.#world, definition, ctx, key, request);
  }

  async deleteCollection(definition: ResourceDefinition, ctx: RequestContext, selection: ListRequest, request?: DeleteRequest): Promise<ListResult> {
    allow(definition, 'deletecollection');
    await prepareAll(this.#world, definition, selection.namespace);
    return removeCollection(this.#world, definition, ctx, selection, request);
  }

  async createSubresource(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, subresource: string, body: KubeObject): Promise<StoredObject> {
    allow(definition, 'create', subresource);
    const handler = this.#handlers.get(handlerName(definition.group, definition.plural, subresource));
    const shown = definitionOfKind(definition, subresource) ?? definition;
    if (handler !== undefined) {
      Object.assign(body, typeMetaOf(shown));
      body.metadata ??= {};
      shapeBody(shown, ctx, body);
    }
    await this.#reviewSubresource(definition, ctx, key, subresource, body);
    if (handler !== undefined) return this.#handle(handler, ctx, key, body, { definition: shown, subresource });
    if (definition.group === '' && definition.plural === 'pods') {
      if (subresource === 'binding') return bind(this.#world, ctx, key, body);
      if (subresource === 'eviction') return evict(this.#world, ctx, key, body);
    }
    throw notFound(targetOf(definition, key.name));
  }

  async #reviewSubresource(definition: ResourceDefinition, ctx: RequestContext, key: ObjectKey, subresource: string, body: KubeObject): Promise<void> {
    restrictNode({ operation: 'create', world: this.#world, definition, ctx, key, subresource, object: body });
    const kind = definition.subresources.find(({ name }) => name === subresource)?.kind;
    const review = this.#world.reviewers.of({ operation: 'CREATE', definition, ctx, key, object: body, subresource, ...(kind === undefined ? {} : { kind }) });
    await review?.mutate();
    await review?.validate();
  }

  resolveService(reference: { namespace: string; name: string; port: number }): { host: string; port: number } {
    return resolveService(this.#world.store, reference, (n) => Math.floor(this.#world.random.next() * n));
  }

  endWatches(): void {
    this.#watches.close();
  }

  async #createVirtual(definition: ResourceDefinition, ctx: RequestContext, namespace: string | undefined, body: KubeObject): Promise<StoredObject> {
    Object.assign(body, typeMetaOf(definition));
    body.metadata ??= {};
    shapeBody(definition, ctx, body);
    if (definition.namespaced && namespace !== undefined) body.metadata.namespace = namespace;
    // The old way to bind: the pod is named by the body.
    if (definition.group === '' && definition.plural === 'bindings') return bind(this.#world, ctx, keyOf(body), body);
    const handler = this.#handlers.get(handlerName(definition.group, definition.plural, ''));
    if (handler === undefined) throw methodNotSupported(targetOf(definition), 'create');
    return this.#handle(handler, ctx, keyOf(body), body, { definition });
  }

  /** What is answered and not stored has managers, too. */
  async #handle(
    handler: CreateHandler,
    ctx: RequestContext,
    key: ObjectKey,
    body: KubeObject,
    door: Pick<TrackedWrite, 'definition' | 'subresource'>,
  ): Promise<StoredObject> {
    Object.assign(body, typeMetaOf(door.definition));
    body.metadata ??= {};
    applyDefaults(body);
    const managers = managersOfNew({ world: this.#world, ctx, ...door }, body);
    const answer = await handler(ctx, key, body);
    // An answer of its own, which is not the body with a status, has nobody's fields.
    if (answer.metadata === body.metadata) setManagers(answer, managers);
    return encode(0, answer);
  }
}

function handlerName(group: string, plural: string, subresource: string): string {
  return `${group}/${plural}/${subresource}`;
}

/** Throws 404 for a subresource that is not there and 405 for a verb that it, or the resource, does not have. */
function allow(definition: ResourceDefinition, verb: Verb, subresource?: string): void {
  if (subresource === undefined) {
    if (!definition.verbs.includes(verb)) throw methodNotSupported(targetOf(definition), verb);
    return;
  }
  const found = definition.subresources.find(({ name }) => name === subresource);
  if (found === undefined) throw notFound({ ...targetOf(definition), plural: `${definition.plural}/${subresource}` });
  if (!found.verbs.includes(verb)) throw methodNotSupported({ ...targetOf(definition), plural: `${definition.plural}/${subresource}` }, verb);
}
