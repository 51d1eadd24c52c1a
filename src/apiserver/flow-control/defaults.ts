/** The flow schemas and priority levels that every cluster has: upstream's, as a table. */
import { GROUP, type FlowRule, type FlowSchema, type FlowSubject, type PriorityLevelConfiguration, type ResourceRule } from './types.ts';

const API_VERSION = `${GROUP}/v1`;
/** While it says "true", the server keeps the object as it is written here. */
export const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec';

const user = (name: string): FlowSubject => ({ kind: 'User', user: { name } });
const group = (name: string): FlowSubject => ({ kind: 'Group', group: { name } });
const EVERYBODY = [group('system:unauthenticated'), group('system:authenticated')];
const KUBE_SYSTEM: FlowSubject = { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } };
const ALL_RESOURCES: ResourceRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] };
const ALL_PATHS = { verbs: ['*'], nonResourceURLs: ['*'] };

function leases(verbs: string[]): ResourceRule {
  return { verbs, apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] };
}

function everything(subjects: FlowSubject[]): FlowRule {
  return { subjects, resourceRules: [ALL_RESOURCES], nonResourceRules: [ALL_PATHS] };
}

const NODES: ResourceRule = { verbs: ['*'], apiGroups: [''], resources: ['nodes', 'nodes/status'], clusterScope: true, namespaces: ['*'] };

type SchemaRow = [name: string, level: string, precedence: number, by: 'ByUser' | 'ByNamespace' | undefined, rule: FlowRule];

const SCHEMAS: readonly SchemaRow[] = [
  ['exempt', 'exempt', 1, undefined, everything([group('system:masters')])],
  ['probes', 'exempt', 2, undefined, { subjects: EVERYBODY, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] }],
  [
    'system-leader-election',
    'leader-election',
    100,
    'ByUser',
    { subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), KUBE_SYSTEM], resourceRules: [leases(['get', 'create', 'update'])] },
  ],
  ['system-node-high', 'node-high', 400, 'ByUser', { subjects: [group('system:nodes')], resourceRules: [NODES, leases(['*'])] }],
  ['system-nodes', 'system', 500, 'ByUser', everything([group('system:nodes')])],
  ['kube-controller-manager', 'workload-high', 800, 'ByNamespace', everything([user('system:kube-controller-manager')])],
  ['kube-scheduler', 'workload-high', 800, 'ByNamespace', everything([user('system:kube-scheduler')])],
  ['kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', everything([KUBE_SYSTEM])],
  ['service-accounts', 'workload-low', 9000, 'ByUser', everything([group('system:serviceaccounts')])],
  ['global-default', 'global-default', 9900, 'ByUser', everything(EVERYBODY)],
  ['catch-all', 'catch-all', 10_000, 'ByUser', everything(EVERYBODY)],
];

type LevelRow = [name: string, shares: number, lendable: number, queues: number, handSize: number];

const LEVELS: readonly LevelRow[] = [
  ['system', 30, 33, 64, 6],
  ['node-high', 40, 25, 64, 6],
  ['leader-election', 10, 0, 16, 4],
  ['workload-high', 40, 50, 128, 6],
  ['workload-low', 100, 90, 128, 6],
  ['global-default', 20, 50, 128, 6],
];

/** These are always there, whatever anybody does. */
export const CATCH_ALL = 'catch-all';
export const MANDATORY = new Set(['exempt', CATCH_ALL]);

export function defaultSchemas(): FlowSchema[] {
  return SCHEMAS.map(([name, level, matchingPrecedence, by, rule]) => ({
    apiVersion: API_VERSION,
    kind: 'FlowSchema',
    metadata: { name, annotations: { [AUTO_UPDATE]: 'true' } },
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence,
      ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
      rules: [structuredClone(rule)],
    },
  }));
}

export function defaultLevels(): PriorityLevelConfiguration[] {
  const level = (name: string, spec: PriorityLevelConfiguration['spec']): PriorityLevelConfiguration => ({
    apiVersion: API_VERSION,
    kind: 'PriorityLevelConfiguration',
    metadata: { name, annotations: { [AUTO_UPDATE]: 'true' } },
    spec,
  });
  return [
    level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
    level('catch-all', { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 } }),
    ...LEVELS.map(([name, nominalConcurrencyShares, lendablePercent, queues, handSize]) => {
      const queuing = { queues, handSize, queueLengthLimit: 50 };
      return level(name, { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse: { type: 'Queue', queuing }, lendablePercent } });
    }),
  ];
}
