/** external.metrics.k8s.io/v1beta1: a resource for each metric anybody asks for, answered by whoever was given to the server. */
import { timestamp, type Clock } from '../../runtime/clock.ts';
import type { ResourceDefinition, Selection, StoredObject } from '../engine.ts';
import { encode } from '../store/stored-object.ts';
import type { KubeObject } from '../../kube/types.ts';

/** Values as quantities. Rejects with a StatusError that says why there are none. */
export type ExternalMetrics = (query: {
  namespace: string;
  metric: string;
  /** '' when none is given. */
  labelSelector: string;
}) => Promise<readonly { metricName: string; value: string }[]>;

const GROUP = 'external.metrics.k8s.io';
const VERSION = 'v1beta1';

function define(plural: string, kind: string, verbs: ResourceDefinition['verbs']): ResourceDefinition {
  return {
    group: GROUP,
    version: VERSION,
    kind,
    plural,
    namespaced: true,
    listKind: 'ExternalMetricValueList',
    singular: '',
    shortNames: [],
    categories: [],
    verbs,
    subresources: [],
    selectableFields: {},
    builtin: false,
    hasStatus: false,
    generation: false,
    storage: { group: GROUP, plural },
    custom: { columns: [{ name: 'value', type: 'string', jsonPath: '.value' }] },
  };
}

/** What discovery shows: metrics have no names that could be listed. */
export const externalMetricsDefinition = define('externalmetrics', 'ExternalMetricValueList', ['get']);

export function externalMetric(group: string, version: string, metric: string): ResourceDefinition | undefined {
  return group === GROUP && version === VERSION ? define(metric, 'ExternalMetricValue', ['list']) : undefined;
}

export function isExternalMetric({ group }: ResourceDefinition): boolean {
  return group === GROUP;
}

export async function externalValues(
  source: ExternalMetrics,
  clock: Clock,
  { plural }: ResourceDefinition,
  { namespace = '', labelSelector = '' }: Selection,
): Promise<StoredObject[]> {
  const values = await source({ namespace, metric: plural, labelSelector });
  const now = timestamp(clock.now());
  // Upstream's values are no objects: they have no metadata.
  return values.map(({ metricName, value }) => encode(0, { metricName, metricLabels: {}, timestamp: now, value } as unknown as KubeObject));
}
