import { tolerates } from '../../kube/taints.ts';
import { refuseForGood, type Filter } from './filter.ts';

const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export const nodeUnschedulable: Filter = (pod) => {
  const tolerated = tolerates(pod.spec?.tolerations, TAINT);
  return (node) => (node.node.spec?.unschedulable && !tolerated ? refuseForGood('node(s) were unschedulable') : undefined);
};
