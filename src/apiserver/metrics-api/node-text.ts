/** A kubelet's samples as Prometheus reads them from a node: /metrics, /metrics/resource and /metrics/cadvisor, with upstream's names. */
import type { Node } from '../../kube/types.ts';
import { byteCount, cpuMillis } from '../../kube/quantity.ts';
import type { ContainerUsage, NodeStats } from '../../runtime/kubelet.ts';
import { MetricsRegistry, type Sample } from '../../runtime/metrics.ts';

type Write = (registry: MetricsRegistry, node: Node, stats: NodeStats) => void;

/** By path below the node. */
const TEXTS: Readonly<Record<string, Write>> = { '/metrics': ofKubelet, '/metrics/resource': ofResources, '/metrics/cadvisor': ofContainers };

/** Undefined for a path where a kubelet has no measures. */
export function nodeMetricsText(path: string, node: Node, stats: NodeStats): string | undefined {
  const write = Object.hasOwn(TEXTS, path) ? TEXTS[path] : undefined;
  if (write === undefined) return undefined;
  const registry = new MetricsRegistry();
  write(registry, node, stats);
  return registry.text();
}

const seconds = (nanoseconds: number): number => nanoseconds / 1e9;

function ofKubelet(registry: MetricsRegistry, { metadata }: Node, { pods }: NodeStats): void {
  registry.collect('gauge', 'kubelet_node_name', 'The name of the node: the value is always 1.', ['node'], () => [[[metadata.name ?? ''], 1]]);
  registry.collect('gauge', 'kubelet_running_pods', 'Pods with a running container.', [], () => [[[], pods.length]]);
  registry.collect('gauge', 'kubelet_running_containers', 'Containers, by state.', ['container_state'], () => [
    [['running'], pods.reduce((sum, { containers }) => sum + containers.length, 0)],
  ]);
}

function ofResources(registry: MetricsRegistry, _node: Node, stats: NodeStats): void {
  const own = ['container', 'namespace', 'pod'];
  registry.collect('counter', 'node_cpu_usage_seconds_total', 'CPU time of all pods of the node in seconds.', [], () => [[[], seconds(stats.cpuNanoseconds)]]);
  registry.collect('gauge', 'node_memory_working_set_bytes', 'Working set of all pods of the node.', [], () => [[[], stats.memoryBytes]]);
  registry.collect('counter', 'container_cpu_usage_seconds_total', 'CPU time of the container in seconds.', own, () =>
    ofEach(stats, ({ cpuNanoseconds }) => seconds(cpuNanoseconds)),
  );
  registry.collect('gauge', 'container_memory_working_set_bytes', 'Working set of the container.', own, () => ofEach(stats, ({ memoryBytes }) => memoryBytes));
  const ofPods = (of: (usage: ContainerUsage) => number): Sample[] =>
    stats.pods.map(({ pod, containers }) => [[pod.namespace, pod.name], containers.reduce((sum, usage) => sum + of(usage), 0)]);
  registry.collect('counter', 'pod_cpu_usage_seconds_total', 'CPU time of the pod in seconds.', ['namespace', 'pod'], () =>
    ofPods(({ cpuNanoseconds }) => seconds(cpuNanoseconds)),
  );
  registry.collect('gauge', 'pod_memory_working_set_bytes', 'Working set of the pod.', ['namespace', 'pod'], () => ofPods(({ memoryBytes }) => memoryBytes));
  registry.collect('gauge', 'resource_scrape_error', '1 if there was an error while getting the measures.', [], () => [[[], 0]]);
}

/** cAdvisor's: a series for the whole node (id "/") beside those of containers. */
function ofContainers(registry: MetricsRegistry, { status }: Node, stats: NodeStats): void {
  const labels = ['container', 'id', 'image', 'name', 'namespace', 'pod', 'cpu'];
  const node = ['', '/', '', '', '', ''];
  const all = (whole: number, of: (usage: ContainerUsage) => number, more: readonly string[] = []): Sample[] => [
    [[...node, ...more], whole],
    ...stats.pods.flatMap(({ pod, containers }) =>
      containers.map((usage): Sample => [[usage.name, `/kubepods/pod${pod.uid}/${usage.name}`, '', '', pod.namespace, pod.name, ...more], of(usage)]),
    ),
  ];
  registry.collect('counter', 'container_cpu_usage_seconds_total', 'CPU time in seconds.', labels, () =>
    all(seconds(stats.cpuNanoseconds), ({ cpuNanoseconds }) => seconds(cpuNanoseconds), ['total']),
  );
  registry.collect('gauge', 'container_memory_working_set_bytes', 'Working set.', labels.slice(0, -1), () =>
    all(stats.memoryBytes, ({ memoryBytes }) => memoryBytes),
  );
  const { cpu = '0', memory = '0' } = status?.capacity ?? {};
  registry.collect('gauge', 'machine_cpu_cores', "The node's CPUs.", [], () => [[[], cpuMillis(cpu) / 1000]]);
  registry.collect('gauge', 'machine_memory_bytes', "The node's memory.", [], () => [[[], byteCount(memory)]]);
}

function ofEach({ pods }: NodeStats, of: (usage: ContainerUsage) => number): Sample[] {
  return pods.flatMap(({ pod, containers }) => containers.map((usage): Sample => [[usage.name, pod.namespace, pod.name], of(usage)]));
}
