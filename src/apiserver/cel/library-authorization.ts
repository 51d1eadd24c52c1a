/** Kubernetes' authorization library: what the requester, or a service account, may do. */
import { isDns1123Label, isDns1123Subdomain } from '../../kube/names.ts';
import { method, type Library, type Overload } from './functions.ts';
import { BOOL, foreign, STRING, type Type } from './types.ts';
import { CelError, Foreign, Lazy, type Value } from './values.ts';

const PATH_CHECK = foreign('kubernetes.authorization.PathCheck');
const GROUP_CHECK = foreign('kubernetes.authorization.GroupCheck');
const RESOURCE_CHECK = foreign('kubernetes.authorization.ResourceCheck');
const DECISION = foreign('kubernetes.authorization.Decision');
const MEMBERS: ReadonlyMap<string, Type> = new Map([['requestResource', RESOURCE_CHECK]]);
/** Of the variable `authorizer`. */
export const AUTHORIZER: Type = { kind: 'object', name: 'kubernetes.authorization.Authorizer', fields: () => MEMBERS };

/** A resource to be asked about. */
export interface ResourceQuestion {
  group: string;
  plural: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  fieldSelector?: string;
}

export interface Answer {
  allowed: boolean;
  reason: string;
}

/** Whoever can answer; `account`: for somebody else than the requester. */
export interface Asked {
  decide(question: (ResourceQuestion | { path: string }) & { verb: string }, account?: { namespace: string; name: string }): Answer;
  /** What the request itself is about. */
  requestResource: ResourceQuestion;
}

export class AuthorizerValue extends Lazy {
  readonly decide: (question: (ResourceQuestion | { path: string }) & { verb: string }) => Answer;
  readonly #asked: Asked;

  constructor(asked: Asked, account?: { namespace: string; name: string }) {
    super();
    this.#asked = asked;
    this.decide = (question) => asked.decide(question, account);
    this.set('requestResource', () => new ResourceCheck(this.decide, asked.requestResource));
  }

  as(account: { namespace: string; name: string }): AuthorizerValue {
    return new AuthorizerValue(this.#asked, account);
  }
}

type Decide = AuthorizerValue['decide'];

abstract class Check extends Foreign {
  readonly decide: Decide;

  constructor(decide: Decide) {
    super();
    this.decide = decide;
  }

  equals(other: Foreign): boolean {
    return this === other;
  }
}

class PathCheck extends Check {
  readonly typeName = 'kubernetes.authorization.PathCheck';
  readonly path: string;

  constructor(decide: Decide, path: string) {
    super(decide);
    this.path = path;
  }
}

class GroupCheck extends Check {
  readonly typeName = 'kubernetes.authorization.GroupCheck';
  readonly group: string;

  constructor(decide: Decide, group: string) {
    super(decide);
    this.group = group;
  }
}

class ResourceCheck extends Check {
  readonly typeName = 'kubernetes.authorization.ResourceCheck';
  readonly question: ResourceQuestion;

  constructor(decide: Decide, question: ResourceQuestion) {
    super(decide);
    this.question = question;
  }

  with(more: Partial<ResourceQuestion>): ResourceCheck {
    return new ResourceCheck(this.decide, { ...this.question, ...more });
  }
}

class Decision extends Foreign {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super();
    this.answer = answer;
  }

  equals(other: Foreign): boolean {
    return other instanceof Decision && other.answer.allowed === this.answer.allowed && other.answer.reason === this.answer.reason;
  }
}

function check<T extends Check>(of: Type, decide: (check: T, verb: string) => Answer): Overload {
  return {
    member: true,
    args: [of, STRING],
    result: DECISION,
    call([subject, verb]): Value {
      // The overload is chosen by the types.
      return new Decision(decide(subject as unknown as T, verb as string));
    },
  };
}

function narrow(field: keyof ResourceQuestion): Overload[] {
  return [method([RESOURCE_CHECK, STRING], RESOURCE_CHECK, (of: ResourceCheck, value: string) => of.with({ [field]: value }))];
}

export const authorization: Library = {
  path: [
    method([AUTHORIZER, STRING], PATH_CHECK, (of: AuthorizerValue, path: string) => {
      if (path === '') throw new CelError('path must not be empty');
      return new PathCheck(of.decide, path);
    }),
  ],
  group: [method([AUTHORIZER, STRING], GROUP_CHECK, (of: AuthorizerValue, group: string) => new GroupCheck(of.decide, group))],
  serviceAccount: [
    method([AUTHORIZER, STRING, STRING], AUTHORIZER, (of: AuthorizerValue, namespace: string, name: string) => {
      if (isDns1123Subdomain(name).length > 0) throw new CelError('Invalid service account name');
      if (isDns1123Label(namespace).length > 0) throw new CelError('Invalid service account namespace');
      return of.as({ namespace, name });
    }),
  ],
  resource: [
    method([GROUP_CHECK, STRING], RESOURCE_CHECK, ({ decide, group }: GroupCheck, plural: string) => {
      if (plural === '') throw new CelError('resource must not be empty');
      return new ResourceCheck(decide, { group, plural });
    }),
  ],
  subresource: narrow('subresource'),
  namespace: narrow('namespace'),
  name: narrow('name'),
  fieldSelector: narrow('fieldSelector'),
  // Roles do not speak of labels: nothing to narrow.
  labelSelector: [method([RESOURCE_CHECK, STRING], RESOURCE_CHECK, (of: ResourceCheck) => of)],
  check: [
    check<PathCheck>(PATH_CHECK, ({ decide, path }, verb) => decide({ path, verb })),
    check<ResourceCheck>(RESOURCE_CHECK, ({ decide, question }, verb) => decide({ ...question, verb })),
  ],
  allowed: [method([DECISION], BOOL, ({ answer }: Decision) => answer.allowed)],
  reason: [method([DECISION], STRING, ({ answer }: Decision) => answer.reason)],
  errored: [method([DECISION], BOOL, () => false)],
  error: [method([DECISION], STRING, () => '')],
};
