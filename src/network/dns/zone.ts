/** What the cluster's DNS answers, after the Kubernetes DNS specification 1.1.0 (kubernetes/dns). Pure: reads objects, no sockets. */
import type { EndpointSlice, Service } from '../../kube/types.ts';

/** Where objects are looked up: informers in the process, maps in tests. */
export interface ZoneSource {
  service(namespace: string, name: string): Service | undefined;
  slices(namespace: string, service: string): readonly EndpointSlice[];
  /** Any service there is in the namespace: tells an empty name from an unknown one. */
  hasServices(namespace: string): boolean;
  serviceByAddress(address: string): Service | undefined;
  slicesByAddress(address: string): readonly EndpointSlice[];
  /** Whether reverse look-ups of the address are ours to answer. */
  owns(address: string): boolean;
}

export type ZoneRecord =
  | { type: 'A'; name: string; data: string }
  | { type: 'CNAME' | 'PTR'; name: string; data: string }
  | { type: 'TXT'; name: string; data: string }
  | { type: 'SRV'; name: string; data: { priority: number; weight: number; port: number; target: string } };

export type Resolution =
  /** Not ours: ask the machine's resolvers. */
  | { kind: 'forward' }
  | { kind: 'unknown' }
  /** `answers` may be empty: the name is there, records of this type are not. `follow` is a name outside, to be asked for as well. */
  | { kind: 'found'; answers: ZoneRecord[]; additionals: ZoneRecord[]; follow?: string };

export const ZONE = 'cluster.local';
const MAX_ANSWERS = 256;
const IPV4_DASHED = /^\d{1,3}(-\d{1,3}){3}$/;

/** `name` in any case, with or without a final dot; `type` as in 'A', 'SRV'. */
export function resolve(name: string, type: string, source: ZoneSource): Resolution {
  const lower = name.toLowerCase().replace(/\.$/, '');
  if (lower.endsWith('.in-addr.arpa')) return reverse(lower, type, source);
  if (lower !== ZONE && !lower.endsWith(`.${ZONE}`)) return { kind: 'forward' };
  const labels = lower === ZONE ? [] : lower.slice(0, -(ZONE.length + 1)).split('.');
  const branch = labels.pop();
  if (branch === undefined) return found([]);
  if (branch === 'dns-version' && labels.length === 0) return found(type === 'TXT' ? [{ type: 'TXT', name: lower, data: '1.1.0' }] : []);
  if (branch === 'pod') return podName(labels, lower, type);
  if (branch === 'svc') return serviceName(labels, lower, type, source);
  return { kind: 'unknown' };
}

function found(answers: ZoneRecord[], additionals: ZoneRecord[] = []): Resolution {
  return { kind: 'found', answers: answers.slice(0, MAX_ANSWERS), additionals: additionals.slice(0, MAX_ANSWERS) };
}

/** '10-1-0-5.ns.pod': the address that the name says. */
function podName(labels: readonly string[], name: string, type: string): Resolution {
  if (labels.length < 2) return found([]);
  const [dashed = ''] = labels;
  if (labels.length > 2 || !IPV4_DASHED.test(dashed)) return { kind: 'unknown' };
  return found(type === 'A' ? [{ type: 'A', name, data: dashed.replaceAll('-', '.') }] : []);
}

/** `labels` are what stands before 'svc': [..., service, namespace]. */
function serviceName(labels: readonly string[], name: string, type: string, source: ZoneSource): Resolution {
  const namespace = labels.at(-1);
  if (namespace === undefined) return found([]);
  const serviceLabel = labels.at(-2);
  if (serviceLabel === undefined) return source.hasServices(namespace) ? found([]) : { kind: 'unknown' };
  const service = source.service(namespace, serviceLabel);
  if (service === undefined) return { kind: 'unknown' };
  const prefix = labels.slice(0, -2);
  const fullName = `${serviceLabel}.${namespace}.svc.${ZONE}`;
  if (service.spec?.type === 'ExternalName') return prefix.length === 0 ? externalName(service, name) : { kind: 'unknown' };
  const targets = targetsOf(service, fullName, source);
  if (prefix.length === 0) return serviceItself(service, targets, name, type);
  if (prefix.length === 1) return endpointName(prefix[0]!, targets, name, type);
  if (prefix.length === 2) return portName(prefix[0]!, prefix[1]!, targets, name, type);
  return { kind: 'unknown' };
}

function externalName(service: Service, name: string): Resolution {
  const target = (service.spec?.externalName ?? '').replace(/\.$/, '');
  return { kind: 'found', answers: [{ type: 'CNAME', name, data: target }], additionals: [], follow: target };
}

