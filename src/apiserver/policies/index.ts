/**
 * ValidatingAdmissionPolicy: rules in CEL over requests, evaluated here in the server. A policy does nothing until a binding says
 * where it applies, with which parameters, and what a violation leads to.
 */
import { forbidden, StatusError } from '../../kube/status.ts';
import { matcherOf } from '../../kube/selectors.ts';
import type { KubeObject, Namespace } from '../../kube/types.ts';
import { CompileError, isBudgetExceeded, CelError, wrap, type Value } from '../cel/index.ts';
import type { Authorizer } from '../authz/index.ts';
import type { ResourceDefinition } from '../engine.ts';
import { collectionName, lookUp, targetOf, view } from '../registry/world.ts';
import type { Collection } from '../store/collection.ts';
import type { Store } from '../store/store.ts';
import { selects, type Selects } from '../webhooks/hooks.ts';
import { isExempt, type Review, type ReviewRequest } from '../webhooks/review.ts';
import { matchedDefinition, ruleMatches } from '../webhooks/rules.ts';
import { requestValues } from '../webhooks/variables.ts';
import { compilePolicy, type CompiledPolicy, type Finding } from './compile.ts';
import type { MatchResources, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from './types.ts';

/** Upstream's bounds for what goes into a record. */
const FAILURES_MAX = 50;
const ANNOTATION_MAX = 10 * 1024;
const CODES: Record<string, number> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 };

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

interface Bound extends Scoped {
  binding: ValidatingAdmissionPolicyBinding;
}

interface Policy extends Scoped {
  policy: ValidatingAdmissionPolicy;
  /** Why it does not compile, instead. */
  compiled: CompiledPolicy | CompileError;
  bindings: Bound[];
}

export class Policies {
  readonly #world: PoliciesWorld;
  readonly #policies: Collection;
  readonly #bindings: Collection;
  #ready: readonly Policy[] | undefined;

  constructor(world: PoliciesWorld) {
    this.#world = world;
    const watched = (plural: string): Collection => {
      const collection = world.store.collection(`admissionregistration.k8s.io/${plural}`);
      collection.listen(() => {
        this.#ready = undefined;
      });
      return collection;
    };
    this.#policies = watched('validatingadmissionpolicies');
    this.#bindings = watched('validatingadmissionpolicybindings');
  }

