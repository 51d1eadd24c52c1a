/** Network policies and ingresses, in upstream's words. */
import { BlockList, isIP } from 'node:net';
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { isDns1123Label, isDns1123Subdomain, isPortName } from '../names.ts';
import type { NetworkPolicy, WithMeta } from '../types.ts';
import { parseRange, validateAddress, validateRange } from './addresses.ts';
import { forbiddenField, invalidValue, named, notSupported, portNumber, required, type Errors } from './field.ts';
import { validateLabelSelector } from './selector.ts';
import { validateHostname } from './service.ts';

export type Ingress = WithMeta<IIngress>;
type PolicySpec = NonNullable<NetworkPolicy['spec']>;
type Port = NonNullable<NonNullable<PolicySpec['ingress']>[number]['ports']>[number];
type Peer = NonNullable<NonNullable<PolicySpec['ingress']>[number]['from']>[number];

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const POLICY_TYPES = ['Ingress', 'Egress'];

export function validateNetworkPolicy(errors: Errors, { spec }: NetworkPolicy): void {
  validateLabelSelector(errors, 'spec.podSelector', spec?.podSelector);
  for (const [i, { ports = [], from = [] }] of (spec?.ingress ?? []).entries()) validateRule(errors, `spec.ingress[${i}]`, ports, 'from', from);
  for (const [i, { ports = [], to = [] }] of (spec?.egress ?? []).entries()) validateRule(errors, `spec.egress[${i}]`, ports, 'to', to);
  const types = spec?.policyTypes ?? [];
  if (types.length > POLICY_TYPES.length) errors.push(invalidValue('spec.policyTypes', types, 'may not specify more than two policyTypes'));
  else
    for (const [i, type] of types.entries()) if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`spec.policyTypes[${i}]`, type, POLICY_TYPES, 'given'));
}

function validateRule(errors: Errors, path: string, ports: readonly Port[], side: 'from' | 'to', peers: readonly Peer[]): void {
  for (const [i, port] of ports.entries()) validatePort(errors, `${path}.ports[${i}]`, port);
  for (const [i, peer] of peers.entries()) validatePeer(errors, `${path}.${side}[${i}]`, peer);
}

function validatePort(errors: Errors, path: string, { protocol, port, endPort }: Port): void {
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) errors.push(notSupported(`${path}.protocol`, protocol, PROTOCOLS, 'given'));
  if (typeof port === 'number') {
    portNumber(errors, `${path}.port`, port);
    if (endPort !== undefined && endPort < port) errors.push(invalidValue(`${path}.endPort`, endPort, 'must be greater than or equal to `port`'));
    portNumber(errors, `${path}.endPort`, endPort);
    return;
  }
  if (endPort !== undefined)
    errors.push(invalidValue(`${path}.endPort`, endPort, `may not be specified when \`port\` is ${port === undefined ? 'not specified' : 'non-numeric'}`));
  if (port !== undefined) named(errors, `${path}.port`, port, isPortName);
}

function validatePeer(errors: Errors, path: string, { podSelector, namespaceSelector, ipBlock }: Peer): void {
  validateLabelSelector(errors, `${path}.podSelector`, podSelector);
  validateLabelSelector(errors, `${path}.namespaceSelector`, namespaceSelector);
  if (ipBlock !== undefined) validateBlock(errors, `${path}.ipBlock`, ipBlock);
  const selects = podSelector !== undefined || namespaceSelector !== undefined;
  if (ipBlock === undefined && !selects) errors.push(required(path, 'must specify a peer'));
  else if (ipBlock !== undefined && selects) errors.push(forbiddenField(path, 'may not specify both ipBlock and another peer'));
}

function validateBlock(errors: Errors, path: string, { cidr, except = [] }: NonNullable<Peer['ipBlock']>): void {
  if (!cidr) {
    errors.push(required(`${path}.cidr`));
    return;
  }
  validateRange(errors, `${path}.cidr`, cidr);
  const whole = parseRange(cidr);
  if (whole === undefined) return;
  const range = new BlockList();
  range.addSubnet(whole.address, whole.bits, whole.family);
  for (const [i, text] of except.entries()) {
    validateRange(errors, `${path}.except[${i}]`, text);
    const part = parseRange(text);
    if (part === undefined) continue;
    if (part.family !== whole.family || part.bits <= whole.bits || !range.check(part.address, part.family))
      errors.push(invalidValue(`${path}.except[${i}]`, text, 'must be a strict subset of `cidr`'));
  }
}

