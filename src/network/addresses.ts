/** Which addresses cluster number i has. Pure. */

/** All IPv4, in text. */
export interface ClusterAddresses {
  /** Of the cluster, 0..MAX_CLUSTER_NUMBER. */
  number: number;
  podCidr: string;
  /** The router's address in the pod range: the pods' gateway. */
  podGateway: string;
  serviceCidr: string;
  /** The service 'kubernetes' in 'default'. */
  apiService: string;
  dnsService: string;
  nodeCidr: string;
  loadBalancerCidr: string;
  /** Ends of the link between the host and the router, a /30. Not link-local: endpoints may not be. */
  hostLink: string;
  routerLink: string;
  /** The link's name on the host. */
  hostDevice: string;
}

export const MAX_CLUSTER_NUMBER = 54;

/** Throws a RangeError for a number that has no ranges. */
export function clusterAddresses(number: number): ClusterAddresses {
  if (!Number.isInteger(number) || number < 0 || number > MAX_CLUSTER_NUMBER) {
    throw new RangeError(`cluster number ${number}: must be an integer from 0 to ${MAX_CLUSTER_NUMBER}`);
  }
  return {
    number,
    podCidr: `10.${100 + number}.0.0/16`,
    podGateway: `10.${100 + number}.0.1`,
    serviceCidr: `10.${200 + number}.0.0/16`,
    apiService: `10.${200 + number}.0.1`,
    dnsService: `10.${200 + number}.0.10`,
    nodeCidr: `172.30.${number}.0/24`,
    loadBalancerCidr: `172.31.${number}.0/24`,
    hostLink: `172.29.${number}.1`,
    routerLink: `172.29.${number}.2`,
    hostDevice: `ag${number}`,
  };
}

/** The address of node number `index` (from 0); the range holds 253. Throws a RangeError past that. */
export function nodeAddress(addresses: ClusterAddresses, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index > 252) throw new RangeError(`node number ${index}: ${addresses.nodeCidr} holds 253 nodes`);
  return `172.30.${addresses.number}.${index + 2}`;
}

export interface Range {
  start: number;
  /** Inclusive. */
  end: number;
}

/** 'a.b.c.d/n' or a single address. */
export function parseCidr(text: string): Range {
  const [address = '', bits = '32'] = text.split('/');
  const size = 2 ** (32 - Number(bits));
  const start = Math.floor(addressToNumber(address) / size) * size;
  return { start, end: start + size - 1 };
}

export function addressToNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function numberToAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/**
 * The lowest number from 1 on that no cluster has (`taken`) and whose ranges clash with no route of the machine (`routes`, CIDRs;
 * default routes left out). Throws when there is none.
 */
export function freeClusterNumber(taken: ReadonlySet<number>, routes: readonly string[]): number {
  const occupied = routes.map(parseCidr);
  const free = (number: number): boolean => {
    const a = clusterAddresses(number);
    const ranges = [a.podCidr, a.serviceCidr, a.nodeCidr, a.loadBalancerCidr, `${a.hostLink}/30`].map(parseCidr);
    return ranges.every((range) => occupied.every((other) => range.end < other.start || other.end < range.start));
  };
  for (let number = 1; number <= MAX_CLUSTER_NUMBER; number++) if (!taken.has(number) && free(number)) return number;
  throw new Error(`no addresses are left for another cluster (${MAX_CLUSTER_NUMBER} at most, less what this machine's routes use): delete one`);
}
