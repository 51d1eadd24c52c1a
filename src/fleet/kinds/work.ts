/** Work of Karmada (work.karmada.io/v1alpha1): what one member is to have, in the member's namespace of the hub. */
import type { Condition } from '../../kube/conditions.ts';
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Health } from './binding.ts';

export interface ManifestStatus {
  identifier: { ordinal: number; group?: string; version: string; kind: string; resource: string; namespace?: string; name: string };
  status?: unknown;
  health?: Health;
}

export interface Work extends KubeObject {
  spec: {
    workload: { manifests: KubeObject[] };
    suspendDispatching?: boolean;
    preserveResourcesOnDeletion?: boolean;
  };
  status?: { conditions?: Condition[]; manifestStatuses?: ManifestStatus[] };
}

export const works: Resource<Work> = Object.freeze({ group: 'work.karmada.io', version: 'v1alpha1', kind: 'Work', plural: 'works', namespaced: true });

export const APPLIED = 'Applied';
export const DISPATCHING = 'Dispatching';

const PREFIX = 'karmada-es-';

/** The namespace of the hub that holds a member's works. */
export function executionNamespace(cluster: string): string {
  return PREFIX + cluster;
}

export function clusterOfNamespace(namespace: string): string | undefined {
  return namespace.startsWith(PREFIX) ? namespace.slice(PREFIX.length) : undefined;
}
