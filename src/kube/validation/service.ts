/** Services, in upstream's order and words. */
import { isIP } from 'node:net';
import { isDns1123Label, isDns1123Subdomain, isPortName, isQualifiedName } from '../names.ts';
import type { Service } from '../types.ts';
import { validateAddress, validateEndpointAddress, validateRange } from './addresses.ts';
import { duplicate, forbiddenField, invalidValue, named, notSupported, portNumber, required, type Errors } from './field.ts';
import { validateLabels } from './metadata.ts';

type ServiceSpec = NonNullable<Service['spec']>;
type Port = NonNullable<ServiceSpec['ports']>[number];

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const TOPOLOGY_HINTS = 'service.kubernetes.io/topology-aware-hints';
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const STICKY_SECONDS_MAX = 86_400;

export function validateService(errors: Errors, service: Service, old: Service | undefined): void {
  const spec = service.spec ?? {};
  if (old?.spec) validateChange(errors, spec, old.spec);
  const { annotations = {} } = service.metadata;
  const mode = annotations[TOPOLOGY_MODE];
  const hints = annotations[TOPOLOGY_HINTS];
  if (mode !== undefined && hints !== undefined && mode !== hints)
    errors.push(invalidValue(`metadata.annotations[${TOPOLOGY_MODE}]`, mode, `must match annotations[${TOPOLOGY_HINTS}] when both are specified`));
  if (!spec.ports?.length && !isHeadless(spec) && spec.type !== 'ExternalName') errors.push(required('spec.ports'));
  validateType(errors, spec);
  const names = new Set<string>();
  for (const [i, port] of (spec.ports ?? []).entries()) validatePort(errors, `spec.ports[${i}]`, port ?? {}, (spec.ports?.length ?? 0) > 1, names);
  validateLabels(errors, 'spec.selector', spec.selector);
  validateAffinity(errors, spec);
  if (spec.type !== 'ExternalName') validateFamilies(errors, spec);
  for (const [i, address] of (spec.externalIPs ?? []).entries())
    if (!old?.spec?.externalIPs?.includes(address) && validateAddress(errors, `spec.externalIPs[${i}]`, address))
      validateEndpointAddress(errors, `spec.externalIPs[${i}]`, address);
  oneOfSorted(errors, 'spec.type', spec.type, TYPES);
  validateNumbers(errors, spec);
  validateBalancer(errors, spec, annotations);
  validateTraffic(errors, spec);
}

function isHeadless({ clusterIP, clusterIPs }: ServiceSpec): boolean {
  return (clusterIPs?.[0] ?? clusterIP) === 'None';
}

function oneOfSorted(errors: Errors, field: string, value: string | undefined, supported: readonly string[]): void {
  if (!value) errors.push(required(field));
  else if (!supported.includes(value)) errors.push(notSupported(field, value, supported));
}

function validateType(errors: Errors, spec: ServiceSpec): void {
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec))
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  if (spec.type !== 'ExternalName') return;
  for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const)
    if (spec[field]?.length) errors.push(forbiddenField(`spec.${field}`, 'may not be set for ExternalName services'));
  // A dot at the end says that the name is whole.
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') errors.push(required('spec.externalName'));
  else named(errors, 'spec.externalName', name, isDns1123Subdomain);
}

