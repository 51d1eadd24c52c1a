/** The two resources of metrics.k8s.io/v1beta1, with metrics-server's columns. */
import type { ResourceDefinition } from '../engine.ts';

type Column = NonNullable<ResourceDefinition['custom']>['columns'][number];

const WINDOW: Column = { name: 'Window', type: 'string', jsonPath: '.window' };

function metrics(kind: string, plural: string, namespaced: boolean, usagePath: string): ResourceDefinition {
  return {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    kind,
    plural,
    namespaced,
    listKind: `${kind}List`,
    singular: '',
    shortNames: [],
    categories: [],
    verbs: ['get', 'list'],
    subresources: [],
    selectableFields: {},
    builtin: false,
    hasStatus: false,
    generation: false,
    storage: { group: 'metrics.k8s.io', plural },
    custom: {
      columns: [
        { name: 'cpu', type: 'string', jsonPath: `${usagePath}.usage.cpu` },
        { name: 'memory', type: 'string', jsonPath: `${usagePath}.usage.memory` },
        WINDOW,
      ],
    },
  };
}

export const nodeMetrics = metrics('NodeMetrics', 'nodes', false, '');
export const podMetrics = metrics('PodMetrics', 'pods', true, '.containers[*]');
