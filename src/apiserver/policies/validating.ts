/** ValidatingAdmissionPolicy: rules in CEL over requests. What a violation leads to is the binding's to say. */
import { forbidden, StatusError } from '../../kube/status.ts';
import { CompileError, isBudgetExceeded, CelError, wrap, type Value } from '../cel/index.ts';
import { targetOf } from '../registry/world.ts';
import type { ReviewRequest } from '../webhooks/review.ts';
import { requestValues } from '../webhooks/variables.ts';
import { namespaceOf, paramKindProblem, paramsOf, PolicyBook, type PoliciesWorld, type Prepared } from './book.ts';
import { compilePolicy, type CompiledPolicy, type Finding } from './compile.ts';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from './types.ts';

/** Upstream's bounds for what goes into a record. */
const FAILURES_MAX = 50;
const ANNOTATION_MAX = 10 * 1024;
const CODES: Record<string, number> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 };

type Policy = Prepared<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, CompiledPolicy>;

export class ValidatingPolicies {
  readonly #world: PoliciesWorld;
  readonly #book: PolicyBook<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, CompiledPolicy>;

  constructor(world: PoliciesWorld) {
    this.#world = world;
    this.#book = new PolicyBook(world, 'validatingadmission', compilePolicy);
  }

  /** Undefined when no policy with a binding names the request; else what asks them, and rejects for the first that denies. */
  review(request: ReviewRequest): (() => Promise<void>) | undefined {
    const named = this.#book.named(request);
    return named.length === 0 ? undefined : async () => this.#validate(named, request);
  }

  #validate(policies: readonly Policy[], request: ReviewRequest): void {
    let denial: StatusError | undefined;
    const failures: object[] = [];
    const values = requestValues(request, this.#world.authorizer);
    for (const policy of policies) {
      if (!policy.selects(request)) continue;
      const problem = paramKindProblem(this.#world, policy.policy);
      if (problem !== undefined) {
        const who = `ValidatingAdmissionPolicy '${policy.policy.metadata.name ?? ''}'`;
        if (policy.policy.spec.failurePolicy !== 'Ignore')
          denial ??= denied(request, `${who} denied request: failed to configure policy: ${problem}`, 'Invalid');
        continue;
      }
      const record = new Map<string, Set<string>>();
      for (const bound of policy.bindings) {
        if (this.#book.shown(bound, request) === undefined || !bound.selects(request)) continue;
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
    const params = paramsOf(this.#world, policy, binding, request);
    if (typeof params === 'string') return failed(`failed to configure binding: ${params}`);
    const namespace = namespaceOf(this.#world, request);
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
}

function denied({ definition, key }: ReviewRequest, why: string, reason: string): StatusError {
  const { message, status } = forbidden(targetOf(definition, key.name), why, [{ message: why }]);
  return new StatusError(CODES[reason] ?? 422, reason, message, status.details);
}
