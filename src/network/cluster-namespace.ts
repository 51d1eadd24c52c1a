/** The router of a cluster: the namespace `argosy.NAME`, its link to the host, and the way out. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { clusterAddresses, type ClusterAddresses } from './addresses.ts';
import { batch, ip, links, run } from './commands.ts';

const NETNS_DIR = '/run/netns';
/** Which devices of the host we switched to forwarding: switched back when the last cluster goes. */
const FORWARDING_DIR = '/run/argosy/forwarding';

export function clusterNamespace(name: string): string {
  return `argosy.${name}`;
}

/** Of the namespace's file, for nsenter and container runtimes. */
export function namespacePath(namespace: string): string {
  return `${NETNS_DIR}/${namespace}`;
}

/**
 * Makes the router of cluster `name` with the addresses of number `number`, or leaves it as it is when it is whole
 * (the pods' namespaces with it: containers that survived keep their network). Takes about 40 ms.
 */
export async function ensureClusterNetwork(name: string, number: number): Promise<ClusterAddresses> {
  const addresses = clusterAddresses(number);
  const state = await look(name, addresses);
  // Both mean child processes: each waits for the kernel.
  await Promise.all([state === 'whole' ? undefined : remake(name, addresses, state), allowEgress(name, addresses)]);
  switchForwardingOn(addresses.hostDevice);
  return addresses;
}

async function remake(name: string, addresses: ClusterAddresses, state: 'none' | 'broken'): Promise<void> {
  if (state === 'broken') await removeRouter(name);
  await makeRouter(name, addresses);
}

/** The host's routes are made last, so they tell that everything before was done. */
async function look(name: string, addresses: ClusterAddresses): Promise<'none' | 'broken' | 'whole'> {
  const router = clusterNamespace(name);
  const own = (await links()).filter((link) => link.ifalias === router);
  if (own.length === 0 && namespacesOf(name).length === 0) return 'none';
  if (own[0]?.ifname !== addresses.hostDevice || !existsSync(namespacePath(router))) return 'broken';
  const routes = await hostRoutes();
  return routes.some((route) => route.dev === addresses.hostDevice && route.dst === addresses.loadBalancerCidr) ? 'whole' : 'broken';
}

async function makeRouter(name: string, a: ClusterAddresses): Promise<void> {
  const router = clusterNamespace(name);
  await ip([`netns add ${router}`, `link add ${a.hostDevice} type veth peer name up0 netns ${router}`, `link set ${a.hostDevice} alias ${router}`]);
  await run(
    'nsenter',
    [`--net=${namespacePath(router)}`, 'sh', '-c', `${SYSCTLS}exec ip -batch -`],
    batch([
      'link set lo up',
      `addr add ${a.routerLink}/30 dev up0`,
      'link set up0 up',
      `route add default via ${a.hostLink}`,
      'link add pods type bridge',
      `addr add ${a.podGateway}/16 dev pods`,
      'link set pods up',
      // Addresses of services, nodes and load balancers are the router's own: nftables sends them on, what nobody serves is refused at once.
      ...[a.serviceCidr, a.nodeCidr, a.loadBalancerCidr].map((cidr) => `route add local ${cidr} dev lo`),
    ]),
  );
  await ip([
    `addr add ${a.hostLink}/30 dev ${a.hostDevice}`,
    `link set ${a.hostDevice} up`,
    ...[a.podCidr, a.serviceCidr, a.nodeCidr, a.loadBalancerCidr].map((cidr) => `route add ${cidr} via ${a.routerLink} dev ${a.hostDevice}`),
  ]);
}

/**
 * Pods talk to each other through the router (their addresses are /32), which therefore must not tell them of a shorter way (redirects);
 * filtering of bridged frames would see every packet twice.
 */
const SYSCTLS = `
cd /proc/sys/net
echo 1 > ipv4/ip_forward
for c in all default; do echo 0 > ipv4/conf/$c/send_redirects; echo 0 > ipv4/conf/$c/rp_filter; done
[ ! -e bridge/bridge-nf-call-iptables ] || echo 0 > bridge/bridge-nf-call-iptables
`;

