/** custom.metrics.k8s.io, answered from Prometheus: what prometheus-adapter is beside a cluster. */
import { formatMillis } from '../../kube/quantity.ts';
import type { Resource } from '../../kube/resources.ts';
import { parseLabelRequirements } from '../../kube/selectors.ts';
import { badRequest, internalError, StatusError } from '../../kube/status.ts';
import type { Client } from '../../runtime/client.ts';
import { timestamp, type Clock } from '../../runtime/clock.ts';
import type { HttpGet } from '../keda/http-get.ts';
import { metricName, seriesOf, valueQuery, type Described } from './promql.ts';

export const CUSTOM_METRICS = { group: 'custom.metrics.k8s.io', versions: ['v1beta2', 'v1beta1'] } as const;
export type CustomMetricsVersion = (typeof CUSTOM_METRICS.versions)[number];

export interface CustomMetricsWorld {
  client: Pick<Client, 'list'>;
  clock: Clock;
  http: HttpGet;
  /** Where Prometheus is, as a pod of `namespace` would call it. */
  prometheus: { url: string; namespace: string };
  /** What is served under a name in URLs; undefined when nothing is. */
  resource(group: string, plural: string): Resource | undefined;
}

/** A request below group and version. */
export interface MetricPath {
  /** Absent: objects that are in none. */
  namespace?: string;
  /** 'pods', 'ingresses.networking.k8s.io'; 'metrics' for the namespace itself. */
  resource: string;
  /** '*': all that the selector takes. */
  name: string;
  metric: string;
}

interface Measured {
  atMs: number;
  value: number;
}

interface Vector {
  metric: Record<string, string>;
  value: [seconds: number, value: string];
}

/** Those whose metrics discovery lists; metrics of others are answered too. */
const LISTED = ['pods', 'services', 'deployments.apps', 'namespaces', 'nodes'];
const NAMESPACES: Resource = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false };
const TIMEOUT_MS = 5000;
/** Series that ended before that are not listed. */
const LISTED_SECONDS = 300;

export interface CustomMetrics {
  /** The APIResourceList of a version; while Prometheus does not answer as it last was. */
  list(version: CustomMetricsVersion): Promise<object>;
  /** A MetricValueList; selectors in the query form. Rejects with a StatusError. */
  values(version: CustomMetricsVersion, path: MetricPath, selectors: { labelSelector: string; metricLabelSelector: string }): Promise<object>;
}

