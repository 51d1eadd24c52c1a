/** A pod as network policies see it. */
import { isPodTerminal } from '../../kube/pods.ts';
import type { Container, Pod, PodSpec } from '../../kube/types.ts';

/** Only what policies ask about. */
export interface PolicyPod {
  namespace: string;
  labels: Record<string, string>;
  address: string;
  /** The address of its node, once the kubelet has told it. */
  node?: string;
  /** Containers with their ports. */
  spec: Pick<PodSpec, 'containers' | 'initContainers'>;
}

/**
 * Undefined for pods that policies neither select nor name as peers: on the host's network, finished, or without an address.
 * `attached` is the address it has in our network, known before its status tells it.
 */
export function policyPod({ metadata, spec, status }: Pod, attached?: string): PolicyPod | undefined {
  const address = attached ?? status?.podIP;
  if (!address || address.includes(':') || spec === undefined || spec.hostNetwork === true || isPodTerminal({ metadata, status } as Pod)) return undefined;
  const { containers, initContainers } = spec;
  return {
    namespace: metadata.namespace ?? '',
    labels: metadata.labels ?? {},
    address,
    ...(status?.hostIP ? { node: status.hostIP } : {}),
    spec: { containers, ...(initContainers ? { initContainers } : {}) },
  };
}

/** The cluster's name server is no pod here, but policies are written for the one that serves the name elsewhere: CoreDNS, as kubeadm labels it. */
export function dnsPod(address: string): PolicyPod {
  const ports: Container['ports'] = [
    { name: 'dns', containerPort: 53, protocol: 'UDP' },
    { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
  ];
  return { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, address, spec: { containers: [{ name: 'coredns', ports }] } };
}
