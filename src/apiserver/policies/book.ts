/** Policies of one sort and their bindings, ready to be matched: read from the store again only when one of them changed. */
import type { KubeObject, Namespace } from '../../kube/types.ts';
import { matcherOf } from '../../kube/selectors.ts';
import type { Authorizer } from '../authz/index.ts';
import { CompileError } from '../cel/index.ts';
import type { ResourceDefinition } from '../engine.ts';
import { collectionName, lookUp, view } from '../registry/world.ts';
import type { Collection } from '../store/collection.ts';
import type { Store } from '../store/store.ts';
import { selects, type Selects } from '../webhooks/hooks.ts';
import type { ReviewRequest } from '../webhooks/review.ts';
import { matchedDefinition, ruleMatches } from '../webhooks/rules.ts';
import type { AdmissionPolicy, MatchResources, ParamKind, PolicyBinding } from './types.ts';

export interface PoliciesWorld {
  store: Store;
  equivalents(definition: ResourceDefinition): readonly ResourceDefinition[];
  definitions(): readonly ResourceDefinition[];
  authorizer: Authorizer;
}

interface Scoped {
  constraints: MatchResources | undefined;
  selects: Selects;
}

export interface Bound<B> extends Scoped {
  binding: B;
}

export interface Prepared<P, B, C> extends Scoped {
  policy: P;
  /** Why it does not compile, instead. */
  compiled: C | CompileError;
  bindings: Bound<B>[];
}

export class PolicyBook<P extends AdmissionPolicy, B extends PolicyBinding, C> {
  readonly #world: PoliciesWorld;
  readonly #policies: Collection;
  readonly #bindings: Collection;
  readonly #compile: (policy: P) => C;
  #ready: readonly Prepared<P, B, C>[] | undefined;

  /** `compile` throws CompileError. */
  constructor(world: PoliciesWorld, plural: string, compile: (policy: P) => C) {
    this.#world = world;
    this.#compile = compile;
    const watched = (name: string): Collection => {
      const collection = world.store.collection(`admissionregistration.k8s.io/${name}`);
      collection.listen(() => {
        this.#ready = undefined;
      });
      return collection;
    };
    this.#policies = watched(`${plural}policies`);
    this.#bindings = watched(`${plural}policybindings`);
  }

  /** Those with bindings whose rules name the request; their selectors are yet to be asked. */
  named(request: ReviewRequest): readonly Prepared<P, B, C>[] {
    if (this.#policies.size === 0 || this.#bindings.size === 0) return [];
    this.#ready ??= Array.from(this.#policies.range(), ([, { object }]) => this.#prepare(object as P));
    return this.#ready.filter((policy) => policy.bindings.length > 0 && this.shown(policy, request) !== undefined);
  }

  /** The definition through which the rules see the request; undefined when they do not name it. */
  shown({ constraints }: Scoped, request: ReviewRequest): ResourceDefinition | undefined {
    // A binding without rules takes what its policy takes.
    if (constraints === undefined) return request.definition;
    const { resourceRules = [], excludeResourceRules = [], matchPolicy } = constraints;
    if (excludeResourceRules.some((rule) => ruleMatches(rule, request, request.definition))) return undefined;
    return resourceRules.length === 0 ? request.definition : matchedDefinition(resourceRules, matchPolicy, request, this.#world.equivalents);
  }

  #prepare(policy: P): Prepared<P, B, C> {
    const bindings = Array.from(this.#bindings.range(), ([, { object }]) => object as B)
      .filter(({ spec }) => spec.policyName === policy.metadata.name)
      .map((binding) => ({ binding, ...this.#scope(binding.spec.matchResources) }));
    return { policy, compiled: this.#compiledOrNot(policy), bindings, ...this.#scope(policy.spec.matchConstraints) };
  }

  #scope(constraints: MatchResources | undefined): Scoped {
    return { constraints, selects: selects(this.#world.store, constraints ?? {}) };
  }

  #compiledOrNot(policy: P): C | CompileError {
    try {
      return this.#compile(policy);
    } catch (error) {
      if (error instanceof CompileError) return error;
      throw error;
    }
  }
}

/** Why no parameters of the policy's kind can be found at all. */
export function paramKindProblem(world: PoliciesWorld, { spec: { paramKind } }: AdmissionPolicy): string | undefined {
  if (paramKind === undefined || definitionOf(world, paramKind) !== undefined) return undefined;
  const { apiVersion, kind } = paramKind;
  return `failed to find resource referenced by paramKind: '${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${kind}'`;
}

function definitionOf(world: PoliciesWorld, { apiVersion, kind }: ParamKind): ResourceDefinition | undefined {
  return world.definitions().find((one) => one.kind === kind && apiVersion === (one.group === '' ? one.version : `${one.group}/${one.version}`));
}

/** The objects that expressions are evaluated with, one after the other; a text says why there are none. */
export function paramsOf(
  world: PoliciesWorld,
  { spec: { paramKind } }: AdmissionPolicy,
  { spec: { paramRef } }: PolicyBinding,
  { key }: ReviewRequest,
): (KubeObject | null)[] | string {
  if (paramKind === undefined || paramRef === undefined) return [null];
  const definition = definitionOf(world, paramKind);
  // Of such a policy somebody has said already that nothing can be found.
  if (definition === undefined) return [];
  const namespace = definition.namespaced ? (paramRef.namespace ?? key.namespace) : undefined;
  if (definition.namespaced && namespace === undefined) return 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources';
  const matches = matcherOf(paramRef.selector);
  const found: KubeObject[] = [];
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  const objects = world.store.collection(collectionName(definition.storage)).range(prefix, namespace === undefined ? undefined : `${namespace}0`);
  for (const [name, stored] of objects) {
    if (paramRef.name !== undefined ? name === prefix + paramRef.name : matches(stored.object.metadata.labels)) found.push(view(definition, stored).object);
  }
  if (found.length > 0) return found;
  return paramRef.parameterNotFoundAction === 'Allow' ? [] : 'no params found for policy binding with `Deny` parameterNotFoundAction';
}

/** The namespace of what is asked for, as expressions see it. */
export function namespaceOf(world: PoliciesWorld, { definition, key }: ReviewRequest): Namespace | null {
  if (!definition.namespaced || key.namespace === undefined) return null;
  return lookUp<Namespace>(world, '', 'namespaces', key.namespace) ?? null;
}
