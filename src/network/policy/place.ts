/** Where a pod stands under the policies: the elements that tell nftables of it. Pure. */
import { namedPort } from '../../kube/pods.ts';
import { digest, type CompiledPolicies, type Direction, type Subject } from './compile.ts';
import type { PolicyPod } from './pod.ts';
import type { Element, PolicyTable } from './table.ts';

export interface PlacedPod {
  address: string;
  elements: readonly Element[];
  /** Chains that it shares with the pods under the same policies: name to rules. */
  chains: ReadonlyMap<string, readonly string[]>;
}

/** `namespaceLabels` are those of the pod's namespace. */
export function placePod(compiled: CompiledPolicies, pod: PolicyPod, namespaceLabels: Record<string, string>): PlacedPod {
  const { address } = pod;
  const elements: Element[] = [];
  const chains = new Map<string, readonly string[]>();
  const subjects = (compiled.subjects.get(pod.namespace) ?? []).filter(({ selects }) => selects(pod.labels));
  for (const direction of ['ingress', 'egress'] as const) {
    const isolation = isolationChain(direction, pod.namespace, subjects);
    if (isolation === undefined) continue;
    chains.set(isolation.name, isolation.rules);
    elements.push({ set: direction, key: address, value: `jump ${isolation.name}` });
  }
  if (chains.size > 0) {
    // What nobody can forbid: a pod speaks to itself and to its node.
    elements.push({ set: 'own', key: `${address} . ${address}` });
    if (pod.node !== undefined && pod.node !== address) elements.push({ set: 'own', key: `${address} . ${pod.node}` });
  }
  for (const { set, includes } of compiled.peers) if (includes(pod, namespaceLabels)) elements.push({ set, key: address });
  for (const { set, name, protocol } of compiled.ports) {
    const port = namedPort(pod, name, protocol);
    if (port !== undefined) elements.push({ set, key: `${address} . ${protocol.toLowerCase()} . ${port}` });
  }
  return { address, elements, chains };
}

/** Of pods with one address, as when one has just gone, the last counts. */
export function policyTable(compiled: CompiledPolicies, placed: Iterable<PlacedPod>): PolicyTable {
  const chains = new Map(compiled.chains);
  const pods = new Map<string, readonly Element[]>();
  for (const pod of placed) {
    pods.set(pod.address, pod.elements);
    for (const [name, rules] of pod.chains) chains.set(name, rules);
  }
  return { chains, sets: compiled.sets, pods };
}

/** Policies add up: what one of them accepts passes, all else is dropped, without an answer. */
function isolationChain(direction: Direction, namespace: string, subjects: readonly Subject[]): { name: string; rules: string[] } | undefined {
  const policies = subjects.flatMap((subject) => subject[direction] ?? []).toSorted();
  if (policies.length === 0) return undefined;
  return { name: `isolated/${direction}/${namespace}/${digest(policies)}`, rules: [...policies.map((chain) => `jump ${chain}`), 'drop'] };
}
