/** What a job's podFailurePolicy says about a failed pod: the first rule that fits. */
import type { Job, Pod } from '../../kube/types.ts';

type Policy = NonNullable<NonNullable<Job['spec']>['podFailurePolicy']>;
type Rule = Policy['rules'][number];
type ContainerStatuses = NonNullable<NonNullable<Pod['status']>['containerStatuses']>;

export interface Judgement {
  action?: 'Ignore' | 'FailIndex' | 'FailJob' | 'Count';
  /** Why the job fails, for FailJob. */
  message?: string;
}

/** Without an action the failure counts, as with 'Count'. */
export function judgeFailure(policy: Policy | undefined, pod: Pod): Judgement {
  for (const [i, rule] of (policy?.rules ?? []).entries()) {
    const what = matched(rule, pod);
    if (what === undefined) continue;
    const action = rule.action as NonNullable<Judgement['action']>;
    return action === 'FailJob' ? { action, message: `${what} matching FailJob rule at index ${i}` } : { action };
  }
  return {};
}

/** Of failures that are ignored no limit takes note. */
export function isCounted(policy: Policy | undefined, pod: Pod): boolean {
  return policy === undefined || judgeFailure(policy, pod).action !== 'Ignore';
}

/** What about the pod fits the rule. */
function matched({ onExitCodes, onPodConditions }: Rule, { metadata, status }: Pod): string | undefined {
  const name = `${metadata.namespace}/${metadata.name}`;
  if (onExitCodes !== undefined) {
    const { operator, values = [], containerName } = onExitCodes;
    const ended = (statuses: ContainerStatuses | undefined) =>
      statuses?.find(({ name: container, state }) => {
        const code = state?.terminated?.exitCode ?? 0;
        return code !== 0 && (containerName === undefined || containerName === container) && values.includes(code) === (operator === 'In');
      });
    const container = ended(status?.containerStatuses) ?? ended(status?.initContainerStatuses);
    return container && `Container ${container.name} for pod ${name} failed with exit code ${container.state?.terminated?.exitCode}`;
  }
  const condition = status?.conditions?.find((is) => onPodConditions?.some((wanted) => is.type === wanted.type && is.status === wanted.status));
  return condition && `Pod ${name} has condition ${condition.type}`;
}
