/** The Node object an agent registers and keeps. Pure. */
import { setCondition, type Condition } from '../../kube/conditions.ts';
import { formatBytes, formatMillis } from '../../kube/quantity.ts';
import type { Node } from '../../kube/types.ts';
import { RUNTIME_HANDLERS } from '../pod/runtime-handler.ts';
import { timestamp } from '../../runtime/clock.ts';

/** Bytes, milli-CPUs and counts; as the cloud's catalogue computes them. */
export interface Amounts {
  cpuMillis: number;
  memoryBytes: number;
  pods: number;
  ephemeralStorageBytes: number;
}

export interface NodeDescription {
  nodeName: string;
  labels: Readonly<Record<string, string>>;
  taints: readonly { key: string; value?: string; effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' }[];
  addresses: readonly { type: string; address: string }[];
  providerID: string | undefined;
  capacity: Amounts;
  allocatable: Amounts;
  machine: MachineInfo;
}

export interface MachineInfo {
  machineID: string;
  systemUUID: string;
  bootID: string;
  kernelVersion: string;
  osImage: string;
  architecture: string;
  containerRuntimeVersion: string;
  kubeletVersion: string;
}

export interface NodeImage {
  names: readonly string[];
  sizeBytes: number;
}

export function nodeLabels({ nodeName, labels, machine }: NodeDescription): Record<string, string> {
  return {
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': machine.architecture,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': machine.architecture,
    ...labels,
  };
}

/** For registration. */
export function newNode(description: NodeDescription, images: readonly NodeImage[], nowMs: number): Node {
  const { nodeName, taints, providerID } = description;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: nodeName,
      labels: nodeLabels(description),
      annotations: { 'node.alpha.kubernetes.io/ttl': '0', 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: { ...(providerID ? { providerID } : {}), ...(taints.length > 0 ? { taints: taints.map((taint) => ({ ...taint })) } : {}) },
    status: nodeStatus(description, undefined, images, nowMs),
  };
}

/** Heartbeat times move; transition times only when a condition changes. */
export function nodeStatus(description: NodeDescription, old: Node['status'], images: readonly NodeImage[], nowMs: number): NonNullable<Node['status']> {
  const { addresses, capacity, allocatable, machine } = description;
  const now = timestamp(nowMs);
  let conditions = old?.conditions as Condition[] | undefined;
  for (const [type, status, reason, message] of [
    ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ] as const) {
    conditions = setCondition(conditions, { type, status, reason, message, lastHeartbeatTime: now }, now);
  }
  return {
    capacity: amounts(capacity),
    allocatable: amounts(allocatable),
    conditions: conditions as NonNullable<NonNullable<Node['status']>['conditions']>,
    addresses: addresses.map((address) => ({ ...address })),
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    nodeInfo: { ...machine, kubeProxyVersion: '', operatingSystem: 'linux' },
    runtimeHandlers: RUNTIME_HANDLERS.map((name) => ({ name, features: { recursiveReadOnlyMounts: false, userNamespaces: false } })),
    images: images.map(({ names, sizeBytes }) => ({ names: [...names], sizeBytes })),
  };
}

function amounts({ cpuMillis, memoryBytes, pods, ephemeralStorageBytes }: Amounts): Record<string, string> {
  return {
    cpu: formatMillis(cpuMillis),
    memory: formatBytes(memoryBytes),
    pods: String(pods),
    'ephemeral-storage': formatBytes(ephemeralStorageBytes),
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
  };
}
