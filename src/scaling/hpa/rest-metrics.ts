/** The APIs of metrics as a MetricsClient: metrics.k8s.io/v1beta1, custom.metrics.k8s.io/v1beta2 and external.metrics.k8s.io/v1beta1. */
import { cpuMillis as milliValue } from '../../kube/quantity.ts';
import type { Resource } from '../../kube/resources.ts';
import { labelSelectorQuery } from '../../kube/selectors.ts';
import { StatusError } from '../../kube/status.ts';
import type { KubeObject, LabelSelector } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { MetricsClient, PodMetric, PodMetrics } from './metrics-client.ts';
import { resourcesOf, type KindMapper } from './targets.ts';

export interface MetricsApis {
  /** Where metrics.k8s.io is served. */
  resources: Client;
  /** Where adapters serve custom.metrics.k8s.io and external.metrics.k8s.io. */
  adapters: Pick<Client, 'get' | 'list'>;
  kinds: KindMapper;
  clock: Clock;
}

interface PodUsage extends KubeObject {
  timestamp?: string;
  window?: string;
  containers?: { name: string; usage?: Record<string, string> }[];
}

interface MetricValue extends KubeObject {
  describedObject?: { name?: string };
  timestamp?: string;
  windowSeconds?: number;
  value: string;
}

interface MetricValueList extends KubeObject {
  items: MetricValue[];
}

/** Autoscalers of a namespace that look in the same second share one list: what is measured changes much less often. */
const LIST_MS = 1_000;
/** client-go's words for answers that do not explain themselves. */
const NOT_SERVED = 'the server could not find the requested resource';
const NOT_REACHED = 'the server is currently unable to handle the request';
const DEFAULT_WINDOW_MS = 60_000;

const POD_USAGE: Resource<PodUsage> = { group: 'metrics.k8s.io', version: 'v1beta1', kind: 'PodMetrics', plural: 'pods', namespaced: true };

function custom(plural: string, namespaced = true): Resource<MetricValueList> {
  return { group: 'custom.metrics.k8s.io', version: 'v1beta2', kind: 'MetricValueList', plural, namespaced };
}

function external(metric: string): Resource<MetricValue> {
  return { group: 'external.metrics.k8s.io', version: 'v1beta1', kind: 'ExternalMetricValue', plural: metric, namespaced: true };
}

type UsageList = Promise<ReadonlyMap<string, PodUsage>>;

export function restMetrics({ resources, adapters, kinds, clock }: MetricsApis): MetricsClient {
  const lists = new Map<string, { at: number; list: UsageList }>();

  function usageIn(namespace: string): UsageList {
    const now = clock.monotonic();
    const known = lists.get(namespace);
    if (known !== undefined && now - known.at < LIST_MS) return known.list;
    // Those of namespaces where nobody asks any more.
    for (const [other, { at }] of lists) if (now - at >= LIST_MS) lists.delete(other);
    const list = resources
      .list(POD_USAGE, { namespace })
      .then(({ items }) => new Map(items.map((item) => [item.metadata.name ?? '', item])))
      .catch((error: unknown) => fail('resource', error, 'pods.metrics.k8s.io'));
    lists.set(namespace, { at: now, list });
    return list;
  }

  async function customValues(resource: Resource<MetricValueList>, namespace: string, name: string, metric: string | undefined, query: Record<string, string>) {
    const key = resource.namespaced ? { namespace, name } : { name };
    const asked = { ...(metric === undefined ? {} : { subresource: metric }), query };
    try {
      return (await adapters.get(resource, key, asked)).items;
    } catch (error) {
      // Without an adapter upstream does not get as far as asking.
      const missing = isUnsaid(error) ? new Error('no custom metrics API (custom.metrics.k8s.io) registered') : error;
      return fail('custom', missing, resource.plural);
    }
  }

  return {
    async ofResource({ namespace, pods, resource, container }) {
      const usage = await usageIn(namespace);
      const found: PodMetrics = new Map();
      let any = false;
      for (const name of pods) {
        const item = usage.get(name);
        if (item === undefined) continue;
        any = true;
        const millis = used(item, resource, container);
        if (millis !== undefined) found.set(name, { time: Date.parse(item.timestamp ?? '') || 0, windowMs: durationMs(item.window), millis });
      }
      if (!any) throw new Error('no metrics returned from resource metrics API');
      return found;
    },

    async ofPods({ namespace, selector, metric }) {
      const query = { ...(selector === '' ? {} : { labelSelector: selector }), ...metricQuery(metric.selector) };
      const items = await customValues(custom('pods'), namespace, '*', metric.name, query);
      if (items.length === 0) throw new Error('no metrics returned from custom metrics API');
      return new Map(items.map((item) => [item.describedObject?.name ?? '', podMetric(item)]));
    },

    async ofObject({ namespace, object, metric }) {
      const query = metricQuery(metric.selector);
      const isNamespace = object.kind === 'Namespace' && !object.apiVersion?.includes('/');
      const items = isNamespace
        ? await customValues(custom('metrics'), namespace, metric.name, undefined, query)
        : await customValues(custom(mapped(kinds, object)), namespace, object.name, metric.name, query);
      const [only] = items;
      if (only === undefined || items.length !== 1)
        return fail('custom', new Error(`the custom metrics API server returned ${items.length} results when we asked for exactly one`), '');
      return milliValue(only.value);
    },

    async ofExternal({ namespace, metric }) {
      const labelSelector = labelSelectorQuery(metric.selector);
      const { items } = await adapters
        .list(external(metric.name), { namespace, ...(labelSelector === '' ? {} : { labelSelector }) })
        .catch((error: unknown) => fail('external', error, `${metric.name}.external.metrics.k8s.io`));
      if (items.length === 0) throw new Error('no metrics returned from external metrics API');
      return items.map(({ value }) => milliValue(value));
    },
  };
}

