/**
 * What of a cluster asks to be scraped, for Prometheus' http_sd_configs: the labels are those of its own discovery in Kubernetes
 * (roles node, pod, endpoints), so that a chart's relabelling rules do. Debian builds Prometheus without that discovery.
 */
import type { EndpointSlice, KubeObject, Node, Pod, Service } from '../../kube/types.ts';

export interface TargetGroup {
  targets: string[];
  labels: Record<string, string>;
}

const SCRAPE = 'prometheus.io/scrape';
const KUBELET_PORT = 10_250;
const META = '__meta_kubernetes_';

export function asksToBeScraped({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[SCRAPE] === 'true';
}

export function nodeTargets(nodes: readonly Node[]): TargetGroup[] {
  return nodes.map((node) => {
    const addresses = node.status?.addresses ?? [];
    const host = addresses.find(({ type }) => type === 'InternalIP')?.address ?? node.metadata.name ?? '';
    return {
      targets: [`${host}:${KUBELET_PORT}`],
      labels: {
        [`${META}node_name`]: node.metadata.name ?? '',
        instance: node.metadata.name ?? '',
        ...described('node', node),
        ...Object.fromEntries(addresses.map(({ type, address }) => [`${META}node_address_${type}`, address])),
      },
    };
  });
}

/** A target for each port of each container; of a container without ports, one without a port. */
export function podTargets(pods: readonly Pod[]): TargetGroup[] {
  return pods
    .filter((pod) => asksToBeScraped(pod) && pod.status?.podIP)
    .flatMap((pod) =>
      (pod.spec?.containers ?? []).flatMap(({ name, image, ports }) => {
        const container = { ...podLabels(pod), [`${META}pod_container_name`]: name, ...(image === undefined ? {} : { [`${META}pod_container_image`]: image }) };
        const ip = pod.status?.podIP ?? '';
        if (ports === undefined || ports.length === 0) return [{ targets: [ip], labels: container }];
        return ports.map((port) => ({
          targets: [`${ip}:${port.containerPort}`],
          labels: {
            ...container,
            [`${META}pod_container_port_name`]: port.name ?? '',
            [`${META}pod_container_port_number`]: String(port.containerPort),
            [`${META}pod_container_port_protocol`]: port.protocol ?? 'TCP',
          },
        }));
      }),
    );
}

/** The endpoints of services, port by port. */
export function serviceTargets(
  services: readonly Service[],
  slicesOf: (service: Service) => readonly EndpointSlice[],
  podOf: (key: string) => Pod | undefined,
): TargetGroup[] {
  return services.filter(asksToBeScraped).flatMap((service) =>
    slicesOf(service).flatMap((slice) =>
      (slice.endpoints ?? []).flatMap(({ addresses, conditions, nodeName, targetRef }) => {
        const pod = targetRef?.kind === 'Pod' ? podOf(`${targetRef.namespace}/${targetRef.name}`) : undefined;
        return (slice.ports ?? []).map(({ name, port, protocol }) => ({
          targets: addresses.map((address) => (port === undefined ? address : `${address}:${port}`)),
          labels: {
            [`${META}namespace`]: service.metadata.namespace ?? '',
            [`${META}service_name`]: service.metadata.name ?? '',
            ...described('service', service),
            [`${META}endpoint_port_name`]: name ?? '',
            [`${META}endpoint_port_protocol`]: protocol ?? 'TCP',
            [`${META}endpoint_ready`]: String(conditions?.ready !== false),
            ...(nodeName === undefined ? {} : { [`${META}endpoint_node_name`]: nodeName }),
            ...(pod === undefined ? {} : podLabels(pod)),
          },
        }));
      }),
    ),
  );
}

function podLabels(pod: Pod): Record<string, string> {
  const { metadata, spec, status } = pod;
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return {
    [`${META}namespace`]: metadata.namespace ?? '',
    [`${META}pod_name`]: metadata.name ?? '',
    [`${META}pod_uid`]: metadata.uid ?? '',
    [`${META}pod_ip`]: status?.podIP ?? '',
    [`${META}pod_host_ip`]: status?.hostIP ?? '',
    [`${META}pod_node_name`]: spec?.nodeName ?? '',
    [`${META}pod_phase`]: status?.phase ?? '',
    [`${META}pod_ready`]: (status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'unknown').toLowerCase(),
    ...(owner === undefined ? {} : { [`${META}pod_controller_kind`]: owner.kind, [`${META}pod_controller_name`]: owner.name }),
    ...described('pod', pod),
  };
}

/** Labels and annotations; what a label's name may not hold becomes '_'. */
function described(role: string, { metadata }: KubeObject): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [kind, values] of [
    ['label', metadata.labels],
    ['annotation', metadata.annotations],
  ] as const) {
    for (const [name, value] of Object.entries(values ?? {})) {
      const safe = name.replaceAll(/\W/g, '_');
      labels[`${META}${role}_${kind}_${safe}`] = value;
      labels[`${META}${role}_${kind}present_${safe}`] = 'true';
    }
  }
  return labels;
}
