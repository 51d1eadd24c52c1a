/** Answers TokenReviews: whom does a token let in here, or with another of its audiences. */
import { badRequest } from '../../kube/status.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { CreateHandler } from '../engine.ts';
import type { TokenAnswer } from './token-users.ts';

/** `identify` asks all that know tokens. */
export function tokenReviewHandler(identify: (token: string, audiences?: readonly string[]) => Promise<TokenAnswer>): CreateHandler {
  return async (_ctx, _key, body) => {
    const { spec } = body as KubeObject & { spec?: { token?: string; audiences?: string[] } };
    if (!spec?.token) throw badRequest('token is required for TokenReview in authentication');
    return { ...body, status: statusOf(await identify(spec.token, spec.audiences?.length ? spec.audiences : undefined)) } as KubeObject;
  };
}

function statusOf(answer: TokenAnswer): object {
  if (answer === undefined) return { user: {}, error: 'invalid bearer token' };
  if ('error' in answer) return { user: {}, error: `[invalid bearer token, ${answer.error}]` };
  const { name: username, uid, groups, extra } = answer.user;
  return { authenticated: true, user: { username, uid, groups, extra }, audiences: answer.audiences };
}
