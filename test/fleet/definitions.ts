/** What the definitions of the fleet's kinds take and what they refuse: one table, for our API and for a real one. */
import type { KubeObject } from '../../src/kube/types.ts';

export interface Example {
  /** What it shows. */
  name: string;
  /** Plural and group, as in the definition's name. */
  kind: string;
  object: KubeObject;
  /** What the answer says of the field; absent: it is taken. */
  refused?: RegExp;
}

const POLICY = 'propagationpolicies.policy.karmada.io';
const OVERRIDE = 'overridepolicies.policy.karmada.io';
const SELECTORS = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'hello' }];

function make(kind: string, apiVersion: string, spec: unknown, name = 'hello'): Pick<Example, 'kind' | 'object'> {
  const [plural = ''] = kind.split('.');
  const names: Record<string, string> = {
    clusters: 'Cluster',
    propagationpolicies: 'PropagationPolicy',
    clusterpropagationpolicies: 'ClusterPropagationPolicy',
    overridepolicies: 'OverridePolicy',
    resourcebindings: 'ResourceBinding',
    works: 'Work',
  };
  const object = { apiVersion, kind: names[plural] ?? '', metadata: { name }, ...(spec === undefined ? {} : { spec }) };
  return { kind, object };
}

const policy = (spec: object): Pick<Example, 'kind' | 'object'> => make(POLICY, 'policy.karmada.io/v1alpha1', { resourceSelectors: SELECTORS, ...spec });
const placed = (placement: object): Pick<Example, 'kind' | 'object'> => policy({ placement });
const spread = (...spreadConstraints: object[]): Pick<Example, 'kind' | 'object'> => placed({ spreadConstraints });
const weighed = (...staticWeightList: object[]): Pick<Example, 'kind' | 'object'> =>
  placed({ replicaScheduling: { replicaDivisionPreference: 'Weighted', replicaSchedulingType: 'Divided', weightPreference: { staticWeightList } } });
const override = (spec: object): Pick<Example, 'kind' | 'object'> => make(OVERRIDE, 'policy.karmada.io/v1alpha1', spec);
const cluster = (spec: object, name = 'eu'): Pick<Example, 'kind' | 'object'> =>
  make('clusters.cluster.karmada.io', 'cluster.karmada.io/v1alpha1', { syncMode: 'Pull', ...spec }, name);
const of = (name: string, weight: number, more: object = {}): object => ({ targetCluster: { clusterNames: [name] }, weight, ...more });
const fields = (operator: string, key = 'region'): object => ({ fieldSelector: { matchExpressions: [{ key, operator, values: ['eu'] }] } });
const term = (affinityName: string, more: object = {}): object => ({ affinityName, clusterNames: ['eu'], ...more });
const dynamic = { replicaScheduling: { replicaSchedulingType: 'Divided', weightPreference: { dynamicWeight: 'AvailableReplicas' } } };
const application = { decisionConditions: {}, gracePeriodSeconds: 60 };

