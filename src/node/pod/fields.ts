/** Values of fieldRef and resourceFieldRef, for environments and downward API volumes. Pure. */
import { byteCount, cpuMillis } from '../../kube/quantity.ts';
import type { Container, Pod } from '../../kube/types.ts';

export interface FieldContext {
  podIp: string | undefined;
  hostIp: string | undefined;
}

/** Throws an Error naming the path when it is not one upstream supports. */
export function podField(pod: Pod, path: string, { podIp, hostIp }: FieldContext): string {
  const keyed = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name ?? '';
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec?.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.podIP':
    case 'status.podIPs':
      return podIp ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return hostIp ?? '';
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

/** One `key="value"` a line, sorted. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}

/** In units of the divisor, rounded up. A limit not set is the node's allocatable. */
export function containerResource(
  container: Container,
  resource: string,
  divisor: string | number | undefined,
  allocatable: { cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number },
): string {
  const [kind, name] = resource.split('.');
  const value = kind === 'limits' ? container.resources?.limits?.[name!] : container.resources?.requests?.[name!];
  const missing = kind === 'limits' ? allocatable : { cpuMillis: 0, memoryBytes: 0, ephemeralStorageBytes: 0 };
  // '0' stands for 1, as upstream.
  const unit = divisor === undefined || String(divisor) === '0' ? '1' : divisor;
  if (name === 'cpu') return String(Math.ceil((value === undefined ? missing.cpuMillis : cpuMillis(value)) / cpuMillis(unit)));
  if (name === 'memory') return String(Math.ceil((value === undefined ? missing.memoryBytes : byteCount(value)) / byteCount(unit)));
  if (name === 'ephemeral-storage') return String(Math.ceil((value === undefined ? missing.ephemeralStorageBytes : byteCount(value)) / byteCount(unit)));
  if (name?.startsWith('hugepages-')) return '0';
  throw new Error(`unsupported container resource: ${resource}`);
}