  /** Undefined when no policy with a binding names the request. */
  review(request: ReviewRequest): Review | undefined {
    if (this.#policies.size === 0 || this.#bindings.size === 0 || isExempt(request.definition)) return undefined;
    const named = this.#all().filter((policy) => policy.bindings.length > 0 && this.#names(policy, request));
    if (named.length === 0) return undefined;
    return { mutate: async () => undefined, validate: async () => this.#validate(named, request) };
  }

  #all(): readonly Policy[] {
    this.#ready ??= Array.from(this.#policies.range(), ([, { object }]) => this.#prepare(object as ValidatingAdmissionPolicy));
    return this.#ready;
  }

  #prepare(policy: ValidatingAdmissionPolicy): Policy {
    const { matchConstraints } = policy.spec;
    const bindings = Array.from(this.#bindings.range(), ([, { object }]) => object as ValidatingAdmissionPolicyBinding)
      .filter(({ spec }) => spec.policyName === policy.metadata.name)
      .map((binding) => ({ binding, ...this.#scope(binding.spec.matchResources) }));
    return { policy, compiled: compiledOrNot(policy), bindings, ...this.#scope(matchConstraints) };
  }

  #scope(constraints: MatchResources | undefined): Scoped {
    return { constraints, selects: selects(this.#world.store, constraints ?? {}) };
  }

  #names({ constraints }: Scoped, request: ReviewRequest): boolean {
    // A binding without rules takes what its policy takes.
    if (constraints === undefined) return true;
    const { resourceRules = [], excludeResourceRules = [], matchPolicy } = constraints;
    if (excludeResourceRules.some((rule) => ruleMatches(rule, request, request.definition))) return false;
    return resourceRules.length === 0 || matchedDefinition(resourceRules, matchPolicy, request, this.#world.equivalents) !== undefined;
  }

  #validate(policies: readonly Policy[], request: ReviewRequest): void {
    let denial: StatusError | undefined;
    const failures: object[] = [];
    const values = requestValues(request, this.#world.authorizer);
    for (const policy of policies) {
      if (!policy.selects(request)) continue;
      const record = new Map<string, Set<string>>();
      for (const bound of policy.bindings) {
        if (!this.#names(bound, request) || !bound.selects(request)) continue;
        for (const finding of this.#judge(policy, bound.binding, request, values, record)) {
          const { name = '' } = policy.policy.metadata;
          const binding = bound.binding.metadata.name ?? '';
          const actions = bound.binding.spec.validationActions ?? [];
          if (actions.includes('Warn'))
            request.ctx.warnings.push(`Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${binding}': ${finding.message}`);
          if (actions.includes('Deny'))
            denial ??= denied(request, `ValidatingAdmissionPolicy '${name}' with binding '${binding}' denied request: ${finding.message}`, finding.reason);
          if (actions.includes('Audit'))
            failures.push({ message: finding.message, policy: name, binding, expressionIndex: finding.index, validationActions: actions });
        }
      }
      const { name = '' } = policy.policy.metadata;
      for (const [key, texts] of record) request.ctx.annotate?.(`${name}/${key}`, [...texts].join(', '));
    }
    if (failures.length > 0) request.ctx.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify(failures.slice(0, FAILURES_MAX)));
    if (denial !== undefined) throw denial;
  }

  /** What is to be put on record goes into `record`, by key. */
  #judge(
    { policy, compiled }: Policy,
    binding: ValidatingAdmissionPolicyBinding,
    request: ReviewRequest,
    values: readonly Value[],
    record: Map<string, Set<string>>,
  ): Finding[] {
    const failed = (message: string): Finding[] => (policy.spec.failurePolicy === 'Ignore' ? [] : [{ message, reason: 'Invalid', index: 0 }]);
    if (compiled instanceof CompileError) return failed(`compilation failed: ${compiled.message}`);
    const params = this.#params(policy, binding, request);
    if (typeof params === 'string') return failed(`failed to configure binding: ${params}`);
    const namespace = this.#namespaceOf(request);
    return params.flatMap((param) => {
      try {
        const { findings, annotations } = compiled.judge([...values, wrap(param), wrap(namespace)]);
        for (const { key, value } of annotations) record.set(key, (record.get(key) ?? new Set()).add(value.slice(0, ANNOTATION_MAX)));
        return findings;
      } catch (error) {
        if (!(error instanceof CelError) && !isBudgetExceeded(error)) throw error;
        return failed((error as Error).message);
      }
    });
  }

  #namespaceOf({ definition, key }: ReviewRequest): Namespace | null {
    if (!definition.namespaced || key.namespace === undefined) return null;
    return lookUp<Namespace>(this.#world, '', 'namespaces', key.namespace) ?? null;
  }

  /** The objects the validations run with, one after the other; a text says why there are none. */
  #params(
    { spec }: ValidatingAdmissionPolicy,
    { spec: { paramRef } }: ValidatingAdmissionPolicyBinding,
    request: ReviewRequest,
  ): (KubeObject | null)[] | string {
    const { paramKind } = spec;
    if (paramKind === undefined) return [null];
    if (paramRef === undefined) return [null];
    const definition = this.#world
      .definitions()
      .find((d) => d.kind === paramKind.kind && paramKind.apiVersion === (d.group === '' ? d.version : `${d.group}/${d.version}`));
    if (definition === undefined) return `failed to find resource referenced by paramKind: '${paramKind.apiVersion}, Kind=${paramKind.kind}'`;
    const namespace = definition.namespaced ? (paramRef.namespace ?? request.key.namespace) : undefined;
    if (definition.namespaced && namespace === undefined) return 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources';
    const matches = matcherOf(paramRef.selector);
    const found: KubeObject[] = [];
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    for (const [key, stored] of this.#world.store
      .collection(collectionName(definition.storage))
      .range(prefix, namespace === undefined ? undefined : `${namespace}0`)) {
      if (paramRef.name !== undefined ? key === prefix + paramRef.name : matches(stored.object.metadata.labels)) found.push(view(definition, stored).object);
    }
    if (found.length > 0) return found;
    return paramRef.parameterNotFoundAction === 'Allow' ? [] : 'no params found for policy binding with `Deny` parameterNotFoundAction';
  }
}

function compiledOrNot(policy: ValidatingAdmissionPolicy): CompiledPolicy | CompileError {
  try {
    return compilePolicy(policy);
  } catch (error) {
    if (error instanceof CompileError) return error;
    throw error;
  }
}

function denied({ definition, key }: ReviewRequest, why: string, reason: string): StatusError {
  const { message, status } = forbidden(targetOf(definition, key.name), why, [{ message: why }]);
  return new StatusError(CODES[reason] ?? 422, reason, message, status.details);
}