const policies: Example[] = [
  { name: 'weights by hand', ...weighed(of('us', 2), of('ap', 1), of('eu', 2)) },
  { name: 'bounds beside weights', ...weighed(of('us', 2, { minReplicas: 1, maxReplicas: 4 })) },
  { name: 'a weight of zero', ...weighed(of('us', 0)), refused: /staticWeightList\[0\]\.weight: Invalid value/ },
  { name: 'a most below its fewest', ...weighed(of('us', 1, { minReplicas: 5, maxReplicas: 4 })), refused: /staticWeightList\[0\]\.maxReplicas/ },
  { name: 'no selectors', ...policy({ resourceSelectors: [] }), refused: /spec\.resourceSelectors: Invalid value/ },
  { name: 'selectors that are missing', ...make(POLICY, 'policy.karmada.io/v1alpha1', {}), refused: /spec\.resourceSelectors: Required value/ },
  { name: 'a selector without a kind', ...policy({ resourceSelectors: [{ apiVersion: 'apps/v1' }] }), refused: /resourceSelectors\[0\]\.kind: Required value/ },
  {
    name: 'both forms of affinity',
    ...placed({ clusterAffinity: {}, clusterAffinities: [term('near')] }),
    refused: /spec\.placement\.clusterAffinities: Invalid value.*cannot co-exist with clusterAffinity/,
  },
  { name: 'groups of clusters', ...placed({ clusterAffinities: [term('near'), term('far')] }) },
  { name: 'two groups of one name', ...placed({ clusterAffinities: [term('near'), term('near')] }), refused: /clusterAffinities: Invalid value.*unique name/ },
  { name: 'a group whose name is no label', ...placed({ clusterAffinities: [term('-near')] }), refused: /clusterAffinities\[0\]\.affinityName/ },
  { name: 'overflow with dynamic weights', ...placed({ ...dynamic, clusterAffinities: [term('near', { overflowAffinities: [term('far')] })] }) },
  {
    name: 'overflow with weights by hand',
    ...placed({ clusterAffinities: [term('near', { overflowAffinities: [term('far')] })] }),
    refused: /placement\.clusterAffinities: Invalid value.*dynamic weight or aggregated/,
  },
  {
    name: 'an overflow with its own name',
    ...placed({ ...dynamic, clusterAffinities: [term('near', { overflowAffinities: [term('near')] })] }),
    refused: /clusterAffinities\[0\]\.overflowAffinities: Invalid value/,
  },
  { name: 'clusters by their region', ...placed({ clusterAffinity: fields('NotIn') }) },
  {
    name: 'clusters by a field they lack',
    ...placed({ clusterAffinity: fields('In', 'country') }),
    refused: /matchExpressions\[0\]\.key: Unsupported value: "country"/,
  },
  { name: 'an operator of labels for fields', ...placed({ clusterAffinity: fields('Exists') }), refused: /matchExpressions\[0\]\.operator: Unsupported value/ },
  { name: 'spread by region and cluster', ...spread({ spreadByField: 'region', minGroups: 2 }, { spreadByField: 'cluster', minGroups: 2, maxGroups: 4 }) },
  { name: 'spread by nothing, which is by cluster', ...spread({ spreadByField: 'region' }, { maxGroups: 4 }) },
  {
    name: 'spread by an unknown field',
    ...spread({ spreadByField: 'country' }),
    refused: /spreadConstraints\[0\]\.spreadByField: Unsupported value: "country"/,
  },
  { name: 'spread by region alone', ...spread({ spreadByField: 'region' }), refused: /spreadConstraints: Invalid value.*cluster spread constraint/ },
  { name: 'spread by field and label', ...spread({ spreadByField: 'cluster', spreadByLabel: 'a' }), refused: /spreadConstraints\[0\]\.spreadByLabel/ },
  {
    name: 'spread twice by one field',
    ...spread({ spreadByField: 'cluster' }, { spreadByField: 'cluster' }),
    refused: /spreadConstraints: Invalid value.*multiple/,
  },
  { name: 'more groups at least than at most', ...spread({ minGroups: 3, maxGroups: 2 }), refused: /spreadConstraints\[0\]\.maxGroups: Invalid value/ },
  { name: 'fewer groups than none', ...spread({ minGroups: -1 }), refused: /spreadConstraints\[0\]\.minGroups: Invalid value/ },
  { name: 'a toleration of an unknown effect', ...placed({ clusterTolerations: [{ effect: 'Never' }] }), refused: /clusterTolerations\[0\]\.effect/ },
  {
    name: 'a toleration that compares',
    ...placed({ clusterTolerations: [{ key: 'a', operator: 'Gt', value: '1' }] }),
    refused: /clusterTolerations\[0\]\.operator/,
  },
  {
    name: 'one label to be together and apart',
    ...placed({ workloadAffinity: { affinity: { groupByLabelKey: 'a' }, antiAffinity: { groupByLabelKey: 'a' } } }),
    refused: /placement\.workloadAffinity: Invalid value/,
  },
  { name: 'preemption by name', ...policy({ preemption: 'Always' }) },
  {
    name: 'preemption of all of a kind',
    ...policy({ preemption: 'Always', resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] }),
    refused: /spec\.resourceSelectors: Invalid value.*name cannot be empty/,
  },
  { name: 'failover with dependencies', ...policy({ propagateDeps: true, failover: { application } }) },
  { name: 'failover without dependencies', ...policy({ failover: { application } }), refused: /spec\.propagateDeps: Invalid value/ },
  {
    name: 'a grace period where nothing waits',
    ...policy({ propagateDeps: true, failover: { application: { ...application, purgeMode: 'Directly' } } }),
    refused: /failover\.application\.gracePeriodSeconds: Invalid value/,
  },
  {
    name: 'everything and some of it held back',
    ...policy({ suspension: { dispatching: true, dispatchingOnClusters: { clusterNames: ['eu'] } } }),
    refused: /spec\.suspension\.dispatching: Invalid value/,
  },
];

