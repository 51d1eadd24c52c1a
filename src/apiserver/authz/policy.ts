/**
 * The cluster's roles and bindings, read from the store's collections. What follows from them is worked out when somebody
 * first asks, scope by scope (a namespace, or '' for the cluster), and forgotten when an object of the scope changes.
 */
import type { Binding, ClusterRole, PolicyRule, Role, Subject } from '../../kube/rbac/types.ts';
import type { UserInfo } from '../engine.ts';
import type { Store } from '../store/store.ts';
import type { Collection } from '../store/collection.ts';
import type { Attributes } from './attributes.ts';
import { Grants } from './grants.ts';

export const RBAC = 'rbac.authorization.k8s.io';
const ACCOUNT_PREFIX = 'system:serviceaccount:';
/** Of users whose rights are kept ready, in one scope. */
const USERS_MAX = 1024;
/** Of namespaces that anybody asked about. */
const SCOPES_MAX = 10_000;

/** A binding that applies to a user, by which of its subjects. */
interface Hit {
  order: number;
  binding: Binding;
  subject: Subject;
}

interface Scope {
  /** By 'User name' and 'Group name'. */
  bySubject: Map<string, Hit[]>;
  grants: Map<string, Grants>;
}

/** A rule that applies, or why the rules of a binding could not be found. */
export type Visited = { rule: PolicyRule; source: () => string } | { error: string };

export class Policy {
  readonly #clusterRoles: Collection;
  readonly #roles: Collection;
  readonly #clusterRoleBindings: Collection;
  readonly #roleBindings: Collection;
  readonly #scopes = new Map<string, Scope>();

  constructor(store: Store) {
    const of = (plural: string): Collection => store.collection(`${RBAC}/${plural}`);
    this.#clusterRoles = of('clusterroles');
    this.#roles = of('roles');
    this.#clusterRoleBindings = of('clusterrolebindings');
    this.#roleBindings = of('rolebindings');
    this.#clusterRoleBindings.listen(() => this.#scopes.delete(''));
    this.#clusterRoles.listen(() => {
      for (const { grants } of this.#scopes.values()) grants.clear();
    });
    this.#roleBindings.listen(({ key }) => this.#scopes.delete(namespaceOf(key)));
    this.#roles.listen(({ key }) => this.#scopes.get(namespaceOf(key))?.grants.clear());
  }

  allows(user: UserInfo, attributes: Attributes & { namespace?: string | undefined }): boolean {
    // As JSON: names hold any character, and nobody's may look like a name with groups.
    const who = JSON.stringify([user.name, user.groups]);
    if (this.#grants('', user, who).allow(attributes)) return true;
    return !!attributes.namespace && this.#grants(attributes.namespace, user, who).allow(attributes);
  }

  #grants(namespace: string, user: UserInfo, who: string): Grants {
    const scope = this.#scope(namespace);
    let grants = scope.grants.get(who);
    if (grants === undefined) {
      const rules: PolicyRule[] = [];
      for (const visited of this.#visitScope(namespace, user)) if ('rule' in visited) rules.push(visited.rule);
      if (scope.grants.size >= USERS_MAX) scope.grants.clear();
      scope.grants.set(who, (grants = new Grants(rules)));
    }
    return grants;
  }

  /** Every rule that applies to the user in the cluster and in the namespace, bindings in the order of their names. */
  *visit(user: UserInfo, namespace: string | undefined): Generator<Visited> {
    yield* this.#visitScope('', user);
    if (namespace) yield* this.#visitScope(namespace, user);
  }

  *#visitScope(namespace: string, user: UserInfo): Generator<Visited> {
    for (const { binding, subject } of this.#hits(namespace, user)) {
      const rules = this.rulesOf(binding.roleRef, namespace);
      if (typeof rules === 'string') yield { error: rules };
      else for (const rule of rules) yield { rule, source: () => describe(binding, subject) };
    }
  }

  #hits(namespace: string, user: UserInfo): Hit[] {
    const { bySubject } = this.#scope(namespace);
    const found = new Map<Binding, Hit>();
    for (const key of [`User ${user.name}`, ...user.groups.map((group) => `Group ${group}`)])
      for (const hit of bySubject.get(key) ?? []) {
        const known = found.get(hit.binding);
        // The first subject of a binding is the one that is named.
        if (known === undefined || (hit.binding.subjects?.indexOf(hit.subject) ?? 0) < (known.binding.subjects?.indexOf(known.subject) ?? 0))
          found.set(hit.binding, hit);
      }
    return [...found.values()].sort((a, b) => a.order - b.order);
  }

  #scope(namespace: string): Scope {
    const known = this.#scopes.get(namespace);
    if (known !== undefined) return known;
    if (this.#scopes.size >= SCOPES_MAX) this.#scopes.clear();
    const scope: Scope = { bySubject: new Map(), grants: new Map() };
    this.#scopes.set(namespace, scope);
    const stored = namespace === '' ? this.#clusterRoleBindings.range() : this.#roleBindings.range(`${namespace}/`, `${namespace}0`);
    let order = 0;
    for (const [, { object }] of stored) {
      const binding = object as Binding;
      for (const subject of binding.subjects ?? []) {
        const key = subjectKey(subject, namespace);
        if (key === undefined) continue;
        const hits = scope.bySubject.get(key);
        if (hits === undefined) scope.bySubject.set(key, [{ order, binding, subject }]);
        else hits.push({ order, binding, subject });
      }
      order++;
    }
    return scope;
  }

  /** A text: why there are none. */
  rulesOf({ kind, name }: Binding['roleRef'], namespace: string): readonly PolicyRule[] | string {
    if (kind !== 'Role' && kind !== 'ClusterRole') return `unsupported role reference kind: ${JSON.stringify(kind)}`;
    const stored = kind === 'Role' ? this.#roles.get(`${namespace}/${name}`) : this.#clusterRoles.get(name);
    if (stored === undefined) return `${kind.toLowerCase()}.${RBAC} ${JSON.stringify(name)} not found`;
    return (stored.object as Role | ClusterRole).rules ?? [];
  }
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

function subjectKey({ kind, name, namespace: own }: Subject, namespace: string): string | undefined {
  if (kind === 'User' || kind === 'Group') return `${kind} ${name}`;
  const of = own || namespace;
  return kind === 'ServiceAccount' && of ? `User ${ACCOUNT_PREFIX}${of}:${name}` : undefined;
}

/** As upstream tells it in the reason of an access review. */
function describe({ kind, metadata, roleRef }: Binding, subject: Subject): string {
  const { name = '', namespace = '' } = metadata;
  const which = namespace === '' ? name : `${name}/${namespace}`;
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name;
  return `${kind} ${JSON.stringify(which)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subject.kind} ${JSON.stringify(who)}`;
}
