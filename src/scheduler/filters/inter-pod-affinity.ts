import { compileTerm, domainsOf } from '../pod-affinity.ts';
import { refuse, refuseForGood, type Filter } from './filter.ts';

/** Required affinity and anti-affinity of the pod, and required anti-affinity of the pods already there. */
export const interPodAffinity: Filter = (pod, snapshot) => {
  const affinity = (pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => compileTerm(term, pod, snapshot));
  const anti = (pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => compileTerm(term, pod, snapshot));
  const refusedDomains = domainsThatRefuse();
  if (affinity.length === 0 && anti.length === 0 && refusedDomains.length === 0) return undefined;

  const affinityDomains = affinity.map((term) => domainsOf(term, snapshot.nodes.values()));
  const antiDomains = anti.map((term) => domainsOf(term, snapshot.nodes.values()));
  // The first pod of a group that wants to be with its own kind may go anywhere.
  const firstOfGroup = affinity.length > 0 && affinityDomains.every((domains) => domains.size === 0) && affinity.every((term) => term.selects(pod));

  return ({ node }) => {
    const labels = node.metadata.labels ?? {};
    for (const [key, value] of refusedDomains) if (labels[key] === value) return refuse("node(s) didn't satisfy existing pods anti-affinity rules");
    for (const [i, term] of affinity.entries()) {
      const value = labels[term.topologyKey];
      if (value === undefined || !(affinityDomains[i]?.has(value) || firstOfGroup)) return refuseForGood("node(s) didn't match pod affinity rules");
    }
    for (const [i, term] of anti.entries()) {
      const value = labels[term.topologyKey];
      if (value !== undefined && antiDomains[i]?.has(value)) return refuse("node(s) didn't match pod anti-affinity rules");
    }
    return undefined;
  };

  function domainsThatRefuse(): [string, string][] {
    const found: [string, string][] = [];
    for (const node of snapshot.nodes.values()) {
      if (node.antiAffinityPods === 0) continue;
      for (const { pod: other } of node.pods.values()) {
        for (const term of other.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
          const compiled = compileTerm(term, other, snapshot);
          const value = node.node.metadata.labels?.[compiled.topologyKey];
          if (value !== undefined && compiled.selects(pod)) found.push([compiled.topologyKey, value]);
        }
      }
    }
    return found;
  }
};
