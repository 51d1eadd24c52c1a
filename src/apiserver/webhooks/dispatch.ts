/** Calls the admission webhooks that want to see a write: mutating ones in turn, validating ones at once. */
import { applyJsonPatch } from '../../kube/patch/json.ts';
import type { Json } from '../../kube/patch/json-value.ts';
import { internalError, StatusError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Random } from '../../runtime/random.ts';
import type { ResourceDefinition } from '../engine.ts';
import { copyJson, equalJson } from '../../kube/json.ts';
import { strategyOf } from '../registry/strategy.ts';
import { admissionReview, dryRunUnsupported, readVerdict, rejection, reviewVersion } from './admission-review.ts';
import type { WebhookCaller } from './call.ts';
import type { Hook, Hooks } from './hooks.ts';
import type { Review, ReviewRequest } from './review.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;

export interface DispatchWorld {
  hooks: Hooks;
  caller: WebhookCaller;
  random: Random;
}

/** Undefined when no webhook's rules name the request. */
export function webhookReview(world: DispatchWorld, request: ReviewRequest): Review | undefined {
  const { hooks } = world;
  if (hooks.none || !hooks.any(request)) return undefined;
  return { mutate: () => mutate(world, request), validate: () => validate(world, request) };
}

async function mutate(world: DispatchWorld, request: ReviewRequest): Promise<void> {
  const asked = world.hooks.mutating;
  /** Those that want to look again when a later one changed the object. */
  const again = new Set<Hook>();
  const reinvocable = new Set<Hook>();
  const round = async (hook: Hook, place: string): Promise<void> => {
    const shown = world.hooks.matches(hook, request);
    if (shown === undefined) return;
    if (await callMutating(world, hook, request, shown, place)) for (const earlier of reinvocable) again.add(earlier);
    if (hook.webhook.reinvocationPolicy === 'IfNeeded') reinvocable.add(hook);
  };
  for (const [i, hook] of asked.entries()) await round(hook, `round_0_index_${i}`);
  const second = asked.filter((hook) => again.has(hook));
  for (const [i, hook] of second.entries()) await round(hook, `round_1_index_${i}`);
}

async function validate(world: DispatchWorld, request: ReviewRequest): Promise<void> {
  const asked = world.hooks.validating.flatMap((hook) => {
    const shown = world.hooks.matches(hook, request);
    return shown === undefined ? [] : [{ hook, shown }];
  });
  const outcomes = await Promise.allSettled(asked.map(({ hook, shown }, i) => call(world, hook, request, shown, false, `round_0_index_${i}`)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** True when the object changed. */
async function callMutating(world: DispatchWorld, hook: Hook, request: ReviewRequest, shown: ResourceDefinition, place: string): Promise<boolean> {
  const patch = await call(world, hook, request, shown, true, place);
  if (patch.length === 0) return false;
  const { object, definition } = request;
  if (object === undefined) {
    throw internalError(`admission webhook ${JSON.stringify(hook.webhook.name)} attempted to modify the object, which is not supported for this operation`);
  }
  const before = copyJson(object);
  const patched = patchedObject(convert(object, definition, shown, request), patch);
  const next = convert(patched, shown, definition, request);
  if (request.kind === undefined) {
    const strategy = strategyOf(definition);
    const { typeErrors } = strategy.prune(next);
    if (typeErrors.length > 0) throw internalError(typeErrors[0]!);
    strategy.applyDefaults(next);
  }
  replaceContent(object, next);
  return !equalJson(before, object);
}

function patchedObject(object: KubeObject, patch: unknown[]): KubeObject {
  try {
    // A stored object is JSON; and so is what a patch makes of it.
    return copyJson(applyJsonPatch(object as unknown as Json, patch)) as unknown as KubeObject;
  } catch (error) {
    throw internalError((error as Error).message);
  }
}

/** The request goes on with the object it has: its content changes, not its identity. */
function replaceContent(target: KubeObject, source: KubeObject): void {
  for (const name of Object.keys(target)) delete (target as unknown as Record<string, unknown>)[name];
  Object.assign(target, source);
}

function convert(object: KubeObject, from: ResourceDefinition, to: ResourceDefinition, { kind }: ReviewRequest): KubeObject {
  if (from === to || kind !== undefined) return object;
  const stored = from.convert?.toStorage(object) ?? object;
  return to.convert?.fromStorage(stored) ?? stored;
}

/** The patch the webhook answers; `place`: when it was asked, for the record. Throws the StatusError that ends the request; a failure that may be ignored is no patch. */
async function call(world: DispatchWorld, hook: Hook, request: ReviewRequest, shown: ResourceDefinition, mutating: boolean, place: string): Promise<unknown[]> {
  const { name, sideEffects, failurePolicy, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, admissionReviewVersions, clientConfig } = hook.webhook;
  if (request.ctx.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') throw dryRunUnsupported(name);
  try {
    const version = reviewVersion(admissionReviewVersions);
    const uid = world.random.uuid();
    const objects = {
      ...(request.object === undefined ? {} : { object: convert(request.object, request.definition, shown, request) }),
      ...(request.old === undefined ? {} : { old: convert(request.old, request.definition, shown, request) }),
    };
    const review = admissionReview(version, uid, request, shown, objects);
    const answer = await world.caller.post(clientConfig, review, timeoutSeconds).catch((error: Error) => {
      throw new Error(`failed to call webhook: ${error.message}`, { cause: error });
    });
    const { allowed, patch, result, warnings, annotations } = readVerdict(answer, version, uid, mutating);
    request.ctx.warnings.push(...warnings);
    for (const [key, value] of annotations) request.ctx.annotate?.(`${name}/${key}`, value);
    if (!allowed) throw rejection(name, result);
    return patch;
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (failurePolicy === 'Ignore') {
      request.ctx.annotate?.(`failed-open.${mutating ? 'mutation' : 'validating'}.webhook.admission.k8s.io/${place}`, name);
      return [];
    }
    throw internalError(`failed calling webhook ${JSON.stringify(name)}: ${(error as Error).message}`);
  }
}
