/**
 * Addresses and node ports of services. Each stored state of a service holds its numbers once; a write holds those of the
 * state it is about to store, until it is refused or the state it replaces lets go of its own.
 */
import { invalid, type FieldError } from '../../../kube/status.ts';
import type { KubeObject, Service } from '../../../kube/types.ts';
import type { Random } from '../../../runtime/random.ts';
import type { ResourceDefinition } from '../../engine.ts';
import type { Store } from '../../store/store.ts';
import { contains, formatIp, parseCidr, parseIp, type Cidr } from './cidr.ts';
import { Pool } from './pool.ts';

type ServiceSpec = NonNullable<Service['spec']>;

const NODE_PORT_FIRST = 30_000;
const NODE_PORT_LAST = 32_767;
/** Upstream's static band of the node ports (KEP-3668). */
const NODE_PORT_DYNAMIC = NODE_PORT_FIRST + 86;

/** What a write was given; `release` gives it back when the write comes to nothing. */
export interface Allocation {
  release(): void;
}

const NOTHING: Allocation = { release() {} };

/** One number of a service's spec: which pool it is from. */
interface Held {
  pool: Pool;
  value: number;
}

export class ServiceAllocator {
  readonly #cidr: Cidr;
  readonly #random: Random;
  readonly #addresses: Pool;
  readonly #ports = new Pool(NODE_PORT_FIRST, NODE_PORT_LAST, NODE_PORT_DYNAMIC);

