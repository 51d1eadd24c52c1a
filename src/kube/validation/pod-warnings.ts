/** What is valid in a pod and still likely a mistake: upstream's warnings, which kubectl prints. */
import { cpuMillis } from '../quantity.ts';
import type { Container, ObjectMeta, PodSpec } from '../types.ts';

type Port = NonNullable<Container['ports']>[number];
type AffinityTerm = { labelSelector?: unknown };

const OLD_ANNOTATIONS: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

const OLD_VOLUMES: Record<string, string> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
};

const OLD_LABELS: Record<string, string> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

/** `path`: '' for a pod, 'spec.template' for a template. */
export function warningsOfPod(path: string, { spec, metadata }: { spec?: PodSpec; metadata?: ObjectMeta }): string[] {
  if (spec === undefined) return [];
  const at = path === '' ? 'spec' : `${path}.spec`;
  const annotations = `${path === '' ? '' : `${path}.`}metadata.annotations`;
  const containers = [...located(`${at}.initContainers`, spec.initContainers), ...located(`${at}.containers`, spec.containers)];
  return [
    ...Object.keys(spec.nodeSelector ?? {}).flatMap((key) => toWarning(`${at}.nodeSelector[${key}]`, OLD_LABELS[key])),
    ...ofSpread(`${at}.topologySpreadConstraints`, spec.topologySpreadConstraints ?? []),
    ...Object.entries(OLD_ANNOTATIONS).flatMap(([key, text]) =>
      toWarning(`${annotations}[${key}]`, metadata?.annotations?.[key] === undefined ? undefined : text),
    ),
    ...(spec.volumes ?? []).flatMap((volume, i) =>
      Object.entries(OLD_VOLUMES).flatMap(([kind, text]) => toWarning(`${at}.volumes[${i}].${kind}`, kind in volume ? text : undefined)),
    ),
    ...repeated(spec.hostAliases ?? [], 'ip').map(([i, ip]) => `${at}.hostAliases[${i}].ip: duplicate ip ${JSON.stringify(ip)}`),
    ...repeated(spec.imagePullSecrets ?? [], 'name').map(([i, name]) => `${at}.imagePullSecrets[${i}].name: duplicate name ${JSON.stringify(name)}`),
    ...(spec.imagePullSecrets ?? []).flatMap(({ name }, i) => (name ? [] : [`${at}.imagePullSecrets[${i}].name: invalid empty name ""`])),
    ...fractional(`${at}.overhead`, spec.overhead),
    ...containers.flatMap(([container, where]) => [
      ...fractional(`${where}.resources.limits`, container.resources?.limits),
      ...fractional(`${where}.resources.requests`, container.resources?.requests),
      ...ofEnvironment(`${where}.env`, container.env ?? []),
    ]),
    ...ofPorts(containers),
    ...ofPortNames(containers),
    ...toWarning(
      `${at}.terminationGracePeriodSeconds`,
      (spec.terminationGracePeriodSeconds ?? 0) < 0 ? 'must be >= 0; negative values are invalid and will be treated as 1' : undefined,
    ),
    ...ofAffinity(`${at}.affinity.podAffinity`, spec.affinity?.podAffinity),
    ...ofAffinity(`${at}.affinity.podAntiAffinity`, spec.affinity?.podAntiAffinity),
  ];
}

function toWarning(where: string, text: string | undefined): string[] {
  return text === undefined ? [] : [`${where}: ${text}`];
}

function located(path: string, containers: readonly Container[] = []): [Container, string][] {
  return containers.map((container, i) => [container, `${path}[${i}]`]);
}

function repeated<K extends string>(items: readonly Partial<Record<K, string>>[], key: K): [number, string][] {
  const seen = new Set<string>();
  const found: [number, string][] = [];
  for (const [i, item] of items.entries()) {
    const value = item[key] ?? '';
    if (seen.has(value)) found.push([i, value]);
    seen.add(value);
  }
  return found;
}

