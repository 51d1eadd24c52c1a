/** Endpoints and their slices, in upstream's words. */
import { isIP } from 'node:net';
import type { IEndpoints } from 'kubernetes-models/v1/Endpoints';
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from '../names.ts';
import type { EndpointSlice, WithMeta } from '../types.ts';
import { validateAddress, validateEndpointAddress } from './addresses.ts';
import { duplicate, immutable, invalidValue, named, notSupported, portNumber, required, sorted, tooMany, type Errors } from './field.ts';
import { validateLabels } from './metadata.ts';

export type Endpoints = WithMeta<IEndpoints>;
type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];
type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const MAX = { endpoints: 1000, addresses: 100, ports: 20_000, topology: 16, zoneHints: 8, nodeHints: 8 };

export function validateEndpoints(errors: Errors, { subsets }: Endpoints, old: Endpoints | undefined): void {
  const found: Errors = [];
  for (const [i, subset] of (subsets ?? []).entries()) validateSubset(found, `subsets[${i}]`, subset ?? {});
  if (found.length > 0 && !unchanged(subsets, old?.subsets)) errors.push(...found);
}

/** What older versions took stays. */
function unchanged(value: unknown, old: unknown): boolean {
  return old !== undefined && JSON.stringify(sorted(value)) === JSON.stringify(sorted(old));
}

function validateSubset(errors: Errors, at: string, { addresses, notReadyAddresses, ports }: Subset): void {
  if (!addresses?.length && !notReadyAddresses?.length) errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'));
  for (const [i, address] of (addresses ?? []).entries()) validateSubsetAddress(errors, `${at}.addresses[${i}]`, address);
  for (const [i, address] of (notReadyAddresses ?? []).entries()) validateSubsetAddress(errors, `${at}.notReadyAddresses[${i}]`, address);
  for (const [i, port] of (ports ?? []).entries()) {
    const here = `${at}.ports[${i}]`;
    const { name, port: number = 0, protocol, appProtocol } = port ?? {};
    if (name) named(errors, `${here}.name`, name, isDns1123Label);
    else if ((ports ?? []).length > 1) errors.push(required(`${here}.name`));
    portNumber(errors, `${here}.port`, number);
    if (!protocol) errors.push(required(`${here}.protocol`));
    else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${here}.protocol`, protocol, PROTOCOLS));
    if (appProtocol !== undefined) named(errors, `${here}.appProtocol`, appProtocol, isQualifiedName);
  }
}

function validateSubsetAddress(errors: Errors, at: string, address: Address): void {
  const { ip = '', hostname, nodeName } = address ?? {};
  validateAddress(errors, `${at}.ip`, ip);
  if (hostname) named(errors, `${at}.hostname`, hostname, isDns1123Label);
  if (nodeName !== undefined) named(errors, `${at}.nodeName`, nodeName, isDns1123Subdomain);
  validateEndpointAddress(errors, `${at}.ip`, ip);
}

export function validateEndpointSlice(errors: Errors, slice: EndpointSlice, old: EndpointSlice | undefined): void {
  const { addressType, endpoints, ports } = slice;
  if (!addressType) errors.push(required('addressType'));
  else if (!ADDRESS_TYPES.includes(addressType)) errors.push(notSupported('addressType', addressType, ADDRESS_TYPES));
  validateSlicePorts(errors, ports ?? []);
  const found: Errors = [];
  const listed = endpoints ?? [];
  if (listed.length > MAX.endpoints) found.push(tooMany('endpoints', listed.length, MAX.endpoints));
  else for (const [i, endpoint] of listed.entries()) validateEndpoint(found, `endpoints[${i}]`, addressType, endpoint ?? {});
  if (found.length > 0 && !unchanged(endpoints, old?.endpoints)) errors.push(...found);
  if (old) immutable(errors, 'addressType', addressType, old.addressType);
}

function validateSlicePorts(errors: Errors, ports: NonNullable<EndpointSlice['ports']>): void {
  if (ports.length > MAX.ports) {
    errors.push(tooMany('ports', ports.length, MAX.ports));
    return;
  }
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const { name = '', protocol, appProtocol } = port ?? {};
    if (name !== '') named(errors, `ports[${i}].name`, name, isDns1123Label);
    if (names.has(name)) errors.push(duplicate(`ports[${i}].name`, name));
    names.add(name);
    if (protocol === undefined) errors.push(required(`ports[${i}].protocol`));
    else if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`ports[${i}].protocol`, protocol, PROTOCOLS));
    if (appProtocol !== undefined) named(errors, `ports[${i}].appProtocol`, appProtocol, isQualifiedName);
  }
}

function validateEndpoint(errors: Errors, at: string, addressType: string, endpoint: Partial<Endpoint>): void {
  const { addresses, nodeName, deprecatedTopology, hostname, hints } = endpoint;
  const listed = addresses ?? [];
  if (listed.length === 0) errors.push(required(`${at}.addresses`));
  else if (listed.length > MAX.addresses) errors.push(tooMany(`${at}.addresses`, listed.length, MAX.addresses));
  for (const [i, address] of listed.entries()) validateOfType(errors, `${at}.addresses`, i, addressType, address);
  if (nodeName !== undefined) named(errors, `${at}.nodeName`, nodeName, isDns1123Subdomain);
  const labels = Object.keys(deprecatedTopology ?? {}).length;
  if (labels > MAX.topology) errors.push(tooMany(`${at}.deprecatedTopology`, labels, MAX.topology));
  validateLabels(errors, `${at}.deprecatedTopology`, deprecatedTopology);
  if (hostname !== undefined) named(errors, `${at}.hostname`, hostname, isDns1123Label);
  validateHints(errors, `${at}.hints.forZones`, hints?.forZones, MAX.zoneHints, isLabelValue);
  validateHints(errors, `${at}.hints.forNodes`, hints?.forNodes, MAX.nodeHints, isDns1123Subdomain);
}

function validateOfType(errors: Errors, path: string, i: number, type: string, address: string): void {
  const at = `${path}[${i}]`;
  if (type === 'FQDN') validateFullName(errors, at, address);
  if (type !== 'IPv4' && type !== 'IPv6') return;
  if (!validateAddress(errors, at, address)) return;
  if (isIP(address) !== (type === 'IPv4' ? 4 : 6)) errors.push(invalidValue(path, address, `must be an ${type} address`));
  validateEndpointAddress(errors, at, address);
}

function validateFullName(errors: Errors, at: string, address: string): void {
  if (address === '') errors.push(required(at));
  const name = address.replace(/\.$/, '');
  const wrong = isDns1123Subdomain(name);
  if (address !== '' && wrong.length > 0) errors.push(invalidValue(at, name, wrong.join(',')));
  else if (address !== '' && !name.includes('.')) errors.push(invalidValue(at, name, 'should be a domain with at least two segments separated by dots'));
}

function validateHints(errors: Errors, at: string, hints: readonly { name?: string }[] | undefined, max: number, rule: (name: string) => string[]): void {
  if ((hints ?? []).length > max) {
    errors.push(tooMany(at, hints?.length ?? 0, max));
    return;
  }
  const names = new Set<string>();
  for (const [i, hint] of (hints ?? []).entries()) {
    const name = hint?.name ?? '';
    if (names.has(name)) errors.push(duplicate(`${at}[${i}].name`, name));
    names.add(name);
    named(errors, `${at}[${i}].name`, name, rule);
  }
}