function validatePort(errors: Errors, at: string, port: Partial<Port>, isNamed: boolean, names: Set<string>): void {
  const { name, protocol, targetPort = 0, appProtocol } = port;
  if (!name && isNamed) errors.push(required(`${at}.name`));
  else if (name) {
    named(errors, `${at}.name`, name, isDns1123Label);
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
  }
  portNumber(errors, `${at}.port`, port.port ?? 0);
  oneOfSorted(errors, `${at}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']);
  if (typeof targetPort === 'number') portNumber(errors, `${at}.targetPort`, targetPort);
  else named(errors, `${at}.targetPort`, targetPort, isPortName);
  if (appProtocol !== undefined) named(errors, `${at}.appProtocol`, appProtocol, isQualifiedName);
}

function validateAffinity(errors: Errors, { sessionAffinity, sessionAffinityConfig }: ServiceSpec): void {
  oneOfSorted(errors, 'spec.sessionAffinity', sessionAffinity, ['ClientIP', 'None']);
  const at = 'spec.sessionAffinityConfig';
  if (sessionAffinity === 'None' && sessionAffinityConfig !== undefined) errors.push(forbiddenField(at, 'must not be set when session affinity is None'));
  if (sessionAffinity !== 'ClientIP') return;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinityConfig === undefined) errors.push(required(at, 'when session affinity type is ClientIP'));
  else if (seconds === undefined) errors.push(required(`${at}.clientIP`, 'when session affinity type is ClientIP'));
  else if (seconds <= 0 || seconds > STICKY_SECONDS_MAX)
    errors.push(invalidValue(`${at}.clientIP.timeoutSeconds`, seconds, `must be greater than 0 and less than ${STICKY_SECONDS_MAX}`));
}

function validateFamilies(errors: Errors, { clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy }: ServiceSpec): void {
  const field = 'spec.clusterIPs';
  if (clusterIP && clusterIPs.length === 0) errors.push(required(field));
  else if (clusterIP && clusterIPs[0] !== clusterIP) errors.push(invalidValue(field, clusterIPs, 'first value must match `clusterIP`'));
  else if (!clusterIP && clusterIPs.length > 0) errors.push(invalidValue(field, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  for (const [i, family] of ipFamilies.entries()) {
    if (!FAMILIES.includes(family)) errors.push(notSupported(`spec.ipFamilies[${i}]`, family, FAMILIES));
    if (ipFamilies.indexOf(family) < i) errors.push(duplicate(`spec.ipFamilies[${i}]`, family));
  }
  if (ipFamilyPolicy !== undefined && !FAMILY_POLICIES.includes(ipFamilyPolicy))
    errors.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, FAMILY_POLICIES));
  let areValid = true;
  for (const [i, address] of clusterIPs.entries()) {
    if (i === 0 && address === 'None') {
      if (clusterIPs.length === 1) continue;
      areValid = false;
      errors.push(invalidValue(field, clusterIPs, "'None' must be the first and only value"));
    } else areValid = validateAddress(errors, `${field}[${i}]`, address) && areValid;
  }
  if (clusterIPs.length > 2) errors.push(invalidValue(field, clusterIPs, 'may only hold up to 2 values'));
  if (!areValid) return;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(isIP)).size !== clusterIPs.length)
    errors.push(invalidValue(field, clusterIPs, 'may specify no more than one IP for each IP family'));
  for (const [i, address] of clusterIPs.entries()) {
    const family = ipFamilies[i];
    if (address !== 'None' && family !== undefined && FAMILIES.includes(family) && isIP(address) !== (family === 'IPv4' ? 4 : 6))
      errors.push(invalidValue(`${field}[${i}]`, address, `expected an ${family} value as indicated by \`ipFamilies[${i}]\``));
  }
}

