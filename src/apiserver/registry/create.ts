/** Creation: identity, shape, server's fields, admission, validation, and then the store. */
import { alreadyExists, invalid, serverTimeout, StatusError } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { RequestContext, ResourceDefinition, StoredObject } from '../engine.ts';
import { encode } from '../store/stored-object.ts';
import type { Review } from '../webhooks/review.ts';
import { checkIdentity, keyOf, shapeBody } from './body.ts';
import { prepareViews, storageForm } from './conversion.ts';
import { prepareCreate, prepareDefaults } from './kinds.ts';
import { managersOfNew, setManagers } from './managed-fields.ts';
import { generateName, stampNew } from './metadata.ts';
import { validate } from './strategy.ts';
import { warnAboutNew } from './warnings.ts';
import { collectionOf, kindOf, storageKey, targetOf, view, type RegistryWorld } from './world.ts';

/** Upstream's count: the suffix has 27^5 values, so that eight collisions mean something else is wrong. */
const NAME_ATTEMPTS = 8;

/** Takes the body over. `applied`: an apply makes it, and has said whose fields are whose; else all are the writer's. */
export async function create(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  namespace: string | undefined,
  body: unknown,
  applied = false,
): Promise<StoredObject> {
  checkIdentity(definition, namespace === undefined ? {} : { namespace }, body);
  if (body.metadata.resourceVersion) throw new StatusError(400, 'BadRequest', 'resourceVersion should not be set on objects to be created');
  shapeBody(definition, ctx, body);
  prepareDefaults(body, { world, definition });
  if (!applied) setManagers(body, managersOfNew({ world, definition, ctx }, body));
  const generated = !body.metadata.name && body.metadata.generateName;
  if (generated) body.metadata.name = generateName(world, generated);
  stampNew(world, definition, body);
  const key = keyOf(body);
  prepareCreate(body, { world, definition, ctx, key });
  await world.admission.prepare({ operation: 'create', world, definition, ctx, key, object: body });
  const review = world.reviewers.of({ operation: 'CREATE', definition, ctx, key, object: body });
  if (review !== undefined) await reviewed(world, definition, ctx, key, body, review);
  for (let attempt = 1; ; attempt++) {
    const taken = world.store.newest(collectionOf(world, definition), storageKey(definition, keyOf(body)));
    if (taken === undefined || !generated) return accept(world, definition, ctx, body);
    if (attempt === NAME_ATTEMPTS) throw tooManyNames(definition);
    body.metadata.name = generateName(world, generated);
  }
}

/** Reviewers see the object as the server's own plugins made it; what they changed goes through the plugins once more, in `accept`. */
async function reviewed(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  key: ObjectKey,
  object: KubeObject,
  review: Review,
): Promise<void> {
  world.admission.admit({ operation: 'create', world, definition, ctx, key, object });
  await review.mutate();
  checkIdentity(definition, key, object);
  const errors = validate(definition, object);
  if (errors.length > 0) throw invalid(kindOf(definition, key.name), errors);
  await review.validate();
}

async function accept(world: RegistryWorld, definition: ResourceDefinition, ctx: RequestContext, object: KubeObject): Promise<StoredObject> {
  const key = keyOf(object);
  world.admission.admit({ operation: 'create', world, definition, ctx, key, object });
  const errors = validate(definition, object);
  if (errors.length > 0) throw invalid(kindOf(definition, object.metadata.name), errors);
  warnAboutNew(definition, object, ctx.warnings);
  if (world.store.newest(collectionOf(world, definition), storageKey(definition, key)) !== undefined) {
    // What is wrong with an object comes before that there is one already, as upstream.
    world.admission.conclude({ operation: 'create', world, definition, ctx, key, object });
    throw alreadyExists(targetOf(definition, key.name));
  }
  const allocation = world.services.allocate(definition, object);
  try {
    if (ctx.dryRun) {
      world.admission.conclude({ operation: 'create', world, definition, ctx, key, object });
      allocation.release();
      return encode(0, object);
    }
    let stored = storageForm(world, definition, object);
    if (stored instanceof Promise) {
      stored = await stored;
      if (world.store.newest(collectionOf(world, definition), storageKey(definition, key)) !== undefined) throw alreadyExists(targetOf(definition, key.name));
    }
    const reservation = world.admission.conclude({ operation: 'create', world, definition, ctx, key, object });
    const writing = world.store.put(collectionOf(world, definition), storageKey(definition, key), stored);
    reservation?.(writing);
    const made = await writing;
    await prepareViews(world, definition, [made]);
    return view(definition, made);
  } catch (error) {
    allocation.release();
    throw error;
  }
}

function tooManyNames(definition: ResourceDefinition): StatusError {
  const error = serverTimeout(`the server could not generate a unique name for ${definition.plural}: try again`);
  return new StatusError(409, 'AlreadyExists', error.message, error.status.details);
}
