/** One service and its endpoint slices → nftables rules. Pure. */
import type { EndpointSlice, Service } from '../kube/types.ts';
import { emptyRuleset, type Ruleset } from './ruleset.ts';

type ServicePort = NonNullable<NonNullable<Service['spec']>['ports']>[number];

export interface Endpoint {
  address: string;
  port: number;
}

const PROTOCOLS: Record<string, 'tcp' | 'udp'> = { TCP: 'tcp', UDP: 'udp' };
const AFFINITY_SECONDS = 10_800;
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * Cluster, external and load-balancer addresses and node ports of a service lead to a random ready endpoint (or, with session affinity,
 * to the one the client had). A port without endpoints has no rules: its addresses are the router's own, which refuses the connection.
 */
export function serviceRules(service: Service, slices: readonly EndpointSlice[]): Ruleset {
  const rules = emptyRuleset();
  if (service.spec?.type === 'ExternalName') return rules;
  for (const port of service.spec?.ports ?? []) addPort(rules, service, port, endpointsOf(port, slices));
  return rules;
}

/** Endpoints that take connections: the ready ones, or else those that still serve while they terminate (as upstream's proxies do). */
export function endpointsOf(port: { name?: string }, slices: readonly EndpointSlice[]): Endpoint[] {
  const ready = new Map<string, Endpoint>();
  const ending = new Map<string, Endpoint>();
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue;
    const number = slice.ports?.find((p) => (p.name ?? '') === (port.name ?? ''))?.port;
    if (number === undefined) continue;
    for (const { addresses, conditions } of slice.endpoints ?? []) {
      const address = addresses[0];
      if (address === undefined) continue;
      const endpoint = { address, port: number };
      if (conditions?.ready !== false) ready.set(`${address}:${number}`, endpoint);
      else if (conditions.serving && conditions.terminating) ending.set(`${address}:${number}`, endpoint);
    }
  }
  const chosen = ready.size > 0 ? ready : ending;
  // In a fixed order, so that equal endpoints give equal rules.
  return [...chosen.keys()].toSorted().map((key) => chosen.get(key)!);
}

function addPort(rules: Ruleset, service: Service, port: ServicePort, endpoints: readonly Endpoint[]): void {
  const protocol = PROTOCOLS[port.protocol ?? 'TCP'];
  if (protocol === undefined || endpoints.length === 0) return;
  const { metadata, spec } = service;
  const id = `${metadata.namespace}/${metadata.name}/${protocol}/${port.port}`;
  const chain = `svc/${id}`;
  const verdict = `goto ${chain}`;
  for (const address of addressesOf(service)) rules.services.set(`${address} . ${protocol} . ${port.port}`, verdict);
  const balancers = service.status?.loadBalancer?.ingress?.map((ingress) => ingress.ip ?? '').filter((ip) => IPV4.test(ip)) ?? [];
  const sources = spec?.loadBalancerSourceRanges?.filter((range) => !range.includes(':')) ?? [];
  if (spec?.type === 'LoadBalancer' && balancers.length > 0) {
    if (sources.length > 0) rules.chains.set(`lb/${id}`, [`ip saddr != { ${sources.join(', ')} } drop`, verdict]);
    for (const address of balancers) rules.services.set(`${address} . ${protocol} . ${port.port}`, sources.length > 0 ? `goto lb/${id}` : verdict);
  }
  if (port.nodePort) rules.nodePorts.set(`${protocol} . ${port.nodePort}`, verdict);
  for (const { address } of endpoints) rules.endpoints.add(address);
  if (spec?.sessionAffinity === 'ClientIP')
    addSticky(rules, chain, id, protocol, endpoints, spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS);
  else rules.chains.set(chain, [`meta l4proto ${protocol} dnat to ${randomOf(endpoints.map((e) => `${e.address} . ${e.port}`))}`]);
}

function addressesOf(service: Service): string[] {
  const { clusterIP, clusterIPs, externalIPs } = service.spec ?? {};
  return [...new Set([...(clusterIPs ?? [clusterIP ?? '']), ...(externalIPs ?? [])])].filter((ip) => IPV4.test(ip));
}

/** A value picked at random for each connection. */
function randomOf(values: readonly string[]): string {
  return `numgen random mod ${values.length} map { ${values.map((value, i) => `${i} : ${value}`).join(', ')} }`;
}

/** Each endpoint remembers its clients in a set of its own; the time starts anew with each connection. */
function addSticky(rules: Ruleset, chain: string, id: string, protocol: string, endpoints: readonly Endpoint[], seconds: number): void {
  const known: string[] = [];
  const choices: string[] = [];
  for (const { address, port } of endpoints) {
    const set = `aff${seconds}/${id}/${address}/${port}`;
    const endpointChain = `ep${seconds}/${id}/${address}/${port}`;
    rules.sets.set(set, `{ type ipv4_addr; flags dynamic, timeout; timeout ${seconds}s; }`);
    rules.chains.set(endpointChain, [`update @${set} { ip saddr }`, `meta l4proto ${protocol} dnat to ${address}:${port}`]);
    known.push(`ip saddr @${set} goto ${endpointChain}`);
    choices.push(`goto ${endpointChain}`);
  }
  rules.chains.set(chain, [...known, `numgen random mod ${choices.length} vmap { ${choices.map((choice, i) => `${i} : ${choice}`).join(', ')} }`]);
}
