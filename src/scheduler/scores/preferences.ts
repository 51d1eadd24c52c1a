/** What pods and nodes would rather have: soft taints, preferred node affinity, images that are there. */
import { termMatcher } from '../node-affinity.ts';
import { tolerates } from '../../kube/taints.ts';
import { MAX_SCORE, normalize, type Score } from './score.ts';

/** The fewer soft taints a pod does not tolerate, the better. */
export const taintToleration: Score = {
  weight: 3,
  rate(pod, _snapshot, candidates) {
    const counts = candidates.map(
      ({ node }) => (node.spec?.taints ?? []).filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerates(pod.spec?.tolerations, taint)).length,
    );
    return counts.some((count) => count > 0) ? normalize(counts, true) : undefined;
  },
};

export const nodeAffinity: Score = {
  weight: 2,
  rate(pod, _snapshot, candidates) {
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    const terms = preferred.map(({ preference, weight }) => ({ matches: termMatcher(preference), weight }));
    return normalize(candidates.map(({ node }) => terms.reduce((sum, term) => sum + (term.matches(node) ? term.weight : 0), 0)));
  },
};

const MIN_IMAGE_BYTES = 23 * 1024 * 1024;
const MAX_IMAGE_BYTES = 1000 * 1024 * 1024;

/** Bytes of the pod's images that are on the node, weighed by how many nodes have them. */
export const imageLocality: Score = {
  weight: 1,
  rate(pod, snapshot, candidates) {
    const wanted = new Set((pod.spec?.containers ?? []).map((container) => container.image ?? ''));
    const sizes = candidates.map(({ node }) => (node.status?.images ?? []).filter((image) => image.names?.some((name) => wanted.has(name))));
    if (sizes.every((images) => images.length === 0)) return undefined;
    const spreadOf = (name: string): number =>
      [...snapshot.nodes.values()].filter(({ node }) => node.status?.images?.some((image) => image.names?.includes(name))).length / snapshot.nodes.size;
    const max = MAX_IMAGE_BYTES * Math.max(1, wanted.size);
    return sizes.map((images) => {
      const bytes = images.reduce((sum, image) => sum + (image.sizeBytes ?? 0) * spreadOf(image.names?.find((name) => wanted.has(name)) ?? ''), 0);
      return Math.floor((MAX_SCORE * (Math.min(Math.max(bytes, MIN_IMAGE_BYTES), max) - MIN_IMAGE_BYTES)) / (max - MIN_IMAGE_BYTES));
    });
  },
};
