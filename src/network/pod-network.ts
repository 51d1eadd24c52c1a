/**
 * Networks of pods. What is known about a pod lives in the kernel, on the router's end of its veth pair: the name holds the address,
 * the alias the pod's uid. So nothing is to be kept on disk, and a restarted process finds everything again.
 */
import { existsSync } from 'node:fs';
import type { PodNetwork } from '../node/ports.ts';
import { addressToNumber, numberToAddress, parseCidr, type ClusterAddresses } from './addresses.ts';
import { clusterNamespace, namespacePath } from './cluster-namespace.ts';
import { ip, links } from './commands.ts';
import type { AttachedPod } from './policy/guard.ts';

/** The first addresses of the range are the gateway's and spare. */
const FIRST_OFFSET = 10;
const CLUSTER_DOMAIN = 'cluster.local';

type PodName = Omit<AttachedPod, 'ip'>;

interface Attachment {
  ip: string;
  path: string;
}

type Guard = (pod: AttachedPod) => Promise<void>;

/**
 * Opens the pod network of a cluster whose router is there; finds the pods that are attached already. `guard` resolves when the network
 * policies for a pod are in force: until then it is not given out.
 */
export async function openPodNetwork(clusterName: string, addresses: ClusterAddresses, guard: Guard = () => Promise.resolve()): Promise<PodNetwork> {
  const network = new VethNetwork(clusterName, addresses, guard);
  await network.load();
  return network;
}

class VethNetwork implements PodNetwork {
  readonly dns: PodNetwork['dns'];
  readonly #router: string;
  readonly #addresses: ClusterAddresses;
  readonly #guard: Guard;
  readonly #taken = new Map<number, string>();
  readonly #attached = new Map<string, Promise<Attachment>>();
  #next: number;
  readonly #first: number;
  readonly #last: number;

  constructor(clusterName: string, addresses: ClusterAddresses, guard: Guard) {
    this.#router = clusterNamespace(clusterName);
    this.#addresses = addresses;
    this.#guard = guard;
    const { start, end } = parseCidr(addresses.podCidr);
    this.#first = start + FIRST_OFFSET;
    this.#last = end - 1;
    this.#next = this.#first;
    this.dns = {
      nameserver: addresses.dnsService,
      searches: (namespace) => [`${namespace}.svc.${CLUSTER_DOMAIN}`, `svc.${CLUSTER_DOMAIN}`, CLUSTER_DOMAIN],
    };
  }

  async load(): Promise<void> {
    const halfMade: string[] = [];
    for (const { ifname, ifalias } of await links(this.#router)) {
      if (!ifname.startsWith('pod-')) continue;
      const address = parseCidr(this.#addresses.podCidr).start + Number.parseInt(ifname.slice(4), 16);
      const path = ifalias === undefined ? undefined : namespacePath(this.#namespaceOf(ifalias));
      if (ifalias === undefined || path === undefined || !existsSync(path)) {
        halfMade.push(ifname);
        continue;
      }
      this.#taken.set(address, ifalias);
      this.#attached.set(ifalias, Promise.resolve({ ip: numberToAddress(address), path }));
      this.#next = Math.max(this.#next, address + 1);
    }
    if (halfMade.length > 0)
      await ip(
        halfMade.map((device) => `link del ${device}`),
        this.#router,
      );
  }

  attach(pod: PodName): Promise<Attachment> {
    const known = this.#attached.get(pod.uid);
    if (known !== undefined) return known;
    const made = this.#make(pod);
    this.#attached.set(pod.uid, made);
    made.catch(() => this.#attached.delete(pod.uid));
    return made;
  }

  async detach(uid: string): Promise<void> {
    const attachment = this.#attached.get(uid);
    const made = await attachment?.catch(() => undefined);
    // Asked again while we waited, or attached anew: whoever removed the entry does the work.
    if (attachment !== undefined && this.#attached.get(uid) !== attachment) return;
    this.#attached.delete(uid);
    await this.#remove(uid, made === undefined ? undefined : addressToNumber(made.ip));
  }

  /** Two rounds of child processes, about 10 ms. */
  async #make({ uid, namespace: podNamespace, name }: PodName): Promise<Attachment> {
    const namespace = this.#namespaceOf(uid);
    const path = namespacePath(namespace);
    const address = this.#allocate(uid);
    const text = numberToAddress(address);
    const device = this.#deviceOf(address);
    const guarded = this.#guard({ uid, namespace: podNamespace, name, ip: text });
    // Looked at below, when the network is made.
    guarded.catch(() => undefined);
    try {
      // A leftover without a link to the router, or of a pod that died half made.
      if (existsSync(path)) await ip([`netns del ${namespace}`]);
      await ip([`netns add ${namespace}`, `link add ${device} netns ${this.#router} type veth peer name eth0 netns ${namespace}`]);
      await Promise.all([
        // Isolated: from port to port of the bridge nothing passes, all goes through the router, where policies are.
        ip([`link set ${device} master pods up alias ${uid}`, `link set ${device} type bridge_slave isolated on`], this.#router),
        ip(
          [
            'link set lo up',
            `addr add ${text}/32 dev eth0`,
            'link set eth0 up',
            `route add ${this.#addresses.podGateway} dev eth0 scope link src ${text}`,
            `route add default via ${this.#addresses.podGateway} dev eth0 src ${text}`,
          ],
          namespace,
        ),
        guarded,
      ]);
      return { path, ip: text };
    } catch (error) {
      await this.#remove(uid, address).catch(() => undefined);
      throw error;
    }
  }

  async #remove(uid: string, address: number | undefined): Promise<void> {
    const namespace = this.#namespaceOf(uid);
    const gone: Promise<void>[] = [];
    // Explicitly: as long as a process holds the namespace its devices stay, and the address would answer.
    if (address !== undefined) gone.push(ip([`link del ${this.#deviceOf(address)}`], this.#router).catch(() => undefined));
    if (existsSync(namespacePath(namespace))) gone.push(ip([`netns del ${namespace}`]));
    await Promise.all(gone);
    if (address !== undefined && this.#taken.get(address) === uid) this.#taken.delete(address);
  }

  /** Goes round the range, so that an address rests as long as possible before it is given out again. */
  #allocate(uid: string): number {
    for (let tries = this.#last - this.#first + 1; tries > 0; tries--) {
      const address = this.#next;
      this.#next = address >= this.#last ? this.#first : address + 1;
      if (this.#taken.has(address)) continue;
      this.#taken.set(address, uid);
      return address;
    }
    throw new Error(`no free address in ${this.#addresses.podCidr}`);
  }

  #deviceOf(address: number): string {
    return `pod-${(address - parseCidr(this.#addresses.podCidr).start).toString(16).padStart(4, '0')}`;
  }

  #namespaceOf(uid: string): string {
    return `${this.#router}.${uid.slice(0, 12)}`;
  }
}
