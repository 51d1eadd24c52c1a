/** Creation: identity, shape, server's fields, admission, validation, and then the store. */
import { alreadyExists, invalid, serverTimeout, StatusError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { RequestContext, ResourceDefinition, StoredObject } from '../engine.ts';
import { encode } from '../store/stored-object.ts';
import { checkIdentity, keyOf, shapeBody } from './body.ts';
import { prepareCreate } from './kinds.ts';
import { generateName, stampNew } from './metadata.ts';
import { validate } from './strategy.ts';
import { collectionOf, kindOf, storageKey, targetOf, view, type RegistryWorld } from './world.ts';

/** Upstream's count: the suffix has 27^5 values, so that eight collisions mean something else is wrong. */
const NAME_ATTEMPTS = 8;

/** Takes the body over. */
export async function create(
  world: RegistryWorld,
  definition: ResourceDefinition,
  ctx: RequestContext,
  namespace: string | undefined,
  body: unknown,
): Promise<StoredObject> {
  checkIdentity(definition, namespace === undefined ? {} : { namespace }, body);
  if (body.metadata.resourceVersion) throw new StatusError(400, 'BadRequest', 'resourceVersion should not be set on objects to be created');
  shapeBody(definition, ctx, body);
  const generated = !body.metadata.name && body.metadata.generateName;
  if (generated) body.metadata.name = generateName(world, generated);
  stampNew(world, definition, body);
  const key = keyOf(body);
  prepareCreate(body, { world, definition, ctx, key });
  await world.admission.prepare({ operation: 'create', world, definition, ctx, key, object: body });
  for (let attempt = 1; ; attempt++) {
    const taken = world.store.newest(collectionOf(world, definition), storageKey(definition, keyOf(body)));
    if (taken === undefined) return accept(world, definition, ctx, body);
    if (!generated) throw alreadyExists(targetOf(definition, body.metadata.name));
    if (attempt === NAME_ATTEMPTS) throw tooManyNames(definition);
    body.metadata.name = generateName(world, generated);
  }
}

async function accept(world: RegistryWorld, definition: ResourceDefinition, ctx: RequestContext, object: KubeObject): Promise<StoredObject> {
  const key = keyOf(object);
  world.admission.admit({ operation: 'create', world, definition, ctx, key, object });
  const errors = validate(definition, object);
  if (errors.length > 0) throw invalid(kindOf(definition, object.metadata.name), errors);
  const allocation = world.services.allocate(definition, object);
  if (ctx.dryRun) {
    allocation.release();
    return encode(0, object);
  }
  try {
    const stored = definition.convert?.toStorage(object) ?? object;
    return view(definition, await world.store.put(collectionOf(world, definition), storageKey(definition, key), stored));
  } catch (error) {
    allocation.release();
    throw error;
  }
}

function tooManyNames(definition: ResourceDefinition): StatusError {
  const error = serverTimeout(`the server could not generate a unique name for ${definition.plural}: try again`);
  return new StatusError(409, 'AlreadyExists', error.message, error.status.details);
}