/** Pods may reach what the host reaches; other clusters they may not. A host that cannot do this keeps clusters that work inside. */
async function allowEgress(name: string, a: ClusterAddresses): Promise<void> {
  const table = egressTable(name);
  await run(
    'nft',
    ['-f', '-'],
    `
add table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname "${a.hostDevice}" oifname "ag*" drop
    iifname "${a.hostDevice}" tcp flags syn tcp option maxseg size set rt mtu
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${a.podCidr} oifname != "${a.hostDevice}" masquerade
    ip saddr ${a.routerLink} oifname != "${a.hostDevice}" masquerade
  }
}
`,
  );
  // Forwarding is asked of the device a packet comes in by: the link (in `ensureClusterNetwork`) for requests, the uplinks for answers.
  for (const { dev, dst } of await hostRoutes()) if (dst === 'default') switchForwardingOn(dev);
}

function switchForwardingOn(device: string): void {
  const path = forwardingPath(device);
  try {
    if (readFileSync(path, 'utf8').trim() === '1') return;
    writeFileSync(path, '1');
    mkdirSync(FORWARDING_DIR, { recursive: true, mode: 0o700 });
    writeFileSync(`${FORWARDING_DIR}/${device}`, '');
  } catch {
    // A read-only /proc/sys (a container without the right): no way out, the rest works.
  }
}

function forwardingPath(device: string): string {
  return `/proc/sys/net/ipv4/conf/${device}/forwarding`;
}

function egressTable(name: string): string {
  return `argosy-${name}`;
}

/** Removes everything of the cluster's network: router, pods' namespaces, host link, egress rules. Idempotent; also after kill -9. */
export async function removeClusterNetwork(name: string): Promise<void> {
  const othersLeft = await removeRouter(name);
  await run('nft', ['-f', '-'], `add table ip ${egressTable(name)}\ndelete table ip ${egressTable(name)}\n`);
  if (!othersLeft) restoreForwarding();
}

/** Answers whether there are other clusters. */
async function removeRouter(name: string): Promise<boolean> {
  const router = clusterNamespace(name);
  const hostLinks = await links();
  const own = hostLinks.filter((link) => link.ifalias === router).map((link) => link.ifname);
  const present = namespacesOf(name);
  // The link first and by itself: a namespace's devices go some time after it, and the name must be free at once.
  if (own.length > 0) await ip(own.map((device) => `link del ${device}`));
  if (present.length > 0) await ip(present.map((namespace) => `netns del ${namespace}`));
  return hostLinks.some((link) => link.ifalias?.startsWith('argosy.') && !own.includes(link.ifname));
}

/** The router's namespace and the pods', as far as they are there. */
export function namespacesOf(name: string): string[] {
  if (!existsSync(NETNS_DIR)) return [];
  const router = clusterNamespace(name);
  return readdirSync(NETNS_DIR).filter((entry) => entry === router || (entry.startsWith(`${router}.`) && !entry.slice(router.length + 1).includes('.')));
}

function restoreForwarding(): void {
  if (!existsSync(FORWARDING_DIR)) return;
  for (const device of readdirSync(FORWARDING_DIR)) {
    if (existsSync(forwardingPath(device))) writeFileSync(forwardingPath(device), '0');
  }
  rmSync(FORWARDING_DIR, { recursive: true });
}

interface Route {
  dst: string;
  dev: string;
}

async function hostRoutes(): Promise<Route[]> {
  return JSON.parse((await run('ip', ['-4', '-j', 'route'])) || '[]') as Route[];
}

/** What this machine's addresses are taken by: numbers of clusters that are up, and CIDRs of routes that are not ours. */
export async function takenAddresses(): Promise<{ numbers: Set<number>; routes: string[] }> {
  const own = (await links()).filter((link) => link.ifalias?.startsWith('argosy.')).map((link) => link.ifname);
  return {
    numbers: new Set(own.map((device) => Number(device.slice(2))).filter(Number.isInteger)),
    routes: (await hostRoutes()).filter((route) => route.dst !== 'default' && !own.includes(route.dev)).map((route) => route.dst),
  };
}
