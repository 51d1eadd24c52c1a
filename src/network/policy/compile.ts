/**
 * Network policies → chains and sets that say what each lets pass, without looking at pods yet. Pure.
 *
 * Every policy has a chain a direction, which accepts what it allows. Peers are sets of addresses, filled by `placePod`; a pod that comes or
 * goes changes elements of sets, never a rule. A named port is a set of address, protocol and port, as it means another number on each pod.
 */
import { createHash } from 'node:crypto';
import { matcherOf, type Matcher } from '../../kube/selectors.ts';
import type { NetworkPolicy } from '../../kube/types.ts';
import { numberToAddress, parseCidr, type Range } from '../addresses.ts';
import type { PolicyPod } from './pod.ts';
import { merged, without } from './ranges.ts';

type Spec = NonNullable<NetworkPolicy['spec']>;
type IngressRule = NonNullable<Spec['ingress']>[number];
type Peer = NonNullable<IngressRule['from']>[number];
type Port = NonNullable<IngressRule['ports']>[number];

export type Direction = 'ingress' | 'egress';

/** A policy's pods; `ingress` and `egress` name the chains, for the directions in which it isolates them. */
export interface Subject {
  selects: Matcher;
  ingress?: string;
  egress?: string;
}

/** Pods that a rule names as its other side. */
export interface PeerSet {
  set: string;
  includes(pod: PolicyPod, namespaceLabels: Record<string, string>): boolean;
}

export interface PortSet {
  set: string;
  name: string;
  protocol: string;
}

export interface CompiledPolicies {
  chains: ReadonlyMap<string, readonly string[]>;
  /** Name to definition. */
  sets: ReadonlyMap<string, string>;
  /** By the policies' namespace. */
  subjects: ReadonlyMap<string, readonly Subject[]>;
  peers: readonly PeerSet[];
  ports: readonly PortSet[];
}

const CHAIN_NAME_MAX = 200;
const PORT_MAX = 65_535;
const ADDRESS_MAX = 2 ** 32 - 1;
/** Where the other side's address stands in a packet. */
const OTHER_SIDE: Record<Direction, string> = { ingress: 'ip saddr', egress: 'ip daddr' };

/** Expects policies that the API has accepted; fields it would have filled in may be missing. */
export function compilePolicies(policies: readonly NetworkPolicy[]): CompiledPolicies {
  const chains = new Map<string, readonly string[]>();
  const sets = new Map<string, string>();
  const subjects = new Map<string, Subject[]>();
  const peers = new Map<string, PeerSet>();
  const ports = new Map<string, PortSet>();

  function addPeers(namespace: string, list: readonly Peer[]): string {
    const set = `peers/${digest(list.map((peer) => [peer.namespaceSelector === undefined ? namespace : '', peer]))}`;
    if (!peers.has(set)) {
      const matchers = list.map((peer) => peerMatcher(namespace, peer));
      peers.set(set, { set, includes: (pod, labels) => matchers.some((matches) => matches(pod, labels)) });
      sets.set(set, '{ type ipv4_addr; }');
    }
    return set;
  }

  function addPort(protocol: string, name: string): string {
    const set = `port/${protocol.toLowerCase()}/${name}`;
    ports.set(set, { set, name, protocol });
    sets.set(set, '{ type ipv4_addr . inet_proto . inet_service; }');
    return set;
  }

  function addRules(policy: NetworkPolicy, direction: Direction, list: readonly { peers: readonly Peer[]; ports: readonly Port[] }[]): string {
    const { namespace = '', name = '' } = policy.metadata;
    const chain = chainName(direction, namespace, name);
    const rules = list.flatMap((rule) => {
      const portMatches = matchesOfPorts(rule.ports, addPort);
      return matchesOfPeers(OTHER_SIDE[direction], rule.peers, (pods) => addPeers(namespace, pods)).flatMap((peer) =>
        portMatches.map((port) => [peer, port, 'accept'].filter((part) => part !== '').join(' ')),
      );
    });
    chains.set(chain, rules);
    return chain;
  }

  for (const policy of policies) {
    const { namespace = '' } = policy.metadata;
    const { podSelector = {}, ingress = [], egress = [] } = policy.spec ?? {};
    const types = policy.spec?.policyTypes?.length ? policy.spec.policyTypes : ['Ingress', ...(egress.length > 0 ? ['Egress'] : [])];
    const subject: Subject = {
      selects: matcherOf(podSelector),
      ...(types.includes('Ingress')
        ? {
            ingress: addRules(
              policy,
              'ingress',
              ingress.map((rule) => ({ peers: rule.from ?? [], ports: rule.ports ?? [] })),
            ),
          }
        : {}),
      ...(types.includes('Egress')
        ? {
            egress: addRules(
              policy,
              'egress',
              egress.map((rule) => ({ peers: rule.to ?? [], ports: rule.ports ?? [] })),
            ),
          }
        : {}),
    };
    const there = subjects.get(namespace);
    if (there === undefined) subjects.set(namespace, [subject]);
    else there.push(subject);
  }
  return { chains, sets, subjects, peers: [...peers.values()], ports: [...ports.values()] };
}

