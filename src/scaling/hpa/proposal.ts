/** What one metric of an autoscaler asks for: fetched, computed, and said in upstream's words. */
import { cpuMillis as milliValue, formatMillis } from '../../kube/quantity.ts';
import type { LabelSelector, Pod } from '../../kube/types.ts';
import type { MetricsClient } from './metrics-client.ts';
import { replicasByUsage, replicasByUtilization, type PerPodInput } from './per-pod.ts';
import type { Delays } from './pods.ts';
import type { Tolerances } from './tolerance.ts';
import type { Identifier, MetricSpec, MetricStatus } from './types.ts';
import { replicasByAverage, replicasByValue } from './value.ts';

export interface Observed {
  namespace: string;
  /** Of the target's scale. */
  selector: string;
  specReplicas: number;
  statusReplicas: number;
  /** All that the selector matches. */
  pods: readonly Pod[];
  tolerances: Tolerances;
  delays: Delays;
  nowMs: number;
}

export interface Proposal {
  replicas: number;
  /** As events and conditions call the metric. */
  name: string;
  status: MetricStatus;
}

/** Why a metric asks for nothing. */
export interface Failure {
  /** Of the event and of ScalingActive. */
  reason: string;
  /** What both say. */
  message: string;
  /** What is said of the autoscaler as a whole. */
  summary: string;
}

type Source<T extends keyof MetricSpec> = NonNullable<MetricSpec[T]>;

/** Never rejects. */
export async function propose(spec: MetricSpec, seen: Observed, client: MetricsClient): Promise<Proposal | Failure> {
  const { type, resource, containerResource, pods, object, external } = spec;
  if (type === 'Resource' && resource)
    return attempt('FailedGetResourceMetric', `${resource.name} resource metric value`, () => ofResource(resource, undefined, seen, client));
  if (type === 'ContainerResource' && containerResource)
    return attempt('FailedGetContainerResourceMetric', `${containerResource.container} container metric value`, () =>
      ofResource(containerResource, containerResource.container, seen, client),
    );
  if (type === 'Pods' && pods) return attempt('FailedGetPodsMetric', 'pods metric value', () => ofPods(pods, seen, client));
  if (type === 'Object' && object) return attempt('FailedGetObjectMetric', 'object metric value', (part) => ofObject(object, seen, client, part));
  if (type === 'External' && external)
    return attempt('FailedGetExternalMetric', `${external.metric.name} external metric value`, (part) => ofExternal(external, seen, client, part));
  const message = `unknown metric source type ${JSON.stringify(type)}`;
  return { reason: 'InvalidMetricSourceType', message, summary: message };
}

/** Names the step that failed between the whole and the reason: upstream says it in the summary alone. */
type Part = (name: string) => void;

async function attempt(reason: string, what: string, compute: (part: Part) => Promise<Proposal>): Promise<Proposal | Failure> {
  let step = '';
  try {
    return await compute((name) => (step = `failed to get ${name}: `));
  } catch (error) {
    const message = textOf(error);
    return { reason, message, summary: `failed to get ${what}: ${step}${message}` };
  }
}

