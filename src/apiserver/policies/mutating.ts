/**
 * MutatingAdmissionPolicy: expressions in CEL that say what to change of a request's object. Policies go one after the other, each sees
 * what those before it made; who wants to (`reinvocationPolicy: IfNeeded`) is asked once more when the object was changed, as upstream also
 * by itself.
 */
import { copyJson, equalJson } from '../../kube/json.ts';
import { forbidden, internalError, StatusError } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import { CelError, CompileError, isBudgetExceeded, wrap, type Value } from '../cel/index.ts';
import type { ResourceDefinition } from '../engine.ts';
import { shapeOf } from '../registry/managed-fields.ts';
import { targetOf } from '../registry/world.ts';
import { convert, shapeMutated, takeOver } from '../webhooks/mutated.ts';
import { kindOfReview, type ReviewRequest } from '../webhooks/review.ts';
import { requestValues } from '../webhooks/variables.ts';
import { namespaceOf, paramKindProblem, paramsOf, PolicyBook, type PoliciesWorld, type Prepared } from './book.ts';
import { compileMutations, type CompiledMutations, type Target } from './mutation.ts';
import type { MutatingAdmissionPolicy, PolicyBinding } from './types.ts';

type Policy = Prepared<MutatingAdmissionPolicy, PolicyBinding, CompiledMutations>;

/** One policy, one binding, one parameter. */
interface Invocation {
  key: string;
  policy: Policy;
  compiled: CompiledMutations;
  binding: PolicyBinding;
  param: KubeObject | null;
  /** The definition whose version the object is shown in. */
  shown: ResourceDefinition;
}

/** Why the request is refused, unless the policy says that its failures do not count. */
interface Failure {
  policy: MutatingAdmissionPolicy;
  binding?: PolicyBinding;
  why: string;
  /** Upstream tells failures of expressions from those of the configuration. */
  reason: 'Invalid' | 'Forbidden';
}

export class MutatingPolicies {
  readonly #world: PoliciesWorld;
  readonly #book: PolicyBook<MutatingAdmissionPolicy, PolicyBinding, CompiledMutations>;

  constructor(world: PoliciesWorld) {
    this.#world = world;
    this.#book = new PolicyBook(world, 'mutatingadmission', compileMutations);
  }