/** A thing that a service name stands for: its cluster address, or each endpoint of a headless service. */
interface Target {
  /** The name of its own, for SRV. */
  name: string;
  address: string;
  /** The first label of `name`, only for endpoints. */
  label?: string;
  ports: readonly { name: string; protocol: string; port: number }[];
}

function targetsOf(service: Service, fullName: string, source: ZoneSource): Target[] {
  const address = service.spec?.clusterIP ?? 'None';
  if (address !== 'None' && address !== '') {
    const ports = (service.spec?.ports ?? []).map((p) => ({ name: p.name ?? '', protocol: (p.protocol ?? 'TCP').toLowerCase(), port: p.port }));
    return [{ name: fullName, address, ports }];
  }
  const targets = new Map<string, Target>();
  for (const slice of source.slices(service.metadata.namespace ?? '', service.metadata.name ?? '')) {
    if (slice.addressType !== 'IPv4') continue;
    const ports = (slice.ports ?? []).map((p) => ({ name: p.name ?? '', protocol: (p.protocol ?? 'TCP').toLowerCase(), port: p.port ?? 0 }));
    for (const { addresses, hostname, conditions } of slice.endpoints ?? []) {
      const ip = addresses[0];
      if (ip === undefined || conditions?.ready === false) continue;
      const label = hostname ?? ip.replaceAll('.', '-');
      targets.set(`${label}/${ip}`, { name: `${label}.${fullName}`, address: ip, label, ports });
    }
  }
  return [...targets.values()];
}

function serviceItself(service: Service, targets: readonly Target[], name: string, type: string): Resolution {
  // A headless service with nobody behind it is as good as unknown, as in a real cluster.
  if (targets.length === 0 && service.spec?.clusterIP === 'None') return { kind: 'unknown' };
  if (type === 'A') return found(targets.map(({ address }) => ({ type: 'A', name, data: address })));
  if (type === 'SRV')
    return srv(
      name,
      targets.flatMap((target) => target.ports.map((port) => ({ target, port: port.port }))),
    );
  return found([]);
}

function endpointName(label: string, targets: readonly Target[], name: string, type: string): Resolution {
  const mine = targets.filter((target) => target.label === label);
  if (mine.length === 0) return { kind: 'unknown' };
  return found(type === 'A' ? mine.map(({ address }) => ({ type: 'A', name, data: address })) : []);
}

/** '_http._tcp' */
function portName(port: string, protocol: string, targets: readonly Target[], name: string, type: string): Resolution {
  const hits = targets.flatMap((target) =>
    target.ports.filter((p) => p.name !== '' && `_${p.name}` === port && `_${p.protocol}` === protocol).map((p) => ({ target, port: p.port })),
  );
  if (hits.length === 0) return { kind: 'unknown' };
  return type === 'SRV' ? srv(name, hits) : found([]);
}

function srv(name: string, hits: readonly { target: Target; port: number }[]): Resolution {
  const weight = Math.max(1, Math.floor(100 / Math.max(1, hits.length)));
  const addresses = new Map(hits.map(({ target }) => [`${target.name}/${target.address}`, target]));
  return found(
    hits.map(({ target, port }) => ({ type: 'SRV', name, data: { priority: 0, weight, port, target: target.name } })),
    [...addresses.values()].map((target) => ({ type: 'A', name: target.name, data: target.address })),
  );
}

/** '5.0.101.10.in-addr.arpa' */
function reverse(name: string, type: string, source: ZoneSource): Resolution {
  const address = name.slice(0, -'.in-addr.arpa'.length).split('.').toReversed().join('.');
  if (!source.owns(address)) return { kind: 'forward' };
  const names: string[] = [];
  const service = source.serviceByAddress(address);
  if (service !== undefined) names.push(`${service.metadata.name}.${service.metadata.namespace}.svc.${ZONE}`);
  for (const slice of source.slicesByAddress(address)) {
    const owner = slice.metadata.labels?.['kubernetes.io/service-name'];
    const endpoint = slice.endpoints?.find((e) => e.addresses.includes(address));
    if (owner === undefined || endpoint === undefined) continue;
    names.push(`${endpoint.hostname ?? address.replaceAll('.', '-')}.${owner}.${slice.metadata.namespace}.svc.${ZONE}`);
  }
  if (names.length === 0) return { kind: 'unknown' };
  return found(type === 'PTR' ? names.map((data) => ({ type: 'PTR', name, data })) : []);
}