async function explained<T>(prefix: string, compute: () => T | Promise<T>): Promise<T> {
  try {
    return await compute();
  } catch (error) {
    throw new Error(`${prefix}: ${textOf(error)}`, { cause: error });
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function perPod(seen: Observed, metrics: PerPodInput['metrics']): PerPodInput {
  const { specReplicas: currentReplicas, pods, tolerances, delays, nowMs } = seen;
  return { metrics, pods, currentReplicas, tolerances, delays, nowMs };
}

async function ofResource({ name, target }: Source<'resource'>, container: string | undefined, seen: Observed, client: MetricsClient): Promise<Proposal> {
  const { averageValue, averageUtilization } = target;
  if (averageValue === undefined && averageUtilization === undefined)
    throw new Error('invalid resource metric source: neither an average utilization target nor an average value (usage) target was set');
  const found = await explained(`failed to get ${name} ${averageValue === undefined ? 'utilization' : 'usage'}`, async () => {
    const query = { namespace: seen.namespace, pods: seen.pods.map(({ metadata }) => metadata.name ?? ''), resource: name, container };
    const metrics = await explained(`unable to get metrics for resource ${name}`, () => client.ofResource(query));
    const input = { ...perPod(seen, metrics), resource: name };
    return averageValue === undefined
      ? replicasByUtilization({ ...input, container }, averageUtilization ?? 0)
      : replicasByUsage(input, milliValue(averageValue));
  });
  const current = {
    ...(found.utilization === undefined ? {} : { averageUtilization: found.utilization }),
    // As what measures memory writes it.
    averageValue: formatMillis(found.usage, name === 'memory' ? 'BinarySI' : 'DecimalSI'),
  };
  return {
    replicas: found.replicas,
    name:
      averageValue === undefined ? `${name} ${container === undefined ? '' : 'container '}resource utilization (percentage of request)` : `${name} resource`,
    status:
      container === undefined
        ? { type: 'Resource', resource: { name, current } }
        : { type: 'ContainerResource', containerResource: { name, container, current } },
  };
}

async function ofPods({ metric, target }: Source<'pods'>, seen: Observed, client: MetricsClient): Promise<Proposal> {
  const { namespace, selector } = seen;
  const metrics = await explained(`unable to get metric ${metric.name}`, () => client.ofPods({ namespace, selector, metric }));
  const { replicas, usage } = replicasByUsage(perPod(seen, metrics), milliValue(target.averageValue));
  return {
    replicas,
    name: `pods metric ${metric.name}`,
    status: { type: 'Pods', pods: { metric: identifier(metric), current: { averageValue: formatMillis(usage) } } },
  };
}

async function ofObject({ metric, describedObject: object, target }: Source<'object'>, seen: Observed, client: MetricsClient, part: Part): Promise<Proposal> {
  const { namespace } = seen;
  const { value, averageValue } = target;
  const byValue = target.type === 'Value' && value !== undefined;
  if (!byValue && !(target.type === 'AverageValue' && averageValue !== undefined))
    throw new Error('invalid object metric source: neither a value target nor an average value target was set');
  if (!byValue) part(`${metric.name} object metric`);
  const measured = await explained(`unable to get metric ${metric.name} on ${object.kind} ${namespace}/${object.name}`, () =>
    client.ofObject({ namespace, object, metric }),
  );
  const { replicas, current } = shared(measured, byValue ? { value } : { averageValue }, seen);
  return {
    replicas,
    name: byValue ? `${object.kind} metric ${metric.name}` : externalName(metric),
    status: { type: 'Object', object: { describedObject: object, metric: identifier(metric), current } },
  };
}

async function ofExternal({ metric, target }: Source<'external'>, seen: Observed, client: MetricsClient, part: Part): Promise<Proposal> {
  const { namespace } = seen;
  const { value, averageValue } = target;
  if (value === undefined && averageValue === undefined)
    throw new Error('invalid external metric source: neither a value target nor an average value target was set');
  part(averageValue === undefined ? `external metric ${metric.name}` : `${metric.name} external metric`);
  const values = await explained(`unable to get external metric ${namespace}/${metric.name}/${selectorText(metric.selector)}`, () =>
    client.ofExternal({ namespace, metric }),
  );
  const sum = values.reduce((total, one) => total + one, 0);
  const { replicas, current } = shared(sum, averageValue === undefined ? { value } : { averageValue }, seen);
  return { replicas, name: externalName(metric), status: { type: 'External', external: { metric: identifier(metric), current } } };
}

type Target = Pick<Source<'external'>['target'], 'value' | 'averageValue'>;

/** One number for all pods. `target` has one of the two. */
function shared(measured: number, target: Target, { specReplicas, statusReplicas, pods, tolerances }: Observed): { replicas: number; current: Target } {
  if (target.averageValue === undefined) {
    const replicas = replicasByValue({ value: measured, target: milliValue(target.value), currentReplicas: specReplicas, pods, tolerances });
    return { replicas, current: { value: formatMillis(within64Bits(measured)) } };
  }
  const { replicas, average } = replicasByAverage({ value: measured, target: milliValue(target.averageValue), statusReplicas, tolerances });
  return { replicas, current: { averageValue: formatMillis(within64Bits(average)) } };
}

/** More than that is no quantity to upstream's clients. */
function within64Bits(millis: number): number {
  return Math.min(millis, Number.MAX_SAFE_INTEGER * 1000);
}

function identifier({ name, selector }: Identifier): Identifier {
  return { name, ...(selector === undefined ? {} : { selector }) };
}

/** Upstream calls objects' averages so too. */
function externalName({ name, selector }: Identifier): string {
  return `external metric ${name}(${selectorText(selector)})`;
}

/** As Go prints a selector. */
function selectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
