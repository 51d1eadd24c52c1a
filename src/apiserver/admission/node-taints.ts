/** A new node takes no pods before it has said that it is ready. */
import type { Node } from '../../kube/types.ts';
import type { AdmissionPlugin } from './plugin.ts';

const NOT_READY = 'node.kubernetes.io/not-ready';

export const nodeTaints: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  admit({ operation, definition, object }) {
    if (operation !== 'create' || definition.group !== '' || definition.plural !== 'nodes') return;
    const node = object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === NOT_READY && effect === 'NoSchedule')) return;
    node.spec = { ...node.spec, taints: [...taints, { key: NOT_READY, effect: 'NoSchedule' }] };
  },
};
