import { compileConstraint, type CompiledConstraint } from '../topology-spread.ts';
import { refuse, refuseForGood, type Filter } from './filter.ts';

/** Hard constraints: the domain may not get more than maxSkew above the emptiest. */
export const podTopologySpread: Filter = (pod, snapshot) => {
  const constraints = (pod.spec?.topologySpreadConstraints ?? [])
    .filter((c) => c.whenUnsatisfiable === 'DoNotSchedule')
    .map((c) => compileConstraint(c, pod, snapshot));
  if (constraints.length === 0) return undefined;
  return ({ node }) => {
    for (const constraint of constraints) {
      const value = node.metadata.labels?.[constraint.topologyKey];
      if (value === undefined) return refuseForGood("node(s) didn't match pod topology spread constraints (missing required label)");
      if (skewWith(constraint, value) > constraint.maxSkew) return refuse("node(s) didn't match pod topology spread constraints");
    }
    return undefined;
  };
};

function skewWith({ counts, selfMatches, minimum }: CompiledConstraint, value: string): number {
  return (counts.get(value) ?? 0) + (selfMatches ? 1 : 0) - minimum;
}
