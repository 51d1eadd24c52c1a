/** Whether a pod of a daemon set belongs on a node: node name, selector, required affinity and taints (not resources). */
import { matcherOfExpressions } from '../../kube/selectors.ts';
import type { Node, PodSpec } from '../../kube/types.ts';
import { tolerates } from '../nodelifecycle/evict.ts';

type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];
type Toleration = NonNullable<PodSpec['tolerations']>[number];

/** spec.nodeName, spec.nodeSelector and required node affinity. */
export function matchesNode(spec: PodSpec, node: Node): boolean {
  if (spec.nodeName && spec.nodeName !== node.metadata.name) return false;
  const labels = node.metadata.labels ?? {};
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  // A term without requirements matches nothing.
  return terms.some((term) => {
    const expressions = term.matchExpressions ?? [];
    const fields = term.matchFields ?? [];
    if (expressions.length === 0 && fields.length === 0) return false;
    return matcherOfExpressions(expressions)(labels) && matcherOfExpressions(fields)({ 'metadata.name': node.metadata.name ?? '' });
  });
}

export function toleratesAll(tolerations: readonly Toleration[], taints: readonly Taint[], effects: ReadonlySet<string>): boolean {
  return taints.filter((taint) => effects.has(taint.effect)).every((taint) => tolerations.some((toleration) => tolerates(toleration, taint)));
}
