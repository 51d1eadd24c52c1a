/** Builds a container's environment. Pure: what it refers to is looked up through `Lookups`. */
import type { ConfigMap, Container, PersistentVolume, Pod, Secret, Service } from '../../kube/types.ts';
import { containerResource, podField } from './fields.ts';
import { expand } from './expand.ts';

export interface Lookups {
  configMap(name: string): Promise<ConfigMap | undefined>;
  secret(name: string): Promise<Secret | undefined>;
  /** Of a claim. Rejects, saying why there is none. */
  volume(claimName: string): Promise<PersistentVolume>;
}

/** The container cannot be made from what it refers to; shows as CreateContainerConfigError. */
export class ConfigError extends Error {}

export interface EnvironmentInput {
  pod: Pod;
  container: Container;
  /** What the API does not know yet: addresses. */
  podIp: string | undefined;
  hostIp: string | undefined;
  /** Services whose addresses the container is told, see `serviceVariables`. */
  services: readonly Service[];
  allocatable: { cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number };
  lookups: Lookups;
}

/** The order of upstream: services, then envFrom, then env, each seeing those before it. */
export async function buildEnvironment(input: EnvironmentInput): Promise<Record<string, string>> {
  const { container, lookups } = input;
  const env: Record<string, string> = serviceVariables(input.services);
  for (const source of container.envFrom ?? []) {
    const prefix = source.prefix ?? '';
    if (source.configMapRef) {
      const found = await lookups.configMap(source.configMapRef.name ?? '');
      if (!found && source.configMapRef.optional !== true) throw new ConfigError(`configmap "${source.configMapRef.name}" not found`);
      for (const [key, value] of Object.entries(found?.data ?? {})) env[prefix + key] = value;
    }
    if (source.secretRef) {
      const found = await lookups.secret(source.secretRef.name ?? '');
      if (!found && source.secretRef.optional !== true) throw new ConfigError(`secret "${source.secretRef.name}" not found`);
      for (const [key, value] of Object.entries(found?.data ?? {})) env[prefix + key] = decode(value);
    }
  }
  // References see what is defined so far in `env`, and otherwise services; not envFrom's names of a later entry.
  for (const entry of container.env ?? []) {
    if (entry.valueFrom === undefined) {
      env[entry.name] = expand(entry.value ?? '', env);
      continue;
    }
    const value = await valueFrom(entry.valueFrom, input);
    if (value !== undefined) env[entry.name] = value;
  }
  return env;
}

type ValueFrom = NonNullable<NonNullable<Container['env']>[number]['valueFrom']>;

async function valueFrom(source: ValueFrom, input: EnvironmentInput): Promise<string | undefined> {
  const { pod, container, lookups } = input;
  const namespace = pod.metadata.namespace ?? '';
  if (source.fieldRef) return podField(pod, source.fieldRef.fieldPath, input);
  if (source.resourceFieldRef) {
    const name = source.resourceFieldRef.containerName;
    const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
    const target = name ? all.find((candidate) => candidate.name === name) : container;
    if (!target) throw new ConfigError(`container ${name} not found`);
    return containerResource(target, source.resourceFieldRef.resource, source.resourceFieldRef.divisor, input.allocatable);
  }
  if (source.configMapKeyRef) {
    const { name = '', key, optional } = source.configMapKeyRef;
    const found = await lookups.configMap(name);
    const value = found?.data?.[key];
    if (value !== undefined || optional === true) return value;
    throw new ConfigError(found ? `couldn't find key ${key} in ConfigMap ${namespace}/${name}` : `configmap "${name}" not found`);
  }
  if (source.secretKeyRef) {
    const { name = '', key, optional } = source.secretKeyRef;
    const found = await lookups.secret(name);
    const value = found?.data?.[key];
    if (value !== undefined) return decode(value);
    if (optional === true) return undefined;
    throw new ConfigError(found ? `couldn't find key ${key} in Secret ${namespace}/${name}` : `secret "${name}" not found`);
  }
  throw new ConfigError('an environment variable has a source of a kind that is not supported');
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

/** Docker-link style variables. Source: kubelet envvars.go. Headless services have none. */
export function serviceVariables(services: readonly Service[]): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { metadata, spec } of services) {
    const ip = spec?.clusterIP;
    const first = spec?.ports?.[0];
    if (!ip || ip === 'None' || first === undefined) continue;
    const prefix = variableName(metadata.name ?? '');
    env[`${prefix}_SERVICE_HOST`] = ip;
    env[`${prefix}_SERVICE_PORT`] = String(first.port);
    for (const port of spec?.ports ?? []) {
      const protocol = port.protocol ?? 'TCP';
      const url = `${protocol.toLowerCase()}://${ip}:${port.port}`;
      if (port.name) env[`${prefix}_SERVICE_PORT_${variableName(port.name)}`] = String(port.port);
      if (port === first) env[`${prefix}_PORT`] = url;
      const base = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
      Object.assign(env, { [base]: url, [`${base}_PROTO`]: protocol.toLowerCase(), [`${base}_PORT`]: String(port.port), [`${base}_ADDR`]: ip });
    }
  }
  return env;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
