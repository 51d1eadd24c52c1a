import { refuseForGood, type Filter } from './filter.ts';

export const nodeName: Filter = (pod) => {
  const wanted = pod.spec?.nodeName;
  if (!wanted) return undefined;
  return (node) => (node.name === wanted ? undefined : refuseForGood("node(s) didn't match the requested node name"));
};
