/** Gives agents their rights on the hub, and makes what all of them need. */
import { clusterRoleBindings, clusterRoles, leases, namespaces, type Resource } from '../../kube/resources.ts';
import type { Binding, Role } from '../../kube/rbac/types.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { KubeObject, ObjectKey } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { agentRights, commonRights } from '../join/rights.ts';
import { CLUSTER_LEASES, LEASE_SECONDS } from '../kinds/lease.ts';

const GROUP = 'rbac.authorization.k8s.io';
const roles: Resource<Role> = { group: GROUP, version: 'v1', kind: 'Role', plural: 'roles', namespaced: true };
const roleBindings: Resource<Binding> = { group: GROUP, version: 'v1', kind: 'RoleBinding', plural: 'rolebindings', namespaced: true };

async function ensure<T extends KubeObject>(client: Client, resource: Resource<T>, object: T): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

async function remove(client: Client, resource: Resource, key: ObjectKey): Promise<void> {
  try {
    await client.delete(resource, key);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function grant(client: Client, { role, binding }: { role: Role; binding: Binding }): Promise<void> {
  const isNamespaced = role.metadata.namespace !== undefined;
  await ensure(client, isNamespaced ? roles : (clusterRoles as Resource<Role>), role);
  await ensure(client, isNamespaced ? roleBindings : clusterRoleBindings, binding);
}

/** Once, before anybody joins. */
export async function ensureHub(client: Client): Promise<void> {
  await Promise.all([
    ...['karmada-cluster', 'karmada-system'].map((name) => ensure(client, namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...commonRights().map((rights) => grant(client, rights)),
  ]);
}

/** The member's namespace of works is there. */
export async function ensureAgentRights(client: Client, cluster: string): Promise<void> {
  await ensure(client, leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: CLUSTER_LEASES, name: cluster },
    spec: { holderIdentity: cluster, leaseDurationSeconds: LEASE_SECONDS },
  });
  await Promise.all(agentRights(cluster).map((rights) => grant(client, rights)));
}

/** Those in the member's namespace end with it. */
export async function removeAgentRights(client: Client, cluster: string): Promise<void> {
  for (const { role, binding } of agentRights(cluster)) {
    const { name = '', namespace } = role.metadata;
    const key = namespace === undefined ? { name } : { namespace, name };
    await remove(client, namespace === undefined ? clusterRoleBindings : roleBindings, { ...key, name: binding.metadata.name ?? '' });
    await remove(client, namespace === undefined ? clusterRoles : roles, key);
  }
  await remove(client, leases, { namespace: CLUSTER_LEASES, name: cluster });
}
