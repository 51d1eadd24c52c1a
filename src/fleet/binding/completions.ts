/** A Job's completions, divided as its parallelism is. */
import type { Unstructured } from '../../kube/types.ts';
import type { TargetCluster } from '../kinds/binding.ts';
import { allocate, tieOrder } from '../placement/webster.ts';

/** By cluster; undefined for what is not a Job, has no completions, or goes whole to every cluster. */
export function divideCompletions(template: Unstructured, targets: readonly TargetCluster[]): Map<string, number> | undefined {
  const completions = (template.spec as { completions?: number } | undefined)?.completions;
  if (template.kind !== 'Job' || completions === undefined || targets.some(({ replicas }) => replicas === undefined)) return undefined;
  const parties = targets.map(({ name, replicas = 0 }) => ({ name, votes: replicas, seats: 0 }));
  return new Map(allocate(completions, parties, tieOrder(template.metadata.uid)).parties.map(({ name, seats }) => [name, seats]));
}
