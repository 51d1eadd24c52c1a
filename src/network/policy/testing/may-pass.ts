/** Whether a packet may pass, straight from what the API's reference says of each field of a network policy. */
import { matcherOf } from '../../../kube/selectors.ts';
import type { Namespace, NetworkPolicy, Pod } from '../../../kube/types.ts';
import { addressToNumber, parseCidr } from '../../addresses.ts';

export interface PolicyWorld {
  policies: NetworkPolicy[];
  pods: Pod[];
  namespaces: Namespace[];
}

/** A first packet, after translation of services' addresses. */
export interface Packet {
  from: string;
  to: string;
  protocol: 'TCP' | 'UDP';
  port: number;
  /** Came by a node port or a load balancer. */
  external?: boolean;
}

type Rule = NonNullable<NonNullable<NetworkPolicy['spec']>['ingress']>[number];
type Peer = NonNullable<Rule['from']>[number];
type Port = NonNullable<Rule['ports']>[number];

/** `machine` is the address that the nodes' own traffic comes from. */
export function mayPass(world: PolicyWorld, packet: Packet, machine: string): boolean {
  const sender = podAt(world, packet.from);
  const receiver = podAt(world, packet.to);
  // "A pod cannot block access to itself"; "traffic to and from the node where a pod is running is always allowed".
  if (sender !== undefined && sender === receiver) return true;
  if (packet.from === machine && !packet.external) return true;
  const toOwnNode = sender !== undefined && sender.status?.hostIP === packet.to;
  return (toOwnNode || allows(world, 'Egress', sender, packet, packet.to)) && allows(world, 'Ingress', receiver, packet, packet.from);
}

function podAt({ pods }: PolicyWorld, address: string): Pod | undefined {
  return pods.find(
    ({ spec, status }) => status?.podIP === address && spec?.hostNetwork !== true && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
  );
}

function allows(world: PolicyWorld, direction: 'Ingress' | 'Egress', pod: Pod | undefined, packet: Packet, other: string): boolean {
  if (pod === undefined) return true;
  const isolating = world.policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace &&
      matcherOf(spec?.podSelector ?? {})(pod.metadata.labels) &&
      (spec?.policyTypes ?? (spec?.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'])).includes(direction),
  );
  if (isolating.length === 0) return true;
  return isolating.some(({ metadata, spec }) => {
    const rules =
      direction === 'Ingress'
        ? spec?.ingress?.map(({ from, ports }) => ({ peers: from, ports }))
        : spec?.egress?.map(({ to, ports }) => ({ peers: to, ports }));
    return (rules ?? []).some(
      ({ peers, ports }) =>
        (!peers?.length || peers.some((peer) => isPeer(world, metadata.namespace ?? '', peer, other))) &&
        (!ports?.length || ports.some((port) => isPort(world, port, packet))),
    );
  });
}

function isPeer(world: PolicyWorld, namespace: string, { ipBlock, podSelector, namespaceSelector }: Peer, address: string): boolean {
  if (ipBlock !== undefined) return isIn(ipBlock.cidr, address) && !ipBlock.except?.some((cidr) => isIn(cidr, address));
  const pod = podAt(world, address);
  if (pod === undefined) return false;
  const labels = world.namespaces.find(({ metadata }) => metadata.name === pod.metadata.namespace)?.metadata.labels;
  const rightNamespace = namespaceSelector === undefined ? pod.metadata.namespace === namespace : matcherOf(namespaceSelector)(labels);
  return rightNamespace && (podSelector === undefined || matcherOf(podSelector)(pod.metadata.labels));
}

function isIn(cidr: string, address: string): boolean {
  if (cidr.includes(':')) return false;
  const { start, end } = parseCidr(cidr);
  return addressToNumber(address) >= start && addressToNumber(address) <= end;
}

function isPort(world: PolicyWorld, { protocol = 'TCP', port, endPort }: Port, packet: Packet): boolean {
  if (protocol !== packet.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'number') return packet.port >= port && packet.port <= (endPort ?? port);
  const containers = podAt(world, packet.to)?.spec?.containers ?? [];
  return containers.some(({ ports }) => ports?.some((named) => named.name === port && named.protocol === protocol && named.containerPort === packet.port));
}
