import { untolerated } from '../../kube/taints.ts';
import { refuseForGood, type Filter } from './filter.ts';

const HARD = ['NoSchedule', 'NoExecute'];

export const taintToleration: Filter = (pod) => {
  const tolerations = pod.spec?.tolerations;
  return (node) => {
    const taint = untolerated(tolerations, node.node.spec?.taints, HARD);
    return taint ? refuseForGood(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`) : undefined;
  };
};