const RULE = { targetCluster: { clusterNames: ['eu'] }, overriders: { plaintext: [{ path: '/spec/replicas', operator: 'replace', value: 2 }] } };
const inText = (patch: object): Pick<Example, 'kind' | 'object'> =>
  override({ overrideRules: [{ overriders: { fieldOverrider: [{ fieldPath: '/data/config', json: [{ subPath: '/a', ...patch }] }] } }] });

const overrides: Example[] = [
  { name: 'an override', ...override({ overrideRules: [RULE], overriders: {} }) },
  { name: 'an override in the old form', ...override(RULE) },
  { name: 'both forms of overrides', ...override({ overrideRules: [RULE], overriders: RULE.overriders }), refused: /spec\.overriders: Invalid value/ },
  { name: 'both forms of targets', ...override({ overrideRules: [RULE], targetCluster: {} }), refused: /spec\.targetCluster: Invalid value/ },
  { name: 'a field in a text', ...inText({ operator: 'add', value: { b: [1] } }) },
  { name: 'a field in a text that gets nothing', ...inText({ operator: 'add' }), refused: /json\[0\]\.value: Required value/ },
  { name: 'a field in a text that goes with a value', ...inText({ operator: 'remove', value: 1 }), refused: /fieldOverrider\[0\]\.json\[0\]/ },
  {
    name: 'a path that is no pointer',
    ...override({ overrideRules: [{ overriders: { plaintext: [{ path: 'spec', operator: 'remove' }] } }] }),
    refused: /plaintext\[0\]\.path: Invalid value/,
  },
  {
    name: 'a text that is JSON and YAML',
    ...override({
      overrideRules: [
        {
          overriders: {
            fieldOverrider: [{ fieldPath: '/data/a', json: [{ subPath: '/a', operator: 'remove' }], yaml: [{ subPath: '/a', operator: 'remove' }] }],
          },
        },
      ],
    }),
    refused: /fieldOverrider\[0\]: Invalid value.*both YAML and JSON/,
  },
];

const TAINT = { key: 'a', effect: 'NoSchedule' };
const clusters: Example[] = [
  { name: 'a member', ...cluster({ apiEndpoint: 'https://10.0.0.1:6443', region: 'eu', zones: ['eu-1', 'eu-2'], provider: 'aws', taints: [TAINT] }) },
  { name: 'a member of an unknown mode', ...cluster({ syncMode: 'Both' }), refused: /spec\.syncMode: Unsupported value: "Both"/ },
  { name: 'a member with a long name', ...cluster({}, 'e'.repeat(49)), refused: /metadata\.name: / },
  { name: 'a member with a name of two labels', ...cluster({}, 'eu.west'), refused: /metadata\.name: / },
  { name: 'a member with a zone and zones', ...cluster({ zone: 'a', zones: ['b'] }), refused: /spec\.zone: Invalid value/ },
  { name: 'a member without a host', ...cluster({ apiEndpoint: '10.0.0.1' }), refused: /spec\.apiEndpoint: Invalid value/ },
  { name: 'a member behind a proxy of an unknown kind', ...cluster({ proxyURL: 'ftp://a' }), refused: /spec\.proxyURL: Invalid value/ },
  { name: 'a member with one taint twice', ...cluster({ taints: [TAINT, TAINT] }), refused: /spec\.taints: Invalid value/ },
  { name: 'a member with an unknown taint', ...cluster({ taints: [{ key: 'a', effect: 'Never' }] }), refused: /spec\.taints\[0\]\.effect: Unsupported value/ },
  { name: 'a member whose region is no label', ...cluster({ region: 'a b' }), refused: /spec\.region: Invalid value/ },
];

const others: Example[] = [
  {
    name: 'a binding',
    ...make('resourcebindings.work.karmada.io', 'work.karmada.io/v1alpha2', {
      resource: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'hello' },
      replicas: 3,
      clusters: [{ name: 'eu', replicas: 3 }],
    }),
  },
  {
    name: 'a work',
    ...make('works.work.karmada.io', 'work.karmada.io/v1alpha1', {
      workload: { manifests: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'b' } }] },
    }),
  },
  {
    name: 'a work of what is no resource',
    ...make('works.work.karmada.io', 'work.karmada.io/v1alpha1', { workload: { manifests: [{ data: {} }] } }),
    refused: /manifests\[0\]\.kind: Required value/,
  },
];

export const examples: readonly Example[] = [...policies, ...overrides, ...clusters, ...others];