function validateNumbers(errors: Errors, { type, ports = [] }: ServiceSpec): void {
  if (type === 'ClusterIP')
    for (const [i, port] of ports.entries())
      if (port?.nodePort) errors.push(forbiddenField(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
  const nodePorts = new Set<string>();
  for (const [i, port] of ports.entries()) {
    if (!port?.nodePort) continue;
    const key = `${port.protocol}/${port.nodePort}`;
    if (nodePorts.has(key)) errors.push(duplicate(`spec.ports[${i}].nodePort`, port.nodePort));
    nodePorts.add(key);
  }
  const seen = new Set<string>();
  for (const [i, { protocol = '', port = 0 }] of ports.map((each): Partial<Port> => each ?? {}).entries()) {
    const key = `${protocol}/${port}`;
    if (seen.has(key))
      errors.push({ reason: 'FieldValueDuplicate', field: `spec.ports[${i}]`, message: `Duplicate value: ${JSON.stringify({ protocol, port })}` });
    seen.add(key);
  }
}

function validateBalancer(errors: Errors, spec: ServiceSpec, annotations: Record<string, string>): void {
  const only = "may only be used when `type` is 'LoadBalancer'";
  const isBalancer = spec.type === 'LoadBalancer';
  const ranges = spec.loadBalancerSourceRanges ?? [];
  // Upstream's path, as it is.
  const at = ranges.length > 0 ? 'spec.LoadBalancerSourceRanges' : `metadata.annotations[${SOURCE_RANGES}]`;
  const annotation = annotations[SOURCE_RANGES];
  if (!isBalancer && (ranges.length > 0 || annotation !== undefined)) errors.push(forbiddenField(at, only));
  for (const [i, range] of ranges.entries()) validateRange(errors, `${at}[${i}]`, range.trim());
  if (ranges.length === 0 && annotation?.trim()) for (const range of annotation.split(',')) validateRange(errors, at, range.trim());
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer) errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', only));
  if (spec.loadBalancerClass === undefined) return;
  if (isBalancer) named(errors, 'spec.loadBalancerClass', spec.loadBalancerClass, isQualifiedName);
  else errors.push(forbiddenField('spec.loadBalancerClass', only));
}

function needsHealthCheck({ type, externalTrafficPolicy }: ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

function validateTraffic(errors: Errors, spec: ServiceSpec): void {
  const { type, externalIPs = [], externalTrafficPolicy, healthCheckNodePort, internalTrafficPolicy, trafficDistribution } = spec;
  const isExternal = type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && externalIPs.length > 0);
  if (isExternal) oneOfSorted(errors, 'spec.externalTrafficPolicy', externalTrafficPolicy, TRAFFIC_POLICIES);
  else if (externalTrafficPolicy)
    errors.push(invalidValue('spec.externalTrafficPolicy', externalTrafficPolicy, 'may only be set for externally-accessible services'));
  const port = 'spec.healthCheckNodePort';
  // Where it is missing, it is given one.
  if (needsHealthCheck(spec)) portNumber(errors, port, healthCheckNodePort || undefined);
  else if (healthCheckNodePort)
    errors.push(invalidValue(port, healthCheckNodePort, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
  const internal = 'spec.internalTrafficPolicy';
  if (internalTrafficPolicy !== undefined && !TRAFFIC_POLICIES.includes(internalTrafficPolicy))
    errors.push(notSupported(internal, internalTrafficPolicy, TRAFFIC_POLICIES));
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution))
    errors.push(notSupported('spec.trafficDistribution', trafficDistribution, DISTRIBUTIONS, 'given'));
}

/** What may not change once it is set. */
function validateChange(errors: Errors, spec: ServiceSpec, old: ServiceSpec): void {
  if (spec.type !== 'ExternalName' && old.type !== 'ExternalName') {
    if (!(isHeadless(spec) && isHeadless(old))) validateAddressChange(errors, spec, old);
    if (!isHeadless(spec) && !isHeadless(old)) validateFamilyChange(errors, spec, old);
  }
  if (spec.type === 'LoadBalancer' && old.type === 'LoadBalancer' && spec.loadBalancerClass !== old.loadBalancerClass)
    errors.push(invalidValue('spec.loadBalancerClass', spec.loadBalancerClass, 'may not change once set'));
  if (needsHealthCheck(spec) && needsHealthCheck(old) && spec.healthCheckNodePort !== old.healthCheckNodePort)
    errors.push(forbiddenField('spec.healthCheckNodePort', 'field is immutable'));
}

function validateAddressChange(errors: Errors, { clusterIPs = [], ipFamilyPolicy }: ServiceSpec, { clusterIPs: before = [] }: ServiceSpec): void {
  const kept = 'may not change once set';
  if (clusterIPs.length === before.length) {
    for (const [i, address] of before.entries()) if (address !== clusterIPs[i]) errors.push(invalidValue(`spec.clusterIPs[${i}]`, clusterIPs, kept));
    return;
  }
  if (clusterIPs.length === 0) errors.push(invalidValue('spec.clusterIPs[0]', clusterIPs, 'primary clusterIP can not be unset'));
  else if (before.length > 0 && clusterIPs[0] !== before[0]) errors.push(invalidValue('spec.clusterIPs[0]', clusterIPs, kept));
  if (clusterIPs.length === 1 && before.length > 1 && ipFamilyPolicy !== 'SingleStack')
    errors.push(invalidValue('spec.ipFamilyPolicy', ipFamilyPolicy, "must be set to 'SingleStack' when releasing the secondary clusterIP"));
}

function validateFamilyChange(errors: Errors, { ipFamilies = [] }: ServiceSpec, { ipFamilies: before = [] }: ServiceSpec): void {
  const changed = before.length === ipFamilies.length ? before.filter((family, i) => family !== ipFamilies[i]).length : Number(before[0] !== ipFamilies[0]);
  for (let i = 0; i < changed && ipFamilies.length > 0; i++) errors.push(invalidValue('spec.ipFamilies[0]', ipFamilies, 'may not change once set'));
}

/** What a load balancer's controller may say of it. */
export function validateServiceStatus(errors: Errors, { status, spec }: Service): void {
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (spec?.type !== 'LoadBalancer' && ingress.length > 0) {
    errors.push(forbiddenField('status.loadBalancer.ingress', "may only be used when `spec.type` is 'LoadBalancer'"));
    return;
  }
  for (const [i, { ip, ipMode, hostname }] of ingress.entries()) {
    const at = `status.loadBalancer.ingress[${i}]`;
    if (ip) validateAddress(errors, `${at}.ip`, ip);
    if (ipMode === undefined) {
      if (ip) errors.push(required(`${at}.ipMode`, 'must be specified when `ip` is set'));
    } else if (!ip) errors.push(forbiddenField(`${at}.ipMode`, 'may not be specified when `ip` is not set'));
    else if (ipMode !== 'VIP' && ipMode !== 'Proxy') errors.push(notSupported(`${at}.ipMode`, ipMode, ['Proxy', 'VIP']));
    if (hostname) validateHostname(errors, `${at}.hostname`, hostname);
  }
}

/** Also of ingresses. */
export function validateHostname(errors: Errors, at: string, hostname: string): void {
  named(errors, at, hostname, isDns1123Subdomain);
  if (isIP(hostname) !== 0) errors.push(invalidValue(at, hostname, 'must be a DNS name, not an IP address'));
}
