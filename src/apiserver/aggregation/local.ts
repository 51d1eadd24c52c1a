/** The APIServices of what this server serves itself, one a group and version. */
import type { KubeObject } from '../../kube/types.ts';

export interface ApiServiceSpec {
  group?: string;
  version?: string;
  groupPriorityMinimum: number;
  versionPriority: number;
  service?: { namespace: string; name: string; port?: number };
  caBundle?: string;
  insecureSkipTLSVerify?: boolean;
}

export interface ApiService extends KubeObject {
  spec: ApiServiceSpec;
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[] };
}

export const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/** Upstream's order of groups, as clients list them. */
const PRIORITIES: Record<string, number> = {
  '': 18000,
  'events.k8s.io': 17750,
  apps: 17800,
  'authentication.k8s.io': 17700,
  'authorization.k8s.io': 17600,
  autoscaling: 17500,
  batch: 17400,
  'certificates.k8s.io': 17300,
  'networking.k8s.io': 17200,
  policy: 17100,
  'rbac.authorization.k8s.io': 17000,
  'storage.k8s.io': 16800,
  'apiextensions.k8s.io': 16700,
  'admissionregistration.k8s.io': 16700,
  'scheduling.k8s.io': 16600,
  'coordination.k8s.io': 16500,
  'node.k8s.io': 16300,
  'discovery.k8s.io': 16200,
  'flowcontrol.apiserver.k8s.io': 16100,
  'resource.k8s.io': 15900,
  'storagemigration.k8s.io': 15800,
};
const CUSTOM = { groupPriorityMinimum: 1000, versionPriority: 100 };

export function apiServiceName({ group, version }: { group: string; version: string }): string {
  return `${version}.${group}`;
}

export function localApiService(group: string, version: string, builtin: boolean): ApiService {
  const priorities = builtin
    ? { groupPriorityMinimum: PRIORITIES[group] ?? CUSTOM.groupPriorityMinimum, versionPriority: group === '' ? 1 : version === 'v2' ? 30 : 15 }
    : CUSTOM;
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: apiServiceName({ group, version }), labels: { [AUTOMANAGED]: builtin ? 'onstart' : 'true' } },
    spec: { ...(group === '' ? {} : { group }), version, ...priorities },
  };
}