  /** `serviceCidr` such as '10.200.0.0/16'. Reads what the stored services hold and follows their changes. */
  constructor(store: Store, random: Random, serviceCidr: string) {
    this.#cidr = parseCidr(serviceCidr);
    this.#random = random;
    const [first, last] = [this.#cidr.first + 1, this.#cidr.first + this.#cidr.size - 2];
    // Upstream's static band (KEP-3070), from which the cluster's own services are numbered.
    this.#addresses = new Pool(first, last, Math.min(first + Math.min(Math.max(16, Math.floor(this.#cidr.size / 16)), 256), last));
    const services = store.collection('/services');
    for (const [, stored] of services.range())
      for (const { pool, value } of this.#numbersOf(stored.object as Service)) pool.take(value, holderOf(stored.object));
    // What the new state holds was taken when it was allocated.
    services.listen(({ previous }) => {
      if (previous !== undefined) this.#release(previous.object as Service);
    });
  }

  /** Fills in what a service still lacks, in place. Throws StatusError 422 for numbers that cannot be had. */
  allocate(definition: ResourceDefinition, object: KubeObject): Allocation {
    const service = object as Service;
    if (definition.group !== '' || definition.plural !== 'services' || service.spec === undefined) return NOTHING;
    const holder = holderOf(service);
    const taken: Held[] = [];
    const release = (): void => {
      for (const { pool, value } of taken) pool.release(value, holder);
    };
    const errors: FieldError[] = [];
    const take: Take = (pool, value, field, text) => {
      if (!pool.has(value)) errors.push({ reason: 'FieldValueInvalid', field, message: text.outOfRange });
      else if (pool.take(value, holder)) taken.push({ pool, value });
      else errors.push({ reason: 'FieldValueInvalid', field, message: text.taken });
    };
    const takeAny: TakeAny = (pool, field) => {
      const value = pool.takeAny(holder, this.#random);
      if (value !== undefined) taken.push({ pool, value });
      else errors.push({ reason: 'InternalError', field, message: 'Internal error: failed to allocate: the range is full' });
      return value;
    };
    this.#allocateAddress(service.spec, take, takeAny, errors);
    if (errors.length === 0) this.#allocatePorts(service.spec, take, takeAny);
    if (errors.length === 0) return { release };
    release();
    throw invalid({ group: '', kind: 'Service', name: service.metadata.name ?? '' }, errors);
  }

  #allocateAddress(spec: ServiceSpec, take: Take, takeAny: TakeAny, errors: FieldError[]): void {
    if (spec.type === 'ExternalName') {
      delete spec.clusterIP;
      delete spec.clusterIPs;
      return;
    }
    if (spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0) {
      fillFamilies(spec);
      return;
    }
    checkFamilies(spec, errors);
    if (errors.length > 0) return;
    const asked = spec.clusterIPs?.[0] || spec.clusterIP || '';
    let address = asked;
    if (asked === '') {
      const value = takeAny(this.#addresses, 'spec.clusterIPs');
      if (value !== undefined) address = formatIp(value);
    } else if (asked !== 'None') {
      const shown = `Invalid value: [${JSON.stringify(asked)}]: failed to allocate IP ${asked}:`;
      take(this.#addresses, parseIp(asked) ?? -1, 'spec.clusterIPs', {
        outOfRange: `${shown} the provided network does not match the current range`,
        taken: `${shown} provided IP is already allocated`,
      });
    }
    spec.clusterIP = address;
    spec.clusterIPs = [address];
    spec.ipFamilies ??= ['IPv4'];
    spec.ipFamilyPolicy ??= 'SingleStack';
  }

  #allocatePorts(spec: ServiceSpec, take: Take, takeAny: TakeAny): void {
    if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') return;
    const automatic = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false;
    /** One port number over several protocols has one node port (DNS over UDP and TCP). */
    const chosen = new Map<number, number>();
    const takePort = (value: number, field: string): void =>
      take(this.#ports, value, field, {
        outOfRange: `Invalid value: ${value}: provided port is not in the valid range. The range of valid ports is ${NODE_PORT_FIRST}-${NODE_PORT_LAST}`,
        taken: `Invalid value: ${value}: provided port is already allocated`,
      });
    for (const [i, port] of (spec.ports ?? []).entries()) {
      const field = `spec.ports[${i}].nodePort`;
      const same = chosen.get(port.port);
      if (port.nodePort) takePort(port.nodePort, field);
      else if (!automatic) continue;
      else if (same !== undefined) takePort((port.nodePort = same), field);
      else {
        const value = takeAny(this.#ports, field);
        if (value !== undefined) port.nodePort = value;
      }
      if (port.nodePort) chosen.set(port.port, port.nodePort);
    }
    if (spec.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local') return;
    if (spec.healthCheckNodePort) takePort(spec.healthCheckNodePort, 'spec.healthCheckNodePort');
    else {
      const value = takeAny(this.#ports, 'spec.healthCheckNodePort');
      if (value !== undefined) spec.healthCheckNodePort = value;
    }
  }

  #release(service: Service): void {
    for (const { pool, value } of this.#numbersOf(service)) pool.release(value, holderOf(service));
  }

  /** Everything a stored service holds, once for each time it names it. */
  #numbersOf({ spec }: Service): Held[] {
    const addresses = (spec?.clusterIPs ?? []).flatMap((text) => {
      const value = parseIp(text);
      return value !== undefined && contains(this.#cidr, value) ? [{ pool: this.#addresses, value }] : [];
    });
    const ports = [...(spec?.ports ?? []).map(({ nodePort }) => nodePort), spec?.healthCheckNodePort];
    return [...addresses, ...ports.flatMap((value) => (value ? [{ pool: this.#ports, value }] : []))];
  }
}

type Take = (pool: Pool, value: number, field: string, texts: { outOfRange: string; taken: string }) => void;
type TakeAny = (pool: Pool, field: string) => number | undefined;

function holderOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** A headless service without a selector may have endpoints of both families: they are not the cluster's. */
function fillFamilies(spec: ServiceSpec): void {
  spec.ipFamilyPolicy ??= 'RequireDualStack';
  const [first = 'IPv4', ...others] = spec.ipFamilies ?? [];
  if (spec.ipFamilyPolicy !== 'SingleStack' && others.length === 0) others.push(first === 'IPv4' ? 'IPv6' : 'IPv4');
  spec.ipFamilies = [first, ...others];
}

/** The cluster speaks IPv4 only. */
function checkFamilies(spec: ServiceSpec, errors: FieldError[]): void {
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    errors.push({
      reason: 'FieldValueInvalid',
      field: 'spec.ipFamilyPolicy',
      message: 'Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    });
  }
  const foreign = (spec.ipFamilies ?? []).findIndex((family) => family !== 'IPv4');
  if (foreign >= 0) {
    errors.push({
      reason: 'FieldValueInvalid',
      field: `spec.ipFamilies[${foreign}]`,
      message: `Invalid value: ${JSON.stringify(spec.ipFamilies?.[foreign])}: not configured on this cluster`,
    });
  }
}
