/** What a member in push mode has: an account whose token the hub writes with. */
import type { Binding, ClusterRole } from '../../kube/rbac/types.ts';
import { clusterRoleBindings, clusterRoles, namespaces, secrets, serviceAccounts } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { ObjectKey } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { CLUSTER_LEASES } from '../kinds/lease.ts';
import { ensure, type JoinWorld } from './member.ts';

const NAMESPACE = 'argosy-system';
const ACCOUNT = 'fleet';
const GROUP = 'rbac.authorization.k8s.io';
const ROLE = 'argosy:fleet';
const POLL_MS = 50;
const GIVE_UP_MS = 30_000;

const role: ClusterRole = {
  apiVersion: `${GROUP}/v1`,
  kind: 'ClusterRole',
  metadata: { name: ROLE },
  // Whatever is applied on the hub is to be applied here.
  rules: [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['get'] },
  ],
};
const binding: Binding = {
  apiVersion: `${GROUP}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: ROLE },
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: ROLE },
  subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: NAMESPACE }],
};

/** Answers the hub's Secret with the token and the member's CA. Rejects when the member gives no token within 30 s. */
export async function preparePush({ hub, member, clock }: JoinWorld, name: string): Promise<{ namespace: string; name: string }> {
  await ensure(member, namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await ensure(member, serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: NAMESPACE, name: ACCOUNT } });
  await ensure(member, clusterRoles, role);
  await ensure(member, clusterRoleBindings, binding);
  const key = { namespace: NAMESPACE, name: `${ACCOUNT}-token` };
  const annotations = { 'kubernetes.io/service-account.name': ACCOUNT };
  await ensure(member, secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { ...key, annotations }, type: 'kubernetes.io/service-account-token' });
  const deadline = clock.monotonic() + GIVE_UP_MS;
  for (;;) {
    const { data = {} } = await member.get(secrets, key);
    if (data.token !== undefined && data['ca.crt'] !== undefined) return keep(hub, name, { token: data.token, caBundle: data['ca.crt'] });
    if (clock.monotonic() > deadline) throw new Error(`the cluster has put no token into secret ${key.namespace}/${key.name} within ${GIVE_UP_MS / 1000} s`);
    await clock.sleep(POLL_MS);
  }
}

async function keep(hub: Client, name: string, data: Record<string, string>): Promise<{ namespace: string; name: string }> {
  const key = { namespace: CLUSTER_LEASES, name };
  await ensure(hub, secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { ...key }, type: 'Opaque', data });
  await hub.patch(secrets, key, { data }, { type: 'merge' });
  return key;
}

/** Takes everything that joining made out of the member again; the other mode's too. */
export async function removeAccess(member: Client): Promise<void> {
  await remove(() => member.delete(clusterRoleBindings, { name: ROLE }));
  await remove(() => member.delete(clusterRoles, { name: ROLE }));
  await remove(() => member.delete(namespaces, { name: NAMESPACE }));
}

export async function removeHubAccess(hub: Client, name: ObjectKey['name']): Promise<void> {
  await remove(() => hub.delete(secrets, { namespace: CLUSTER_LEASES, name }));
}

async function remove(call: () => Promise<void>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