/** 'ingresses.networking.k8s.io', as the API of custom metrics names resources. */
function mapped(kinds: KindMapper, { apiVersion, kind }: { apiVersion?: string; kind: string }): string {
  try {
    const [resource] = resourcesOf(kinds, apiVersion, kind);
    return resource === undefined || resource.group === '' ? (resource?.plural ?? '') : `${resource.plural}.${resource.group}`;
  } catch (error) {
    const group = apiVersion?.includes('/') ? `.${apiVersion.split('/')[0]}` : '';
    return fail('custom', new Error(`unable to map kind ${kind}${group} to resource: ${(error as Error).message}`), '');
  }
}

function metricQuery(selector: LabelSelector | undefined): Record<string, string> {
  const text = labelSelectorQuery(selector);
  return text === '' ? {} : { metricLabelSelector: text };
}

function podMetric({ timestamp, windowSeconds, value }: MetricValue): PodMetric {
  return {
    time: Date.parse(timestamp ?? '') || 0,
    windowMs: windowSeconds === undefined ? DEFAULT_WINDOW_MS : windowSeconds * 1000,
    millis: milliValue(value),
  };
}

/** Undefined when it, or a part of it, was not measured. */
function used({ containers = [] }: PodUsage, resource: string, container: string | undefined): number | undefined {
  const counted = container === undefined ? containers : containers.filter(({ name }) => name === container);
  let sum = counted.length === 0 ? undefined : 0;
  for (const { usage } of counted) {
    const value = usage?.[resource];
    sum = value === undefined || sum === undefined ? undefined : sum + milliValue(value);
  }
  return sum;
}

const UNITS_MS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000_001 };

/** Go's durations: '15s', '1m0.5s'. */
function durationMs(text = ''): number {
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/([\d.]+)(ms|us|µs|ns|h|m|s)/g)) sum += Number(number) * (UNITS_MS[unit ?? ''] ?? 0);
  return sum;
}

/** The answer did not come from what serves the metrics: nothing there does. */
function isUnsaid(error: unknown): boolean {
  return error instanceof StatusError && error.code === 404 && error.message === NOT_SERVED;
}

/** `asked`: what client-go adds to an answer that does not say what it is about. */
function fail(api: 'resource' | 'custom' | 'external', error: unknown, asked: string): never {
  const text = error instanceof Error ? error.message : String(error);
  const unsaid = error instanceof StatusError && (text === NOT_SERVED || text === NOT_REACHED);
  throw new Error(`unable to fetch metrics from ${api} metrics API: ${text}${unsaid ? ` (get ${asked})` : ''}`, { cause: error });
}
