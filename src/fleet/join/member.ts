/** Makes a member of a cluster, and gives it back: what `argosy join` and `argosy leave` do, with both sides' administrators' rights. */
import { namespaces, secrets, type Resource } from '../../kube/resources.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { KubeObject, ObjectKey, Secret } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { timestamp, type Clock } from '../../runtime/clock.ts';
import { nameSuffix, type Random } from '../../runtime/random.ts';
import { clusters, type Cluster, type ClusterSpec } from '../kinds/cluster.ts';
import { accessData, bootstrapGroup, HUB_SECRET } from './names.ts';
import { preparePush } from './push.ts';

const TOKEN_LIFE_MS = 3_600_000;
const KUBE_SYSTEM: ObjectKey = { name: 'kube-system' };

export interface JoinWorld {
  hub: Client;
  member: Client;
  clock: Clock;
  random: Random;
}

export interface JoinWishes extends Pick<ClusterSpec, 'region' | 'provider' | 'zones'> {
  /** On the hub. */
  name: string;
  mode: ClusterSpec['syncMode'];
  /** How the agent reaches the hub. */
  hub: { server: string; ca: string };
  /** How the hub reaches the member. */
  memberServer: string;
}

/** Why the cluster cannot join under the name. */
export class JoinRefused extends Error {}

/** Twice does no harm. Throws `JoinRefused` when the name, or the cluster under another name, is a member already. */
export async function joinMember(world: JoinWorld, wishes: JoinWishes): Promise<'joined' | 'was a member already'> {
  const { hub, member } = world;
  const { name, mode, region, provider, zones } = wishes;
  const [id, { items }] = await Promise.all([clusterId(member), hub.list(clusters)]);
  const other = items.find((cluster) => cluster.spec.id === id && cluster.metadata.name !== name);
  if (other !== undefined)
    throw new JoinRefused(
      `this cluster is a member already, as '${other.metadata.name ?? ''}'; to give it another name: argosy leave ${other.metadata.name ?? ''}`,
    );
  const known = items.find((cluster) => cluster.metadata.name === name);
  if (known?.metadata.deletionTimestamp !== undefined) throw new JoinRefused(`a member '${name}' is just leaving; try again when it is gone`);
  if (known?.spec.id !== undefined && known.spec.id !== id) throw new JoinRefused(`another cluster is a member as '${name}'; choose another name`);
  const spec: ClusterSpec = {
    id,
    syncMode: mode,
    apiEndpoint: wishes.memberServer,
    ...(region === undefined ? {} : { region }),
    ...(provider === undefined ? {} : { provider }),
    ...(zones === undefined ? {} : { zones }),
  };
  const hasAccess = mode === 'Pull' ? await hasHubSecret(member, name) : known?.spec.secretRef !== undefined;
  if (mode === 'Push') spec.secretRef = await preparePush(world, name);
  else if (known === undefined || !hasAccess) await preparePull(world, wishes);
  if (known === undefined) {
    await hub.create(clusters, { apiVersion: 'cluster.karmada.io/v1alpha1', kind: 'Cluster', metadata: { name }, spec });
    return 'joined';
  }
  await hub.patch(clusters, { name }, { spec }, { type: 'merge' });
  return hasAccess ? 'was a member already' : 'joined';
}

/** A cluster's lasting name: the UID of its namespace kube-system. */
async function clusterId(member: Client): Promise<string> {
  return (await member.get(namespaces, KUBE_SYSTEM)).metadata.uid ?? '';
}

async function hasHubSecret(member: Client, name: string): Promise<boolean> {
  try {
    const secret = await member.get(secrets, HUB_SECRET);
    return Buffer.from(secret.data?.cluster ?? '', 'base64').toString('utf8') === name;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** The member's agent asks for its certificate with a token that is good for nothing else, for an hour. */
async function preparePull({ hub, member, clock, random }: JoinWorld, { name, hub: { server, ca } }: JoinWishes): Promise<void> {
  const id = nameSuffix(random, 6);
  const secretPart = nameSuffix(random, 16);
  const text = (value: string): string => Buffer.from(value, 'utf8').toString('base64');
  await hub.create(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'kube-system', name: `bootstrap-token-${id}` },
    type: 'bootstrap.kubernetes.io/token',
    data: {
      'token-id': text(id),
      'token-secret': text(secretPart),
      description: text(`Lets the agent of cluster ${name} ask for its certificate.`),
      expiration: text(timestamp(clock.now() + TOKEN_LIFE_MS)),
      'usage-bootstrap-authentication': text('true'),
      'auth-extra-groups': text(bootstrapGroup(name)),
    },
  });
  await ensure(member, namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: HUB_SECRET.namespace ?? '' } });
  const data = accessData({ cluster: name, server, ca, token: `${id}.${secretPart}` });
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { ...HUB_SECRET }, type: 'Opaque', data };
  try {
    await member.create(secrets, secret);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await member.update(secrets, secret);
  }
}

export async function ensure<T extends KubeObject>(client: Client, resource: Resource<T>, object: T): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

/** Asks the hub to let go of the member. Answers false when there is none of that name. */
export async function startLeaving(hub: Client, name: string): Promise<boolean> {
  try {
    await hub.delete(clusters, { name });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

export async function findMember(hub: Client, name: string): Promise<Cluster | undefined> {
  try {
    return await hub.get(clusters, { name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
