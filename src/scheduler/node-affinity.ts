/** Node selectors: a node matches when any term does; a term matches when all its expressions and fields do. */
import { matcherOfExpressions, type Matcher } from '../kube/selectors.ts';
import type { Node, Pod, PodSpec } from '../kube/types.ts';

type NodeAffinity = NonNullable<NonNullable<PodSpec['affinity']>['nodeAffinity']>;
export type NodeSelectorTerm = NonNullable<NodeAffinity['requiredDuringSchedulingIgnoredDuringExecution']>['nodeSelectorTerms'][number];

/** A term without expressions and fields matches nothing. */
export function termMatcher(term: NodeSelectorTerm): (node: Node) => boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false;
  const labels = matcherOfExpressions(matchExpressions);
  const fields = matcherOfExpressions(matchFields);
  return (node) => labels(node.metadata.labels) && fields({ 'metadata.name': node.metadata.name ?? '' });
}

/** nodeSelector and required node affinity; undefined when the pod has neither. */
export function requiredNodes(pod: Pod): ((node: Node) => boolean) | undefined {
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  const terms = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (selector.length === 0 && terms === undefined) return undefined;
  const bySelector: Matcher = (labels = {}) => selector.every(([key, value]) => labels[key] === value);
  const byTerms = terms?.map(termMatcher);
  return (node) => bySelector(node.metadata.labels) && (byTerms === undefined || byTerms.some((matches) => matches(node)));
}
