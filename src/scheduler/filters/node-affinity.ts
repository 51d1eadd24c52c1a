import { requiredNodes } from '../node-affinity.ts';
import { refuseForGood, type Filter } from './filter.ts';

export const nodeAffinity: Filter = (pod) => {
  const matches = requiredNodes(pod);
  if (!matches) return undefined;
  return ({ node }) => (matches(node) ? undefined : refuseForGood("node(s) didn't match Pod's node affinity/selector"));
};
