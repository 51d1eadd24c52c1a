/**
 * Admission policies: expressions in CEL over requests, evaluated here in the server. `validating.ts` refuses, `mutating.ts` changes.
 * A policy does nothing until a binding says where it applies and with which parameters (`book.ts`).
 */
import { isExempt, type Review, type ReviewRequest } from '../webhooks/review.ts';
import type { PoliciesWorld } from './book.ts';
import { MutatingPolicies } from './mutating.ts';
import { ValidatingPolicies } from './validating.ts';

export class Policies {
  readonly #mutating: MutatingPolicies;
  readonly #validating: ValidatingPolicies;

  constructor(world: PoliciesWorld) {
    this.#mutating = new MutatingPolicies(world);
    this.#validating = new ValidatingPolicies(world);
  }

  /** Undefined when no policy with a binding names the request. */
  review(request: ReviewRequest): Review | undefined {
    if (isExempt(request.definition)) return undefined;
    const round = this.#mutating.review(request);
    const validate = this.#validating.review(request);
    if (round === undefined && validate === undefined) return undefined;
    return {
      mutate: async () => round?.(false),
      reinvoke: async () => round?.(true),
      validate: async () => validate?.(),
    };
  }
}
