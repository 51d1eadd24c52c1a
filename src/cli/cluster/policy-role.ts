/** The data plane acts as kube-proxy, which has no business with pods; enforcing network policies takes more, as it does for other networks. */
import type { Binding, ClusterRole } from '../../kube/rbac/types.ts';
import { clusterRoleBindings, clusterRoles } from '../../kube/resources.ts';
import type { Client } from '../../runtime/client.ts';
import { ensureExists } from './ensure-exists.ts';

const API_GROUP = 'rbac.authorization.k8s.io';
const NAME = 'argosy:network-policies';
const READ = ['list', 'watch'];

const ROLE: ClusterRole = {
  apiVersion: `${API_GROUP}/v1`,
  kind: 'ClusterRole',
  metadata: { name: NAME },
  rules: [
    { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: READ },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: READ },
  ],
};

const BINDING: Binding = {
  apiVersion: `${API_GROUP}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: NAME },
  roleRef: { apiGroup: API_GROUP, kind: 'ClusterRole', name: NAME },
  subjects: [{ apiGroup: API_GROUP, kind: 'User', name: 'system:kube-proxy' }],
};

export async function letDataPlaneReadPolicies(client: Client): Promise<void> {
  await Promise.all([ensureExists(client, clusterRoles, ROLE), ensureExists(client, clusterRoleBindings, BINDING)]);
}