/** Short, and the same for equal values. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

/** nftables takes 255 characters; names of policies may be as long. */
function chainName(direction: Direction, namespace: string, name: string): string {
  const plain = `${direction}/${namespace}/${name}`;
  return plain.length <= CHAIN_NAME_MAX ? plain : `${direction}/${namespace}/${digest(name)}`;
}

function peerMatcher(namespace: string, { podSelector = {}, namespaceSelector }: Peer): PeerSet['includes'] {
  const selectsPod = matcherOf(podSelector);
  if (namespaceSelector === undefined) return (pod) => pod.namespace === namespace && selectsPod(pod.labels);
  const selectsNamespace = matcherOf(namespaceSelector);
  return (pod, labels) => selectsNamespace(labels) && selectsPod(pod.labels);
}

/** One match for all pods, one for all blocks; '' matches everything. */
function matchesOfPeers(side: string, peers: readonly Peer[], addPeers: (pods: readonly Peer[]) => string): string[] {
  if (peers.length === 0) return [''];
  const matches: string[] = [];
  const pods = peers.filter((peer) => peer.ipBlock === undefined);
  if (pods.length > 0) matches.push(`${side} @${addPeers(pods)}`);
  const ranges = merged(peers.flatMap((peer) => blockRanges(peer)));
  if (ranges.length > 0) matches.push(isEverything(ranges) ? '' : `${side} { ${ranges.map(addressRange).join(', ')} }`);
  return matches;
}

/** Pods have IPv4 addresses only: a block of others matches none. */
function blockRanges({ ipBlock }: Peer): Range[] {
  if (ipBlock === undefined || ipBlock.cidr.includes(':')) return [];
  return without(parseCidr(ipBlock.cidr), (ipBlock.except ?? []).map(parseCidr));
}

function isEverything([first]: readonly Range[]): boolean {
  return first?.start === 0 && first.end === ADDRESS_MAX;
}

function addressRange({ start, end }: Range): string {
  return start === end ? numberToAddress(start) : `${numberToAddress(start)}-${numberToAddress(end)}`;
}

/** One match for all numbers, one for each name; '' matches everything. */
function matchesOfPorts(ports: readonly Port[], addPort: (protocol: string, name: string) => string): string[] {
  if (ports.length === 0) return [''];
  const matches: string[] = [];
  const numbers = new Map<string, Range[]>();
  for (const { protocol = 'TCP', port, endPort } of ports) {
    if (typeof port === 'string') {
      matches.push(`ip daddr . meta l4proto . th dport @${addPort(protocol, port)}`);
      continue;
    }
    const range = port === undefined ? { start: 0, end: PORT_MAX } : { start: port, end: endPort ?? port };
    numbers.set(protocol, [...(numbers.get(protocol) ?? []), range]);
  }
  const elements = [...numbers].flatMap(([protocol, ranges]) => merged(ranges).map((range) => `${protocol.toLowerCase()} . ${portRange(range)}`));
  if (elements.length > 0) matches.push(`meta l4proto . th dport { ${elements.join(', ')} }`);
  return matches;
}

function portRange({ start, end }: Range): string {
  return start === end ? String(start) : `${start}-${end}`;
}
