/**
 * Who may do what. As upstream with `--authorization-mode=Node,RBAC`: members of system:masters may do everything at no
 * cost, nodes what concerns them, and everybody what roles and bindings say.
 */
import type { PolicyRule, RoleRef } from '../../kube/rbac/types.ts';
import type { UserInfo } from '../engine.ts';
import type { Store } from '../store/store.ts';
import { forbidden, isPath, type Attributes } from './attributes.ts';
import { NodeAuthorizer } from './node.ts';
import { Policy } from './policy.ts';
import { ruleAllows } from './rules.ts';

export type { Attributes, ResourceAttributes } from './attributes.ts';

export const MASTERS = 'system:masters';

export interface Decision {
  allowed: boolean;
  /** Why, as upstream says it in access reviews and refusals; often empty. */
  reason: string;
}

export interface Authorizer {
  /** The quick question. */
  allows(user: UserInfo, attributes: Attributes): boolean;
  /** The same with a reason, which takes longer. */
  decide(user: UserInfo, attributes: Attributes): Decision;
  /** Throws StatusError 403 in upstream's words unless it is allowed. */
  require(user: UserInfo, attributes: Attributes): void;
  /** All that roles grant a user there; `errors`: bindings whose roles are missing. */
  rulesFor(user: UserInfo, namespace: string | undefined): { rules: PolicyRule[]; errors: string[] };
  /** The rules of a role; a text: why there are none. */
  rulesOf(reference: RoleRef, namespace: string | undefined): readonly PolicyRule[] | string;
}

export function authorizer(store: Store): Authorizer {
  const policy = new Policy(store);
  const nodes = new NodeAuthorizer(store);
  const allows = (user: UserInfo, attributes: Attributes): boolean =>
    user.groups.includes(MASTERS) || nodes.answer(user, attributes) === true || policy.allows(user, attributes);
  const decide = (user: UserInfo, attributes: Attributes): Decision => {
    if (user.groups.includes(MASTERS)) return { allowed: true, reason: '' };
    const answer = nodes.answer(user, attributes);
    if (answer === true) return { allowed: true, reason: '' };
    const errors: string[] = [];
    for (const visited of policy.visit(user, isPath(attributes) ? undefined : attributes.namespace)) {
      if ('error' in visited) errors.push(visited.error);
      else if (ruleAllows(visited.rule, attributes)) return { allowed: true, reason: `RBAC: allowed by ${visited.source()}` };
    }
    // Each authorizer says its own.
    const reasons = [...(answer === '' ? [] : [`node: ${answer}`]), ...(errors.length === 0 ? [] : [`rbac: RBAC: ${aggregate(errors)}`])];
    return { allowed: false, reason: reasons.join('\n') };
  };
  return {
    allows,
    decide,
    require(user, attributes) {
      if (!allows(user, attributes)) throw forbidden(user, attributes, decide(user, attributes).reason);
    },
    rulesFor(user, namespace) {
      const found: { rules: PolicyRule[]; errors: string[] } = { rules: [], errors: [] };
      for (const visited of policy.visit(user, namespace)) {
        if ('error' in visited) found.errors.push(visited.error);
        else found.rules.push(visited.rule);
      }
      return found;
    },
    rulesOf: (reference, namespace = '') => policy.rulesOf(reference, namespace),
  };
}

/** Several errors as upstream writes them, each once. */
export function aggregate(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`;
}
