/** One object of every kind that users write, as small as it may be: the material of the generated cases. */

export interface Sample {
  /** '/api/v1' or '/apis/GROUP/VERSION' */
  base: string;
  plural: string;
  namespaced: boolean;
  object: Record<string, unknown>;
}

const labels = { app: 'web' };
const container = { name: 'main', image: 'example.test/app:1', ports: [{ containerPort: 8080, name: 'http' }], env: [{ name: 'A', value: '1' }] };
const podSpec = { containers: [container] };
const template = { metadata: { labels }, spec: podSpec };
const selector = { matchLabels: labels };

/** DER in base64: a request that asks for nothing, and an authority of its key (Ed25519). */
const CERTIFICATE_REQUEST =
  'MH8wMwIBADAAMCowBQYDK2VwAyEApTxhLOUXJCrHFfbip5zKNA5CsMDVVq/Ro2MbH7sZ7W+gADAFBgMrZXADQQAPnCmVcc/KRLqzBgXdMimA4joqM7n5QDnwGMF9T4GHItaGdOzpl0nZ24gotMlqLUScEES0QXR5xA3/6bBvPW0C';
const AUTHORITY =
  'MIIBMDCB46ADAgECAhRBQPUB4vI4YTSXgPYVvswmX1oHljAFBgMrZXAwDTELMAkGA1UEAwwCY2EwIBcNMjYxMTI0MDQwNDM2WhgPMjEyNjEwMzEwNDA0MzZaMA0xCzAJBgNVBAMMAmNhMCowBQYDK2VwAyEApTxhLOUXJCrHFfbip5zKNA5CsMDVVq/Ro2MbH7sZ7W+jUzBRMB0GA1UdDgQWBBROy6sHY6RfDf4JWIU/5Wpx4rBmJjAfBgNVHSMEGDAWgBROy6sHY6RfDf4JWIU/5Wpx4rBmJjAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAECzj4PId1po2W4D6B4n8WyHnpaDW46lVm7Oe2TLekBIfkGBXxynSyyxGtryu4sHsA4GUOHWfgVajIUH/idn/w0=';