const NO_SELECTOR = 'a null labelSelector results in matching no pod';

function ofSpread(path: string, constraints: NonNullable<PodSpec['topologySpreadConstraints']>): string[] {
  return constraints.flatMap(({ topologyKey, labelSelector }, i) => {
    const old = OLD_LABELS[topologyKey];
    return [
      ...(old === undefined ? [] : [`${path}[${i}].topologyKey: ${topologyKey} is ${old}`]),
      ...(labelSelector === undefined ? [`${path}[${i}].labelSelector: ${NO_SELECTOR}`] : []),
    ];
  });
}

function ofAffinity(path: string, affinity: NonNullable<PodSpec['affinity']>['podAffinity']): string[] {
  const required: readonly AffinityTerm[] = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred: readonly { podAffinityTerm?: AffinityTerm }[] = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...required.flatMap(({ labelSelector }, i) =>
      labelSelector === undefined ? [`${path}.requiredDuringSchedulingIgnoredDuringExecution[${i}].labelSelector: ${NO_SELECTOR}`] : [],
    ),
    ...preferred.flatMap(({ podAffinityTerm }, i) =>
      podAffinityTerm?.labelSelector === undefined
        ? [`${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm.labelSelector: ${NO_SELECTOR}`]
        : [],
    ),
  ];
}

/** Also of claims: `path` is that of the amounts. Bytes are whole. */
export function fractional(path: string, amounts: Readonly<Record<string, string | number>> | undefined, names = ['memory', 'ephemeral-storage']): string[] {
  return names.flatMap((name) => {
    const amount = amounts?.[name];
    // Thousandths are as fine as quantities go.
    if (amount === undefined || cpuMillis(amount) % 1000 === 0) return [];
    return [`${path}[${name}]: fractional byte value ${JSON.stringify(String(amount))} is invalid, must be an integer`];
  });
}

function ofEnvironment(path: string, env: NonNullable<Container['env']>): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  for (const [i, { name, value = '', valueFrom }] of env.entries()) {
    const reference = `$(${name})`;
    // A value that builds on the one before is meant.
    const isMeant = valueFrom === undefined && value !== reference && value.includes(reference);
    if (seen.has(name) && !isMeant) found.push(`${path}[${i}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`);
    seen.add(name);
  }
  return found;
}

function ofPorts(containers: readonly [Container, string][]): string[] {
  const seen = new Map<string, [Port, string][]>();
  const found: string[] = [];
  for (const [container, where] of containers) {
    for (const [i, port] of (container.ports ?? []).entries()) {
      const at = `${where}.ports[${i}]`;
      const key = `${port.containerPort}/${port.protocol}`;
      for (const [other, otherAt] of seen.get(key) ?? []) {
        const how = overlap(port, other);
        if (how !== undefined) found.push(`${at}: ${how} port definition with ${otherAt}`);
      }
      seen.set(key, [...(seen.get(key) ?? []), [port, at]]);
    }
  }
  return found;
}

function overlap({ hostIP: ip = '', hostPort: port = 0 }: Port, { hostIP: otherIp = '', hostPort: otherPort = 0 }: Port): string | undefined {
  if (ip === otherIp && port === otherPort) return 'duplicate';
  if (port === 0 || otherPort === 0) return 'overlapping';
  return port === otherPort && (ip === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined;
}

function ofPortNames(containers: readonly [Container, string][]): string[] {
  const seen = new Map<string, string>();
  const found: string[] = [];
  for (const [{ ports = [] }, where] of containers) {
    for (const [i, { name }] of ports.entries()) {
      if (!name) continue;
      const at = `${where}.ports[${i}]`;
      const first = seen.get(name);
      if (first === undefined) seen.set(name, at);
      else found.push(`${at}: duplicate port name ${JSON.stringify(name)} with ${first}, services and probes that select ports by name will use ${first}`);
    }
  }
  return found;
}
