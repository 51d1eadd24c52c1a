/** Values that triggers take from elsewhere: the environment of the scale target's container, and what TriggerAuthentications name. */
import { configMaps, secrets, type Resource } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { ConfigMap, Container, ObjectKey, PodSpec, Secret } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { clusterTriggerAuthentications, triggerAuthentications, type Trigger, type TriggerAuthentication } from './types.ts';

type Values = Record<string, string>;

/** Where secrets for all namespaces are: what KEDA calls its own namespace. */
const CLUSTER_NAMESPACE = 'keda';
const KNOWN_SOURCES = new Set(['secretTargetRef', 'configMapTargetRef', 'env', 'boundServiceAccountToken', 'podIdentity']);
const TOKEN_SECONDS = 3600;

interface Place {
  client: Client;
  namespace: string;
}

async function find<T extends ConfigMap | Secret>(client: Client, resource: Resource<T>, key: ObjectKey): Promise<T | undefined> {
  try {
    return await client.get(resource, key);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function dataOf({ client, namespace }: Place, kind: 'secret' | 'configMap', name: string): Promise<Values | undefined> {
  if (kind === 'configMap') return (await find(client, configMaps, { namespace, name }))?.data;
  const secret = await find(client, secrets, { namespace, name });
  return secret && Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

/** Of the container named, or the first one. Rejects with an Error that names what is missing. */
export async function containerEnv(client: Client, namespace: string, spec: PodSpec | undefined, containerName: string | undefined): Promise<Values> {
  const containers = spec?.containers ?? [];
  const container = containerName === undefined ? containers[0] : containers.find(({ name }) => name === containerName);
  if (container === undefined && containerName !== undefined) throw new Error(`couldn't find container with name ${containerName} on Target object`);
  return container === undefined ? {} : envOf({ client, namespace }, container);
}

async function envOf(place: Place, { env = [], envFrom = [] }: Container): Promise<Values> {
  const values: Values = {};
  for (const { prefix = '', secretRef, configMapRef } of envFrom) {
    const [kind, ref] = secretRef ? (['secret', secretRef] as const) : (['configMap', configMapRef] as const);
    const data = await dataOf(place, kind, ref?.name ?? '');
    if (data === undefined && !ref?.optional) throw new Error(`error reading ${kind} ${ref?.name} of the target's environment: it is not there`);
    for (const [key, value] of Object.entries(data ?? {})) values[`${prefix}${key}`] = value;
  }
  for (const { name, value, valueFrom } of env) {
    const [kind, ref] = valueFrom?.secretKeyRef ? (['secret', valueFrom.secretKeyRef] as const) : (['configMap', valueFrom?.configMapKeyRef] as const);
    if (ref === undefined) {
      // Fields of a pod are not known before there is one.
      if (valueFrom === undefined) values[name] = expand(value ?? '', values);
      continue;
    }
    const found = (await dataOf(place, kind, ref.name ?? ''))?.[ref.key];
    if (found !== undefined) values[name] = found;
    else if (!ref.optional) throw new Error(`error reading ${kind} ${ref.name} key ${ref.key} of the target's environment: it is not there`);
  }
  return values;
}

/** '$(NAME)' of what was said before; '$$' for a dollar. */
function expand(text: string, values: Values): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_]\w*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : Object.hasOwn(values, name) ? (values[name] ?? '') : whole,
  );
}

/** What a trigger's authentication says, by parameter. Rejects with an Error that names what is missing; never with a value. */
export async function authParams(client: Client, namespace: string, { authenticationRef: ref }: Trigger, target: PodSpec | undefined): Promise<Values> {
  if (ref === undefined || ref.name === '') return {};
  const kind = ref.kind || 'TriggerAuthentication';
  const ofCluster = kind === 'ClusterTriggerAuthentication';
  if (!ofCluster && kind !== 'TriggerAuthentication') throw new Error(`unknown trigger auth kind ${kind}`);
  const authentication = await authenticationOf(client, ofCluster ? { name: ref.name } : { name: ref.name, namespace }, ofCluster);
  const { spec = {} } = authentication;
  const unknown = Object.keys(spec).find((source) => !KNOWN_SOURCES.has(source));
  if (unknown !== undefined) throw new Error(`${kind} ${ref.name}: spec.${unknown} is not supported; there are: ${[...KNOWN_SOURCES].join(', ')}`);
  if (spec.podIdentity !== undefined && spec.podIdentity.provider !== 'none')
    throw new Error(`${kind} ${ref.name}: spec.podIdentity.provider ${JSON.stringify(spec.podIdentity.provider)} is not supported: use secretTargetRef`);
  const place = { client, namespace: ofCluster ? CLUSTER_NAMESPACE : namespace };
  const values: Values = {};
  for (const { parameter, name, containerName } of spec.env ?? [])
    values[parameter] = (await containerEnv(client, namespace, target, containerName || undefined))[name] ?? '';
  for (const [source, targets] of [
    ['configMap', spec.configMapTargetRef ?? []],
    ['secret', spec.secretTargetRef ?? []],
  ] as const)
    for (const { parameter, name, key } of targets) {
      const value = (await dataOf(place, source, name))?.[key];
      if (value === undefined)
        throw new Error(`${kind} ${ref.name}: there is no key ${key} in ${source} ${place.namespace}/${name} for parameter ${parameter}`);
      values[parameter] = value;
    }
  for (const { parameter, serviceAccountName } of spec.boundServiceAccountToken ?? []) values[parameter] = await tokenOf(place, serviceAccountName);
  return values;
}

async function authenticationOf(client: Client, key: ObjectKey, ofCluster: boolean): Promise<TriggerAuthentication> {
  try {
    return await client.get(ofCluster ? clusterTriggerAuthentications : triggerAuthentications, key);
  } catch (error) {
    throw new Error(`error getting triggerAuth: ${(error as Error).message}`, { cause: error });
  }
}

async function tokenOf({ client, namespace }: Place, name: string): Promise<string> {
  const resource: Resource = { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts', namespaced: true };
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: { expirationSeconds: TOKEN_SECONDS } };
  const answer = (await client.createSubresource(resource, { namespace, name }, 'token', request)) as unknown as { status?: { token?: string } };
  return answer.status?.token ?? '';
}