  /** Undefined when no policy with a binding names the request; else one round (`again`: the second). Rejects with what refuses the request. */
  review(request: ReviewRequest): ((again: boolean) => Promise<void>) | undefined {
    if (request.object === undefined) return undefined;
    const named = this.#book.named(request);
    if (named.length === 0) return undefined;
    const rounds = new Rounds(this.#world, request, request.object);
    return async (again) => {
      const failures: Failure[] = [];
      rounds.run(this.#invocations(named, request, failures), again, failures);
      const counting = failures.filter(({ policy }) => policy.spec.failurePolicy !== 'Ignore');
      if (counting.length > 0) throw refusal(request, counting);
    };
  }

  #invocations(policies: readonly Policy[], request: ReviewRequest, failures: Failure[]): Invocation[] {
    return policies.flatMap((prepared) => {
      const { policy, compiled, bindings } = prepared;
      const shown = this.#book.shown(prepared, request);
      if (shown === undefined || !prepared.selects(request)) return [];
      const misconfigured = (what: string, why: string, binding?: PolicyBinding): [] => {
        failures.push({ policy, ...(binding === undefined ? {} : { binding }), why: `failed to configure ${what}: ${why}`, reason: 'Forbidden' });
        return [];
      };
      const problem = compiled instanceof CompileError ? compiled.message : paramKindProblem(this.#world, policy);
      if (compiled instanceof CompileError || problem !== undefined) return misconfigured('policy', problem ?? '');
      return bindings.flatMap((bound) => {
        const { binding } = bound;
        if (this.#book.shown(bound, request) === undefined || !bound.selects(request)) return [];
        const params = paramsOf(this.#world, policy, binding, request);
        if (typeof params === 'string') return misconfigured('binding', params, binding);
        return params.map((param): Invocation => {
          const key = JSON.stringify([policy.metadata.name, binding.metadata.name, param?.metadata.namespace, param?.metadata.name]);
          return { key, policy: prepared, compiled, binding, param, shown };
        });
      });
    });
  }
}

/** Both rounds of one request. */
class Rounds {
  readonly #world: PoliciesWorld;
  readonly #request: ReviewRequest;
  readonly #object: KubeObject;
  readonly #reinvocable = new Set<string>();
  readonly #again = new Set<string>();
  /** As the first round left the object. */
  #left: KubeObject | undefined;

  constructor(world: PoliciesWorld, request: ReviewRequest, object: KubeObject) {
    this.#world = world;
    this.#request = request;
    this.#object = object;
  }

  run(invocations: readonly Invocation[], again: boolean, failures: Failure[]): void {
    let patched = false;
    if (again && this.#left !== undefined && !equalJson(this.#left, this.#object)) this.#callAgain();
    for (const invocation of invocations) {
      const { key, policy, compiled, binding, param, shown } = invocation;
      if (again && !this.#again.has(key)) continue;
      const failed = (error: unknown): void => {
        if (!(error instanceof CelError) && !isBudgetExceeded(error)) throw error;
        failures.push({ policy: policy.policy, binding, why: (error as Error).message, reason: 'Invalid' });
      };
      try {
        if (!compiled.applies(this.#values(param, shown))) continue;
      } catch (error) {
        // Who ignores failures is not about requests that it cannot judge.
        failed(error);
        continue;
      }
      for (const patch of compiled.patches) {
        try {
          this.#take(patch(this.#values(param, shown), this.#target(shown)), shown);
          patched = true;
        } catch (error) {
          failed(error);
        }
      }
      if (policy.policy.spec.reinvocationPolicy === 'IfNeeded') this.#reinvocable.add(key);
    }
    if (patched) this.#callAgain();
    if (!again && this.#reinvocable.size > 0) this.#left = copyJson(this.#object);
  }

  #callAgain(): void {
    for (const key of this.#reinvocable) this.#again.add(key);
  }

  /** In the order in which expressions are compiled. */
  #values(param: KubeObject | null, shown: ResourceDefinition): readonly Value[] {
    const { definition, old } = this.#request;
    const asked = {
      ...this.#request,
      object: convert(this.#object, definition, shown, this.#request),
      ...(old === undefined ? {} : { old: convert(old, definition, shown, this.#request) }),
    };
    return [...requestValues(asked, this.#world.authorizer, shown), wrap(param), wrap(namespaceOf(this.#world, this.#request))];
  }

  #target(shown: ResourceDefinition): Target {
    const { definition, kind } = this.#request;
    const object = convert(this.#object, definition, shown, this.#request);
    return { object, shape: shapeOf(kind === undefined ? shown : { ...shown, ...kindOfReview(this.#request) }) };
  }

  #take(patched: KubeObject, shown: ResourceDefinition): void {
    const { definition } = this.#request;
    const next = convert(patched, shown, definition, this.#request);
    const { unknown, typeErrors } = shapeMutated(this.#request, next);
    const wrong =
      typeErrors[0] ??
      (unknown[0] === undefined ? undefined : `strict decoding error: ${unknown.map((field) => `unknown field ${JSON.stringify(field)}`).join(', ')}`);
    if (wrong !== undefined) throw internalError(wrong);
    takeOver(this.#object, next);
  }
}

/** The first failure is the message, each is a cause. */
function refusal({ definition, key }: ReviewRequest, failures: readonly Failure[]): StatusError {
  const causes = failures.map(({ policy, binding, why }) => {
    const name = policy.metadata.name ?? '';
    const who = binding === undefined ? `policy ${JSON.stringify(name)}` : `policy '${name}' with binding '${binding.metadata.name ?? ''}'`;
    return { message: `${who} denied request: ${why}` };
  });
  const { status } = forbidden(targetOf(definition, key.name), '', causes);
  return new StatusError(403, failures[0]?.reason ?? 'Forbidden', causes[0]?.message ?? '', status.details);
}
