/** What a placement changes in its binding: pure. */
import { setCondition, type Condition } from '../../kube/conditions.ts';
import { SCHEDULED, type BindingStatus, type ResourceBinding, type TargetCluster } from '../kinds/binding.ts';
import * as marks from '../kinds/marks.ts';
import type { PlacementOutcome } from '../placement/request.ts';

/** The binding with its clusters; the same object when they and what they were chosen by are as they were. */
export function placed(binding: ResourceBinding, clusters: TargetCluster[]): ResourceBinding {
  const placement = JSON.stringify(binding.spec.placement ?? {});
  const isSame = JSON.stringify(clusters) === JSON.stringify(binding.spec.clusters ?? []);
  if (isSame && binding.metadata.annotations?.[marks.APPLIED_PLACEMENT] === placement) return binding;
  return {
    ...binding,
    metadata: { ...binding.metadata, annotations: { ...binding.metadata.annotations, [marks.APPLIED_PLACEMENT]: placement } },
    spec: { ...binding.spec, clusters },
  };
}

/** `now` is RFC 3339. */
export function scheduledStatus(binding: ResourceBinding, outcome: PlacementOutcome, now: string): BindingStatus {
  const condition: Condition =
    'clusters' in outcome
      ? { type: SCHEDULED, status: 'True', reason: 'Success', message: 'Binding has been scheduled successfully.' }
      : { type: SCHEDULED, status: 'False', reason: outcome.reason, message: outcome.message };
  return {
    ...binding.status,
    schedulerObservedGeneration: binding.metadata.generation ?? 0,
    ...('clusters' in outcome && outcome.affinityName !== undefined ? { schedulerObservingAffinityName: outcome.affinityName } : {}),
    ...('clusters' in outcome ? { lastScheduledTime: now } : {}),
    conditions: setCondition(binding.status?.conditions, condition, now),
  };
}

/** As Karmada's event has it: '{ap:3, eu:4, us:3}'; without replicas '{ap, eu, us}'. */
export function shownResult({ spec: { clusters = [] } }: ResourceBinding): string {
  return `{${clusters.map(({ name, replicas }) => (replicas === undefined ? name : `${name}:${replicas}`)).join(', ')}}`;
}