export function customMetrics(world: CustomMetricsWorld): CustomMetrics {
  const { client, clock, prometheus } = world;

  async function ask<T>(path: string, parameters: Record<string, string>): Promise<T> {
    const url = `${prometheus.url}/api/v1/${path}?${new URLSearchParams(parameters)}`;
    const { status, body } = await world
      .http({ url, namespace: prometheus.namespace, timeoutMs: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS) })
      .catch((error: unknown) => {
        throw internalError(`unable to fetch metrics: ${(error as Error).message}`);
      });
    if (status !== 200) throw internalError(`unable to fetch metrics: Prometheus answers ${status}: ${body.slice(0, 500)}`);
    return (JSON.parse(body) as { data: T }).data;
  }

  function resourceOf(name: string): Resource {
    const dot = name.indexOf('.');
    const [plural, group] = dot === -1 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
    const found = world.resource(group, plural);
    if (found === undefined) throw missing(`the server could not find the resource ${name}`);
    return found;
  }

  async function namesOf(resource: Resource, namespace: string | undefined, labelSelector: string): Promise<string[]> {
    const { items } = await client.list(resource, { ...(namespace === undefined ? {} : { namespace }), ...(labelSelector === '' ? {} : { labelSelector }) });
    return items.map(({ metadata }) => metadata.name ?? '');
  }

  async function measure(metric: string, described: Described, metricLabelSelector: string): Promise<Map<string, Measured>> {
    const found = new Map<string, Measured>();
    if (described.names.length === 0 || seriesOf(metric).length === 0) return found;
    const { result } = await ask<{ result: Vector[] }>('query', { query: queryOf(metric, described, metricLabelSelector) });
    for (const { metric: labels, value } of result) {
      const number = Number(value[1].replace('Inf', 'Infinity'));
      if (Math.abs(number) !== Infinity) found.set(labels[described.label] ?? '', { atMs: value[0] * 1000, value: number });
    }
    return found;
  }

  /** Whether anything of the kind says it: then objects without a value are left out, else the metric is not there. */
  async function isKnown(metric: string, label: string): Promise<boolean> {
    const names = seriesOf(metric);
    if (names.length === 0) return false;
    const { result } = await ask<{ result: Vector[] }>('query', { query: `count({__name__=~"${names.join('|')}",${label}!=""})` });
    return result.length > 0;
  }

  async function listed(): Promise<object[]> {
    const start = timestamp(clock.now() - LISTED_SECONDS * 1000);
    const found = LISTED.map(async (name) => {
      const resource = resourceOf(name);
      const matcher = `{${labelOf(resource)}!=""${resource.namespaced ? ',namespace!=""' : ''}}`;
      const series = await ask<string[]>('label/__name__/values', { 'match[]': matcher, start });
      const metrics = new Set(series.map(metricName).filter((metric) => metric !== undefined));
      return [...metrics].map((metric) => ({
        name: `${name}/${metric}`,
        singularName: '',
        namespaced: resource.namespaced,
        kind: 'MetricValueList',
        verbs: ['get'],
      }));
    });
    return (await Promise.all(found)).flat();
  }

  let known: object[] = [];
  return {
    async list(version) {
      known = await listed().catch(() => known);
      return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${CUSTOM_METRICS.group}/${version}`, resources: known };
    },

    async values(version, { namespace, resource: asked, name, metric }, { labelSelector, metricLabelSelector }) {
      const ofNamespace = asked === 'metrics' && namespace !== undefined;
      const resource = ofNamespace ? NAMESPACES : resourceOf(asked);
      const within = resource.namespaced ? namespace : undefined;
      if (resource.namespaced && within === undefined) throw badRequest(`${asked} are in namespaces: ask below namespaces/NAME`);
      const names = ofNamespace ? [namespace] : name === '*' ? await namesOf(resource, within, labelSelector) : [name];
      const label = labelOf(resource);
      const found = await measure(metric, { label, ...(within === undefined ? {} : { namespace: within }), names }, metricLabelSelector);
      const which = ofNamespace ? 'namespaces' : asked;
      if (found.size === 0 && !(await isKnown(metric, label))) throw missing(`the server could not find the metric ${metric} for ${which}`);
      if (found.size === 0 && name !== '*') throw missing(`the server could not find the metric ${metric} for ${which} ${names[0]}`);
      const items = names.flatMap((each) => {
        const measured = found.get(each);
        const selector = metricLabelSelector === '' ? null : metricLabelSelector;
        return measured === undefined ? [] : [item(version, referenceTo(resource, within, each), metric, selector, measured)];
      });
      return { kind: 'MetricValueList', apiVersion: `${CUSTOM_METRICS.group}/${version}`, metadata: {}, items };
    },
  };
}

/** prometheus-adapter's template: the kind, in lower case. */
function labelOf({ kind }: Resource): string {
  return kind.toLowerCase();
}

function referenceTo({ group, version, kind }: Resource, namespace: string | undefined, name: string): object {
  return { kind, ...(namespace === undefined ? {} : { namespace }), name, apiVersion: `${group}/${version}` };
}

function item(version: CustomMetricsVersion, describedObject: object, metric: string, selector: string | null, { atMs, value }: Measured): object {
  const measured = { timestamp: timestamp(atMs), value: formatMillis(Number.isNaN(value) ? 0 : Math.trunc(value * 1000)) };
  if (version === 'v1beta1') return { describedObject, metricName: metric, ...measured, selector: selectorOf(selector) };
  return { describedObject, metric: { name: metric, selector: selectorOf(selector) }, ...measured };
}

const OPERATORS = { in: 'In', notin: 'NotIn', exists: 'Exists', '!': 'DoesNotExist', gt: 'Gt', lt: 'Lt' } as const;

function selectorOf(text: string | null): object | null {
  if (text === null) return null;
  return {
    matchExpressions: parseLabelRequirements(text).map(({ key, operator, values }) => ({
      key,
      operator: OPERATORS[operator],
      ...(values.size === 0 ? {} : { values: [...values] }),
    })),
  };
}

function queryOf(metric: string, described: Described, metricLabelSelector: string): string {
  const requirements = parseLabelRequirements(metricLabelSelector);
  try {
    return valueQuery(metric, described, requirements);
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}

function missing(message: string): StatusError {
  return new StatusError(404, 'NotFound', message);
}
