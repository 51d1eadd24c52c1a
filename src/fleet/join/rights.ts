/** What an agent may do on the hub: read and report on its own works, say that its cluster lives, and nothing about others. Pure. */
import type { Binding, PolicyRule, Role } from '../../kube/rbac/types.ts';
import { CLUSTER_LEASES } from '../kinds/lease.ts';
import { executionNamespace } from '../kinds/work.ts';
import { AGENTS, agentUser, BOOTSTRAPPERS } from './names.ts';

const API_GROUP = 'rbac.authorization.k8s.io';
const CSRS: PolicyRule = { apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests'], verbs: ['create', 'get', 'list', 'watch'] };

interface Granted {
  role: Role;
  binding: Binding;
}

function grant(name: string, namespace: string | undefined, rules: PolicyRule[], subject: { kind: 'User' | 'Group'; name: string }): Granted {
  const scope = namespace === undefined ? '' : namespace;
  const metadata = { name, ...(scope === '' ? {} : { namespace: scope }) };
  const kind = scope === '' ? 'ClusterRole' : 'Role';
  return {
    role: { apiVersion: `${API_GROUP}/v1`, kind, metadata, rules },
    binding: {
      apiVersion: `${API_GROUP}/v1`,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: API_GROUP, kind, name },
      subjects: [{ apiGroup: API_GROUP, ...subject }],
    },
  };
}

/** Of whoever joins, and of all agents. */
export function commonRights(): Granted[] {
  return [
    grant('argosy:join', undefined, [CSRS], { kind: 'Group', name: BOOTSTRAPPERS }),
    grant('argosy:agents', undefined, [CSRS, { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] }], {
      kind: 'Group',
      name: AGENTS,
    }),
  ];
}

/** Of the agent of one member. */
export function agentRights(cluster: string): Granted[] {
  const user = { kind: 'User', name: agentUser(cluster) } as const;
  const name = `argosy:agent:${cluster}`;
  return [
    grant(
      name,
      undefined,
      [
        { apiGroups: ['cluster.karmada.io'], resources: ['clusters'], resourceNames: [cluster], verbs: ['get'] },
        { apiGroups: ['cluster.karmada.io'], resources: ['clusters/status'], resourceNames: [cluster], verbs: ['update', 'patch'] },
      ],
      user,
    ),
    grant(
      name,
      executionNamespace(cluster),
      [
        // An update of a work takes its finalizer away.
        { apiGroups: ['work.karmada.io'], resources: ['works'], verbs: ['get', 'list', 'watch', 'update'] },
        { apiGroups: ['work.karmada.io'], resources: ['works/status'], verbs: ['update', 'patch'] },
      ],
      user,
    ),
    grant(
      name,
      CLUSTER_LEASES,
      [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [cluster], verbs: ['get', 'update', 'patch'] }],
      user,
    ),
  ];
}
