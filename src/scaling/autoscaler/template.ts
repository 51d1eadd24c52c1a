/** What a node of a pool would be, before it is bought: for trying pods on. */
import { formatBytes, formatMillis } from '../../kube/quantity.ts';
import type { DaemonSet, Node, Pod } from '../../kube/types.ts';
import type { CloudProvider, NodePool } from '../../cloud/provider.ts';
import { fits, NodeInfo, type Snapshot } from '../../scheduler/index.ts';

export const NODE_GROUP_LABEL = 'argosy.dev/node-pool';

export function templateNode(provider: CloudProvider, pool: NodePool, name: string): Node {
  const template = provider.template(pool.name);
  const resources = ({ cpuMillis, memoryBytes, pods, ephemeralStorageBytes }: typeof template.capacity): Record<string, string> => ({
    cpu: formatMillis(cpuMillis),
    memory: formatBytes(memoryBytes),
    pods: String(pods),
    'ephemeral-storage': formatBytes(ephemeralStorageBytes),
  });
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { ...template.labels, 'kubernetes.io/hostname': name, [NODE_GROUP_LABEL]: pool.name } },
    spec: { taints: template.taints },
    status: { capacity: resources(template.capacity), allocatable: resources(template.allocatable), conditions: [] },
  };
}

/** A template with the daemon pods a new node would get: they take from what is left. */
export function templateInfo(provider: CloudProvider, pool: NodePool, name: string, daemonSets: readonly DaemonSet[], snapshot: Snapshot): NodeInfo {
  const info = new NodeInfo(templateNode(provider, pool, name));
  for (const set of daemonSets) {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...set.spec?.template?.metadata,
        name: `${set.metadata.name}-${name}`,
        namespace: set.metadata.namespace ?? '',
        uid: `${set.metadata.uid}-${name}`,
      },
      spec: { containers: [], ...set.spec?.template?.spec },
    };
    if (!fits(pod, info, snapshot)) info.add(pod);
  }
  return info;
}
