/** Which address a service of type LoadBalancer gets. */
import type { Service } from '../../kube/types.ts';

/** The usable addresses of an IPv4 network, '172.31.0.0/24' being .1 to .254. Throws an Error that says what is wrong. */
export function* addressesIn(cidr: string): Generator<string> {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  const numbers = match?.slice(1).map(Number) ?? [];
  const [a = 256, b = 256, c = 256, d = 256, bits = 33] = numbers;
  if (Math.max(a, b, c, d) > 255 || bits > 30 || bits < 8)
    throw new Error(`loadBalancerCidr '${cidr}' must be an IPv4 network of /8 to /30, such as 172.31.0.0/24`);
  const size = 2 ** (32 - bits);
  const base = Math.floor((((a * 256 + b) * 256 + c) * 256 + d) / size) * size;
  for (let address = base + 1; address < base + size - 1; address++) {
    yield [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.');
  }
}

export function wantsLoadBalancer(service: Service): boolean {
  return service.spec?.type === 'LoadBalancer' && service.spec.loadBalancerClass === undefined && service.metadata.deletionTimestamp === undefined;
}

export function addressOf(service: Service): string | undefined {
  return service.status?.loadBalancer?.ingress?.[0]?.ip;
}

/** The lowest free address, or the one the service asks for; undefined when there is none. */
export function chooseAddress(service: Service, cidr: string, taken: ReadonlySet<string>): string | undefined {
  const asked = service.spec?.loadBalancerIP;
  for (const address of addressesIn(cidr)) {
    if (!taken.has(address) && (!asked || asked === address)) return address;
  }
  return undefined;
}
