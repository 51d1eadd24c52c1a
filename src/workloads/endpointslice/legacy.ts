/** The v1 Endpoints object of a service, for clients that still read it. */
import { isPodReady } from '../../kube/pods.ts';
import type { Endpoints, Pod, Service } from '../../kube/types.ts';
import { endpointPorts, HEADLESS, isEndpoint, type EndpointPort } from './decide.ts';

/** More addresses than this are left out, and an annotation says so. */
const MAX_ADDRESSES = 1000;
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];
type Port = NonNullable<Subset['ports']>[number];

/** Pods that listen on the same ports. */
interface Group {
  ports: Port[];
  ready: Address[];
  notReady: Address[];
}

export function endpointsOf(service: Service, pods: readonly Pod[]): Endpoints {
  const publishAll = service.spec?.publishNotReadyAddresses === true;
  const subsets = new Map<string, Group>();
  let count = 0;
  for (const pod of [...pods].toSorted(byIp)) {
    if (!isEndpoint(pod) || (pod.metadata.deletionTimestamp !== undefined && !publishAll)) continue;
    const ports = endpointPorts(service, pod).map(legacyPort);
    if ((ports.length === 0 && service.spec?.clusterIP !== 'None') || count++ >= MAX_ADDRESSES) continue;
    const key = JSON.stringify(ports);
    let subset = subsets.get(key);
    if (subset === undefined) subsets.set(key, (subset = { ports, ready: [], notReady: [] }));
    (publishAll || isPodReady(pod) ? subset.ready : subset.notReady).push(addressOf(service, pod));
  }
  const { name, namespace, labels } = service.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...(name ? { name } : {}),
      ...(namespace ? { namespace } : {}),
      labels: { ...labels, 'endpoints.kubernetes.io/managed-by': 'endpoint-controller', ...(service.spec?.clusterIP === 'None' ? { [HEADLESS]: '' } : {}) },
      ...(count > MAX_ADDRESSES ? { annotations: { [OVER_CAPACITY]: 'truncated' } } : {}),
    },
    ...(subsets.size === 0
      ? {}
      : {
          subsets: [...subsets.values()].map(subsetOf),
        }),
  };
}

/** Without a name when the service has one nameless port. */
function legacyPort({ name, port = 0, ...rest }: EndpointPort): Port {
  return name ? { name, port, ...rest } : { port, ...rest };
}

function subsetOf({ ports, ready, notReady }: Group): Subset {
  return {
    ...(ready.length > 0 ? { addresses: ready } : {}),
    ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
}

function addressOf(service: Service, pod: Pod): Address {
  const { name, namespace, uid } = pod.metadata;
  return {
    ip: pod.status?.podIP ?? '',
    ...(pod.spec?.hostname && pod.spec.subdomain === service.metadata.name ? { hostname: pod.spec.hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', ...(namespace ? { namespace } : {}), ...(name ? { name } : {}), ...(uid ? { uid } : {}) },
  };
}

function byIp(a: Pod, b: Pod): number {
  const left = a.status?.podIP ?? '';
  const right = b.status?.podIP ?? '';
  return left < right ? -1 : left > right ? 1 : 0;
}