type IngressSpec = NonNullable<Ingress['spec']>;
type Backend = NonNullable<IngressSpec['defaultBackend']>;
type HttpPath = NonNullable<NonNullable<IngressSpec['rules']>[number]['http']>['paths'][number];

const BAD_PARTS = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_ENDS = ['/..', '/.'];
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

export function validateIngress(errors: Errors, { spec }: Ingress): void {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec ?? {};
  if (rules.length === 0 && defaultBackend === undefined)
    errors.push(invalidValue('spec', spec?.rules, 'either `defaultBackend` or `rules` must be specified'));
  if (defaultBackend !== undefined) validateBackend(errors, 'spec.defaultBackend', defaultBackend);
  for (const [i, { host, http }] of rules.entries()) {
    const at = `spec.rules[${i}]`;
    if (host) {
      if (isIP(host) !== 0) errors.push(invalidValue(`${at}.host`, host, 'must be a DNS name, not an IP address'));
      validateHost(errors, `${at}.host`, host);
    }
    if (http === undefined) continue;
    if ((http.paths ?? []).length === 0) errors.push(required(`${at}.http.paths`));
    for (const [j, path] of (http.paths ?? []).entries()) validatePath(errors, `${at}.http.paths[${j}]`, path);
  }
  for (const [i, { hosts = [], secretName }] of tls.entries()) {
    for (const [j, host] of hosts.entries()) validateHost(errors, `spec.tls[${i}].hosts[${j}]`, host);
    if (secretName) named(errors, `spec.tls[${i}].secretName`, secretName, isDns1123Subdomain);
  }
  if (ingressClassName !== undefined) named(errors, 'spec.ingressClassName', ingressClassName, isDns1123Subdomain);
}

/** What an ingress controller may say of it. */
export function validateIngressStatus(errors: Errors, { status }: Ingress): void {
  for (const [i, { ip, hostname }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    if (ip) validateAddress(errors, `status.loadBalancer.ingress[${i}].ip`, ip);
    if (hostname) validateHostname(errors, `status.loadBalancer.ingress[${i}].hostname`, hostname);
  }
}

const WILDCARD = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const WILDCARD_WHY =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

function validateHost(errors: Errors, path: string, host: string): void {
  if (!host.includes('*')) named(errors, path, host, isDns1123Subdomain);
  else if (!WILDCARD.test(host)) errors.push(invalidValue(path, host, WILDCARD_WHY));
}

function validatePath(errors: Errors, at: string, { pathType, path = '', backend }: Partial<HttpPath>): void {
  if (pathType === undefined) {
    errors.push(required(`${at}.pathType`, 'pathType must be specified'));
    return;
  }
  const absolute = invalidValue(`${at}.path`, path, 'must be an absolute path');
  if (pathType === 'ImplementationSpecific') {
    if (path !== '' && !path.startsWith('/')) errors.push(absolute);
  } else if (PATH_TYPES.includes(pathType)) {
    if (!path.startsWith('/')) errors.push(absolute);
    for (const part of BAD_PARTS) if (path.includes(part)) errors.push(invalidValue(`${at}.path`, path, `must not contain '${part}'`));
    for (const end of BAD_ENDS) if (path.endsWith(end)) errors.push(invalidValue(`${at}.path`, path, `cannot end with '${end}'`));
  } else errors.push(notSupported(`${at}.pathType`, pathType, PATH_TYPES));
  validateBackend(errors, `${at}.backend`, backend ?? {});
}

function validateBackend(errors: Errors, path: string, { service, resource }: Backend): void {
  if (service !== undefined && resource !== undefined) errors.push(invalidValue(path, '', 'cannot set both resource and service backends'));
  else if (resource !== undefined) {
    if (!resource.kind) errors.push(required(`${path}.resource.kind`));
    if (!resource.name) errors.push(required(`${path}.resource.name`));
  } else if (service !== undefined) validateServiceBackend(errors, path, service);
  else errors.push(invalidValue(path, '', 'resource or service backend is required'));
}

function validateServiceBackend(errors: Errors, path: string, { name, port }: NonNullable<Backend['service']>): void {
  if (!name) errors.push(required(`${path}.service.name`));
  else named(errors, `${path}.service.name`, name, isDns1123Label);
  if (port?.name && port.number) errors.push(invalidValue(path, '', 'cannot set both port name & port number'));
  else if (port?.name) named(errors, `${path}.service.port.name`, port.name, isPortName);
  else if (port?.number) portNumber(errors, `${path}.service.port.number`, port.number);
  else errors.push(required(path, 'port name or number is required'));
}
