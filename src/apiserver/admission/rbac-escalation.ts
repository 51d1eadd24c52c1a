/** Nobody gives away more than they have: who writes a role must hold its rights, or be allowed to escalate; who binds one, likewise, or to bind it. */
import type { Binding, ClusterRole, PolicyRule } from '../../kube/rbac/types.ts';
import { forbidden, notFound, StatusError, type StatusTarget } from '../../kube/status.ts';
import { MASTERS } from '../authz/index.ts';
import { describeParts, quotedList, uncovered } from '../authz/rules.ts';
import { equalJson } from '../../kube/json.ts';
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts';

const GROUP = 'rbac.authorization.k8s.io';
const EVERYTHING: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

export const rbacEscalation: AdmissionPlugin = {
  name: 'RBACEscalation',
  admit(request) {
    const { definition, ctx, object, old } = request;
    if (definition.group !== GROUP || ctx.user.groups.includes(MASTERS)) return;
    const isRole = definition.plural === 'roles' || definition.plural === 'clusterroles';
    if (isRole && mayEscalate(request)) return;
    if (old !== undefined && onlyCollectorFields(object, old)) return;
    if (isRole) checkRole(request);
    else checkBinding(request);
  },
};

function target({ definition, key }: AdmissionRequest): StatusTarget {
  return { group: definition.group, plural: definition.plural, name: key.name };
}

function mayEscalate({ world, definition, ctx, key, operation }: AdmissionRequest): boolean {
  // A creation has no name yet as far as rights go.
  const name = operation === 'create' ? undefined : key.name;
  return world.authorizer.allows(ctx.user, { verb: 'escalate', group: GROUP, plural: definition.plural, namespace: key.namespace, name });
}

/** What the garbage collector changes gives no rights to anybody. */
function onlyCollectorFields(object: object & { metadata: object }, old: object & { metadata: object }): boolean {
  const rest = (value: object & { metadata: object }): object => ({
    ...value,
    metadata: { ...value.metadata, ownerReferences: undefined, finalizers: undefined, managedFields: undefined },
  });
  return equalJson(rest(object), rest(old));
}

function checkRole(request: AdmissionRequest): void {
  const role = request.object as ClusterRole;
  const before = request.old as ClusterRole | undefined;
  const problem = missing(request, role.rules ?? []);
  if (problem !== undefined) throw forbidden(target(request), problem);
  const gathers = [role, before].some((each) => each?.aggregationRule?.clusterRoleSelectors?.length);
  // It may gather anything.
  if (gathers && missing(request, EVERYTHING) !== undefined) throw forbidden(target(request), 'must have cluster-admin privileges to use the aggregationRule');
}

function checkBinding(request: AdmissionRequest): void {
  const { world, ctx, key, object } = request;
  // Not validated yet.
  const { apiGroup: group = '', kind = '', name = '' } = (object as Partial<Binding>).roleRef ?? {};
  const known = kind === 'Role' || kind === 'ClusterRole';
  const plural = kind === 'Role' ? 'roles' : 'clusterroles';
  if (known && world.authorizer.allows(ctx.user, { verb: 'bind', group, plural, namespace: key.namespace, name })) return;
  const rules = world.authorizer.rulesOf({ kind, name }, key.namespace);
  if (typeof rules === 'string') throw known ? notFound({ group: GROUP, plural, name }) : new StatusError(500, '', rules);
  const problem = missing(request, rules);
  if (problem !== undefined) throw forbidden(target(request), problem);
}

/** Which of the rules the user does not hold, in upstream's words; undefined: none. */
function missing({ world, ctx, key }: AdmissionRequest, wanted: readonly PolicyRule[]): string | undefined {
  const { rules, errors } = world.authorizer.rulesFor(ctx.user, key.namespace);
  const parts = uncovered(rules, wanted);
  if (parts.length === 0) return undefined;
  const { name, groups } = ctx.user;
  const text = `user ${JSON.stringify(name)} (groups=${quotedList(groups)}) is attempting to grant RBAC permissions not currently held:\n${describeParts(parts).join('\n')}`;
  return errors.length === 0 ? text : `${text}; resolution errors: [${errors.join(', ')}]`;
}
