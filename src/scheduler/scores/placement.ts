/** Soft rules between pods: preferred (anti-)affinity and ScheduleAnyway spread. */
import { compileTerm } from '../pod-affinity.ts';
import { compileConstraint } from '../topology-spread.ts';
import { MAX_SCORE, normalize, type Score } from './score.ts';

export const interPodAffinity: Score = {
  weight: 2,
  rate(pod, snapshot, candidates) {
    const weighted = [
      ...(pod.spec?.affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => ({ ...p, sign: 1 })),
      ...(pod.spec?.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => ({ ...p, sign: -1 })),
    ];
    if (weighted.length === 0) return undefined;
    const points = candidates.map(() => 0);
    for (const { podAffinityTerm, weight, sign } of weighted) {
      const term = compileTerm(podAffinityTerm, pod, snapshot);
      const counts = new Map<string, number>();
      for (const node of snapshot.nodes.values()) {
        const value = node.node.metadata.labels?.[term.topologyKey];
        if (value === undefined) continue;
        for (const { pod: other } of node.pods.values()) if (term.selects(other)) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      for (const [i, { node }] of candidates.entries())
        points[i] = (points[i] ?? 0) + sign * weight * (counts.get(node.metadata.labels?.[term.topologyKey] ?? '') ?? 0);
    }
    const min = Math.min(...points);
    const max = Math.max(...points);
    return points.map((p) => (max === min ? 0 : Math.floor((MAX_SCORE * (p - min)) / (max - min))));
  },
};

export const podTopologySpread: Score = {
  weight: 2,
  rate(pod, snapshot, candidates) {
    const soft = (pod.spec?.topologySpreadConstraints ?? [])
      .filter((c) => c.whenUnsatisfiable === 'ScheduleAnyway')
      .map((c) => compileConstraint(c, pod, snapshot));
    if (soft.length === 0) return undefined;
    return normalize(
      candidates.map(({ node }) =>
        soft.reduce((sum, c) => sum + (c.counts.get(node.metadata.labels?.[c.topologyKey] ?? '') ?? 0) * Math.log(c.counts.size + 2) + c.maxSkew - 1, 0),
      ),
      true,
    );
  },
};