export const SAMPLES: readonly Sample[] = [
  core('pods', 'Pod', {
    spec: {
      containers: [
        {
          ...container,
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
          readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
          volumeMounts: [{ name: 'config', mountPath: '/etc/config' }],
          securityContext: { runAsUser: 1000, capabilities: { drop: ['ALL'] } },
        },
      ],
      initContainers: [{ name: 'init', image: 'example.test/init:1', command: ['true'] }],
      volumes: [
        { name: 'config', configMap: { name: 'config', items: [{ key: 'a', path: 'a' }] } },
        { name: 'scratch', emptyDir: { sizeLimit: '1Gi' } },
      ],
      tolerations: [{ key: 'a', operator: 'Equal', value: 'b', effect: 'NoSchedule' }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }] },
        },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, podAffinityTerm: { labelSelector: selector, topologyKey: 'zone' } }],
        },
      },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector }],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 10,
      nodeSelector: { disk: 'ssd' },
      hostAliases: [{ ip: '10.1.1.1', hostnames: ['a.test'] }],
    },
  }),
  core('configmaps', 'ConfigMap', { data: { a: '1' }, binaryData: { b: 'AAEC' }, immutable: false }),
  core('secrets', 'Secret', { type: 'Opaque', data: { a: 'YQ==' }, stringData: { b: 'c' } }),
  core('services', 'Service', {
    spec: { selector: labels, type: 'ClusterIP', ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }], sessionAffinity: 'None' },
  }),
  core('serviceaccounts', 'ServiceAccount', { imagePullSecrets: [{ name: 'a' }], automountServiceAccountToken: true }),
  core('endpoints', 'Endpoints', { subsets: [{ addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 80, name: 'http' }] }] }),
  core('replicationcontrollers', 'ReplicationController', { spec: { replicas: 1, selector: labels, template } }),
  core('podtemplates', 'PodTemplate', { template }),
  core('limitranges', 'LimitRange', {
    spec: { limits: [{ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '500m' }, max: { cpu: '2' }, min: { cpu: '100m' } }] },
  }),
  core('resourcequotas', 'ResourceQuota', { spec: { hard: { pods: '10', 'requests.cpu': '4' }, scopes: ['NotTerminating'] } }),
  core('persistentvolumeclaims', 'PersistentVolumeClaim', {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'fast', volumeMode: 'Filesystem' },
  }),
  core('events', 'Event', { involvedObject: { kind: 'Pod', name: 'a', namespace: 'NAMESPACE' }, reason: 'Because', message: 'text', type: 'Normal', count: 1 }),
  { base: '/api/v1', plural: 'namespaces', namespaced: false, object: object('v1', 'Namespace', { metadata: { name: 'ns-NAMESPACE', labels } }) },
  {
    base: '/api/v1',
    plural: 'nodes',
    namespaced: false,
    object: object('v1', 'Node', {
      metadata: { name: 'node-NAMESPACE', labels },
      spec: { taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }], podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] },
    }),
  },
  cluster('/api/v1', 'persistentvolumes', 'v1', 'PersistentVolume', {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: 'fast',
      hostPath: { path: '/data', type: 'Directory' },
    },
  }),
  named('apps', 'v1', 'deployments', 'Deployment', {
    spec: {
      replicas: 2,
      selector,
      template,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
      minReadySeconds: 5,
      revisionHistoryLimit: 3,
      progressDeadlineSeconds: 60,
    },
  }),
  named('apps', 'v1', 'replicasets', 'ReplicaSet', { spec: { replicas: 1, selector, template } }),
  named('apps', 'v1', 'statefulsets', 'StatefulSet', {
    spec: {
      replicas: 1,
      serviceName: 'web',
      selector,
      template,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
      podManagementPolicy: 'Parallel',
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }],
    },
  }),
  named('apps', 'v1', 'daemonsets', 'DaemonSet', { spec: { selector, template, updateStrategy: { type: 'OnDelete' } } }),
  named('apps', 'v1', 'controllerrevisions', 'ControllerRevision', { revision: 1, data: { a: 1 } }),
  named('batch', 'v1', 'jobs', 'Job', {
    spec: { completions: 2, parallelism: 1, backoffLimit: 3, ttlSecondsAfterFinished: 10, template: { spec: { ...podSpec, restartPolicy: 'Never' } } },
  }),
  named('batch', 'v1', 'cronjobs', 'CronJob', {
    spec: {
      schedule: '*/5 * * * *',
      timeZone: 'Etc/UTC',
      concurrencyPolicy: 'Forbid',
      successfulJobsHistoryLimit: 1,
      jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'OnFailure' } } } },
    },
  }),
  named('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 5,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
      behavior: { scaleDown: { stabilizationWindowSeconds: 60, policies: [{ type: 'Pods', value: 1, periodSeconds: 30 }] } },
    },
  }),
  named('networking.k8s.io', 'v1', 'ingresses', 'Ingress', {
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['a.test'], secretName: 'tls' }],
      rules: [{ host: 'a.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }] } }],
    },
  }),
  named('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy', {
    spec: {
      podSelector: selector,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [{ podSelector: selector }, { ipBlock: { cidr: '10.1.0.0/16', except: ['10.1.2.0/24'] } }],
          ports: [{ protocol: 'TCP', port: 80, endPort: 90 }],
        },
      ],
      egress: [{ to: [{ namespaceSelector: selector }] }],
    },
  }),
  named('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget', { spec: { minAvailable: '50%', selector } }),
  named('rbac.authorization.k8s.io', 'v1', 'roles', 'Role', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }] }),
  named('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding', {
    subjects: [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }],
    roleRef: { kind: 'Role', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' },
  }),
  named('coordination.k8s.io', 'v1', 'leases', 'Lease', { spec: { holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 1 } }),
  named('discovery.k8s.io', 'v1', 'endpointslices', 'EndpointSlice', {
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.1.1.1'], conditions: { ready: true } }],
  }),
  named('certificates.k8s.io', 'v1', 'podcertificaterequests', 'PodCertificateRequest', {
    spec: {
      signerName: 'example.test/signer',
      podName: 'web',
      podUID: 'a',
      serviceAccountName: 'default',
      serviceAccountUID: 'b',
      nodeName: 'one',
      nodeUID: 'c',
      maxExpirationSeconds: 7200,
      stubPKCS10Request: CERTIFICATE_REQUEST,
      unverifiedUserAnnotations: { 'example.test/a': 'b' },
    },
  }),
  grouped('certificates.k8s.io', 'v1', 'clustertrustbundles', 'ClusterTrustBundle', {
    spec: { trustBundle: `-----BEGIN CERTIFICATE-----\n${AUTHORITY}\n-----END CERTIFICATE-----\n` },
  }),
  grouped('resource.k8s.io', 'v1', 'devicetaintrules', 'DeviceTaintRule', {
    spec: {
      deviceSelector: { driver: 'gpu.example.test', pool: 'one', device: 'gpu-0' },
      taint: { key: 'example.test/broken', value: 'yes', effect: 'NoSchedule', timeAdded: '2026-01-01T00:00:00Z' },
    },
  }),
  grouped('storagemigration.k8s.io', 'v1', 'storageversionmigrations', 'StorageVersionMigration', {
    spec: { resource: { group: 'apps', resource: 'deployments' } },
  }),
  grouped('rbac.authorization.k8s.io', 'v1', 'clusterroles', 'ClusterRole', { rules: [{ nonResourceURLs: ['/healthz'], verbs: ['get'] }] }),
  grouped('rbac.authorization.k8s.io', 'v1', 'clusterrolebindings', 'ClusterRoleBinding', {
    subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 'b' }],
    roleRef: { kind: 'ClusterRole', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' },
  }),
  grouped('storage.k8s.io', 'v1', 'storageclasses', 'StorageClass', {
    provisioner: 'example.test/disk',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
    parameters: { a: 'b' },
  }),
  grouped('storage.k8s.io', 'v1', 'csidrivers', 'CSIDriver', { spec: { attachRequired: false, podInfoOnMount: true } }),
  grouped('scheduling.k8s.io', 'v1', 'priorityclasses', 'PriorityClass', { value: 100, description: 'text', preemptionPolicy: 'Never' }),
  grouped('networking.k8s.io', 'v1', 'ingressclasses', 'IngressClass', { spec: { controller: 'example.test/controller' } }),
  grouped('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass', { handler: 'runc', overhead: { podFixed: { cpu: '10m' } } }),
  grouped('admissionregistration.k8s.io', 'v1', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration', {
    webhooks: [
      {
        name: 'a.example.test',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        rules: [{ apiGroups: ['example.test'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['widgets'] }],
      },
    ],
  }),
  grouped('admissionregistration.k8s.io', 'v1', 'mutatingadmissionpolicies', 'MutatingAdmissionPolicy', {
    spec: {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConstraints: {
        resourceRules: [{ apiGroups: ['example.test'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['widgets'], resourceNames: ['a'] }],
        namespaceSelector: selector,
      },
      matchConditions: [{ name: 'one', expression: "request.name != 'b'" }],
      variables: [{ name: 'team', expression: 'params.data.team' }],
      failurePolicy: 'Ignore',
      reinvocationPolicy: 'IfNeeded',
      mutations: [
        { patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"team": variables.team}}}' } },
        { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "remove", path: "/spec/a"}]' } },
      ],
    },
  }),
  grouped('admissionregistration.k8s.io', 'v1', 'mutatingadmissionpolicybindings', 'MutatingAdmissionPolicyBinding', {
    spec: {
      policyName: 'sample',
      paramRef: { name: 'settings', namespace: 'default', parameterNotFoundAction: 'Deny' },
      matchResources: { resourceRules: [{ apiGroups: ['example.test'], apiVersions: ['v1'], operations: ['*'], resources: ['widgets'] }] },
    },
  }),
  grouped('apiextensions.k8s.io', 'v1', 'customresourcedefinitions', 'CustomResourceDefinition', {
    metadata: { name: 'widgets.NAMESPACE.test' },
    spec: {
      group: 'NAMESPACE.test',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', minimum: 1 } } } } } },
        },
      ],
    },
  }),
];

function object(apiVersion: string, kind: string, more: Record<string, unknown>): Record<string, unknown> {
  return { apiVersion, kind, metadata: { name: 'sample', labels }, ...more };
}

function core(plural: string, kind: string, more: Record<string, unknown>): Sample {
  return { base: '/api/v1', plural, namespaced: true, object: object('v1', kind, more) };
}

function named(group: string, version: string, plural: string, kind: string, more: Record<string, unknown>): Sample {
  return { base: `/apis/${group}/${version}`, plural, namespaced: true, object: object(`${group}/${version}`, kind, more) };
}

function grouped(group: string, version: string, plural: string, kind: string, more: Record<string, unknown>): Sample {
  return cluster(`/apis/${group}/${version}`, plural, `${group}/${version}`, kind, more);
}

function cluster(base: string, plural: string, apiVersion: string, kind: string, more: Record<string, unknown>): Sample {
  return { base, plural, namespaced: false, object: object(apiVersion, kind, { metadata: { name: 'sample-NAMESPACE', labels }, ...more }) };
}
