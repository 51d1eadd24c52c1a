/** Calls the admission webhooks that want to see a write: mutating ones in turn, validating ones at once. */
import { applyJsonPatch } from '../../kube/patch/json.ts';
import type { Json } from '../../kube/patch/json-value.ts';
import { internalError, StatusError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Random } from '../../runtime/random.ts';
import type { ResourceDefinition } from '../engine.ts';
import { copyJson, equalJson } from '../../kube/json.ts';
import { admissionReview, dryRunUnsupported, readVerdict, rejection, reviewVersion } from './admission-review.ts';
import type { WebhookCaller } from './call.ts';
import type { Hook, Hooks } from './hooks.ts';
import { convert, shapeMutated, takeOver } from './mutated.ts';
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
  const rounds = new Rounds(world, request);
  return { mutate: () => rounds.first(), reinvoke: () => rounds.second(), validate: () => validate(world, request) };
}

/** Mutating webhooks, one after the other; and those once more that want to look again when the object changed after them. */
class Rounds {
  readonly #world: DispatchWorld;
  readonly #request: ReviewRequest;
  readonly #again = new Set<Hook>();
  readonly #reinvocable = new Set<Hook>();
  #left: object | undefined;

  constructor(world: DispatchWorld, request: ReviewRequest) {
    this.#world = world;
    this.#request = request;
  }

  async first(): Promise<void> {
    for (const [i, hook] of this.#world.hooks.mutating.entries()) await this.#ask(hook, `round_0_index_${i}`);
    if (this.#reinvocable.size > 0) this.#left = copyJson(this.#request.object ?? {});
  }

  async second(): Promise<void> {
    if (this.#left !== undefined && !equalJson(this.#left, this.#request.object ?? {})) this.#callAgain();
    const hooks = this.#world.hooks.mutating.filter((hook) => this.#again.has(hook));
    for (const [i, hook] of hooks.entries()) await this.#ask(hook, `round_1_index_${i}`);
  }

  #callAgain(): void {
    for (const earlier of this.#reinvocable) this.#again.add(earlier);
  }

  async #ask(hook: Hook, place: string): Promise<void> {
    const shown = this.#world.hooks.matches(hook, this.#request);
    if (shown === undefined) return;
    if (await callMutating(this.#world, hook, this.#request, shown, place)) this.#callAgain();
    if (hook.webhook.reinvocationPolicy === 'IfNeeded') this.#reinvocable.add(hook);
  }
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
  const next = convert(patchedObject(convert(object, definition, shown, request), patch), shown, definition, request);
  const { typeErrors } = shapeMutated(request, next);
  if (typeErrors.length > 0) throw internalError(typeErrors[0]!);
  return takeOver(object, next);
}

function patchedObject(object: KubeObject, patch: unknown[]): KubeObject {
  try {
    // A stored object is JSON; and so is what a patch makes of it.
    return copyJson(applyJsonPatch(object as unknown as Json, patch)) as unknown as KubeObject;
  } catch (error) {
    throw internalError((error as Error).message);
  }
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
