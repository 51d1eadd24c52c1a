/** Pods stay for five minutes on a node that is not ready or cannot be reached, unless they say otherwise. */
import type { Pod } from '../../kube/types.ts';
import { isPod, type AdmissionPlugin } from './plugin.ts';

const SECONDS = 300;
const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export const defaultTolerations: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  admit(request) {
    if (!isPod(request) || request.subresource !== undefined) return;
    const { spec } = request.object as Pod;
    if (spec === undefined) return;
    const tolerations = spec.tolerations ?? [];
    const missing = TAINTS.filter((taint) => !tolerations.some(({ key, effect }) => (!key || key === taint) && (!effect || effect === 'NoExecute')));
    if (missing.length === 0) return;
    spec.tolerations = [
      ...tolerations,
      ...missing.map((key) => ({ key, operator: 'Exists' as const, effect: 'NoExecute' as const, tolerationSeconds: SECONDS })),
    ];
  },
};
