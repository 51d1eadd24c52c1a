/**
 * Who outside the registry reviews writes: webhooks now, policies beside them. `reviewers` is all that the registry knows of it;
 * read `review.ts` for the contract and `dispatch.ts` for what happens.
 */
import type { Random } from '../../runtime/random.ts';
import type { Authorizer } from '../authz/index.ts';
import type { ResourceDefinition } from '../engine.ts';
import type { Store } from '../store/store.ts';
import type { WebhookCaller } from './call.ts';
import { webhookConditions } from './conditions.ts';
import { webhookReview } from './dispatch.ts';
import { Hooks } from './hooks.ts';
import { Policies } from '../policies/index.ts';
import type { Review, Reviewers } from './review.ts';

export interface ReviewersWorld {
  store: Store;
  random: Random;
  caller: WebhookCaller;
  authorizer: Authorizer;
  definitions(): readonly ResourceDefinition[];
  own?: Reviewers | undefined;
}

export function reviewers({ store, random, caller, authorizer, definitions, own }: ReviewersWorld): Reviewers {
  const equivalents = (definition: ResourceDefinition): readonly ResourceDefinition[] =>
    definitions().filter(
      (other) =>
        other !== definition && other.storage.group === definition.storage.group && other.storage.plural === definition.storage.plural && !other.virtual,
    );
  const hooks = new Hooks({
    store,
    equivalents,
    compileConditions: ({ matchConditions, failurePolicy }) => webhookConditions(matchConditions, failurePolicy, authorizer),
  });
  const policies = new Policies({ store, equivalents, definitions, authorizer });
  return {
    of(request) {
      const asked = [own?.of(request), policies.review(request), webhookReview({ hooks, caller, random }, request)];
      const those = asked.filter((review) => review !== undefined);
      return those.length === 0 ? undefined : inTurn(those);
    },
  };
}

function inTurn(reviews: readonly Review[]): Review {
  return {
    async mutate() {
      for (const review of reviews) await review.mutate();
      for (const review of reviews) await review.reinvoke?.();
    },
    async validate() {
      for (const review of reviews) await review.validate();
    },
  };
}
