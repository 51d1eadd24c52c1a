/** Which EndpointSlices show what somebody else wrote into a service's Endpoints (upstream's pkg/controller/endpointslicemirroring). */
import { isIP, SocketAddress } from 'node:net';
import { ownerReference } from '../../kube/owners.ts';
import type { Endpoints, EndpointSlice, Service } from '../../kube/types.ts';
import { MANAGED_BY, SERVICE_NAME, type SlicePlan } from '../endpointslice/decide.ts';
import { TRIGGER_TIME } from '../endpointslice/trigger-times.ts';
import { canonicalJson, sameValue } from '../shared/equal.ts';
import { repackSubsets, type Address, type Port } from './subsets.ts';

export const MIRROR = 'endpointslicemirroring-controller.k8s.io';
/** Of a subset; what is beyond is left out. */
export const MAX_ENDPOINTS = 1000;
const SKIP = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
/** About the Endpoints themselves, not about what they say. */
const NOT_MIRRORED = new Set([TRIGGER_TIME, 'kubectl.kubernetes.io/last-applied-configuration']);

type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

export interface MirrorPlan extends SlicePlan {
  /** Addresses that are none. */
  invalid: number;
  /** Addresses left out, invalid ones included. */
  skipped: number;
}

/** Services with a selector have slices of their own; Endpoints can ask to be left alone, and older leader elections use them as locks. */
export function isMirrored(endpoints: Endpoints | undefined, service: Service | undefined): endpoints is Endpoints {
  if (endpoints === undefined || service === undefined || Object.keys(service.spec?.selector ?? {}).length > 0) return false;
  const { labels, annotations } = endpoints.metadata;
  return labels?.[SKIP] !== 'true' && annotations?.[LEADER] === undefined;
}

/** `existing`: the slices that mirror these Endpoints now. One slice a set of ports and a family of addresses. */
export function planMirror(endpoints: Endpoints, existing: readonly EndpointSlice[]): MirrorPlan {
  const plan: MirrorPlan = { create: [], update: [], remove: [], invalid: 0, skipped: 0 };
  const unused = new Set(existing);
  const fresh: EndpointSlice[] = [];
  for (const wanted of wantedSlices(endpoints, plan)) {
    const found = existing.find((slice) => unused.has(slice) && contentKey(slice) === contentKey(wanted));
    if (found === undefined) {
      fresh.push(wanted);
      continue;
    }
    unused.delete(found);
    if (!isSame(found, wanted)) plan.update.push(inPlaceOf(found, wanted));
  }
  for (const wanted of fresh) {
    // A slice that would go becomes one that is needed; the family of a slice cannot change.
    const free = [...unused].find((slice) => slice.addressType === wanted.addressType);
    if (free === undefined) plan.create.push(wanted);
    else plan.update.push(inPlaceOf(free, wanted));
    if (free !== undefined) unused.delete(free);
  }
  plan.remove.push(...unused);
  if (endpoints.metadata.deletionTimestamp !== undefined) plan.create = [];
  return plan;
}

/** Counts in `tally` what has no place in them. */
function* wantedSlices(endpoints: Endpoints, tally: Pick<MirrorPlan, 'invalid' | 'skipped'>): Generator<EndpointSlice> {
  for (const { addresses, ports } of repackSubsets(endpoints.subsets)) {
    const families: Record<'IPv4' | 'IPv6', Endpoint[]> = { IPv4: [], IPv6: [] };
    let taken = 0;
    for (const { address, ready } of addresses) {
      if (taken >= MAX_ENDPOINTS) break;
      const ip = plainAddress(address.ip);
      if (ip === undefined) {
        tally.invalid++;
        continue;
      }
      taken++;
      families[isIP(ip) === 4 ? 'IPv4' : 'IPv6'].push(endpointOf(address, ip, ready));
    }
    tally.skipped += addresses.length - taken;
    for (const type of ['IPv4', 'IPv6'] as const) if (families[type].length > 0) yield sliceOf(endpoints, type, ports.map(portOf), families[type]);
  }
}

/** As Go writes it; undefined for what is no address. Old objects may have zeros in front of numbers. */
function plainAddress(text: string): string | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1] ?? text;
  const address = mapped.includes(':') ? mapped : mapped.replace(/(^|\.)0+(?=\d)/g, '$1');
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? address : new SocketAddress({ address, family: 'ipv6' }).address;
}

function endpointOf({ hostname, nodeName, targetRef }: Address, ip: string, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}

function portOf({ name = '', port, protocol = 'TCP', appProtocol }: Port): NonNullable<EndpointSlice['ports']>[number] {
  return { name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) };
}

function sliceOf(source: Endpoints, addressType: 'IPv4' | 'IPv6', ports: NonNullable<EndpointSlice['ports']>, endpoints: Endpoint[]): EndpointSlice {
  const { name = '', namespace, labels, annotations } = source.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      ...(namespace ? { namespace } : {}),
      labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MIRROR },
      annotations: Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !NOT_MIRRORED.has(key))),
      ownerReferences: [ownerReference(source, { controller: true })],
    },
    addressType,
    endpoints,
    ports,
  };
}

function contentKey({ addressType, ports }: EndpointSlice): string {
  return `${addressType} ${(ports ?? []).map(canonicalJson).toSorted().join()}`;
}

function isSame(found: EndpointSlice, wanted: EndpointSlice): boolean {
  return (
    sameValue(found.endpoints, wanted.endpoints) &&
    sameValue(found.metadata.labels, wanted.metadata.labels) &&
    sameValue(found.metadata.annotations ?? {}, wanted.metadata.annotations) &&
    sameValue(found.metadata.ownerReferences, wanted.metadata.ownerReferences)
  );
}

/** As upstream, which puts a new slice in the place of the old: how the name was made is no longer known. */
function inPlaceOf(found: EndpointSlice, { metadata: { generateName: _generated, ...metadata }, ...wanted }: EndpointSlice): EndpointSlice {
  const { generateName: _forgotten, ...kept } = found.metadata;
  return { ...wanted, metadata: { ...kept, ...metadata } };
}
