/** Answers to reviews: until authorization is enforced everything is allowed; the front door knows who someone is. */
import type { KubeObject } from '../../kube/types.ts';
import type { CreateHandler, RequestContext } from '../engine.ts';

type Answer = (ctx: RequestContext) => object;

const allowed: Answer = () => ({ allowed: true });

const ANSWERS: readonly [group: string, plural: string, answer: Answer][] = [
  ['authorization.k8s.io', 'subjectaccessreviews', allowed],
  ['authorization.k8s.io', 'localsubjectaccessreviews', allowed],
  ['authorization.k8s.io', 'selfsubjectaccessreviews', allowed],
  [
    'authorization.k8s.io',
    'selfsubjectrulesreviews',
    () => ({
      resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    }),
  ],
  [
    'authentication.k8s.io',
    'selfsubjectreviews',
    ({ user }) => ({
      userInfo: {
        username: user.name,
        groups: [...user.groups],
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        ...(user.extra === undefined ? {} : { extra: user.extra }),
      },
    }),
  ],
  ['authentication.k8s.io', 'tokenreviews', () => ({ authenticated: false, error: 'tokens are not known to this server', user: {} })],
];

/** The handlers a registry starts with. */
export function reviewHandlers(): [{ group: string; plural: string; subresource: string }, CreateHandler][] {
  return ANSWERS.map(([group, plural, answer]) => [
    { group, plural, subresource: '' },
    async (ctx, _key, body): Promise<KubeObject> => ({ ...body, status: answer(ctx) }) as KubeObject,
  ]);
}
