/** Annotations and reasons of deployments, as kubectl and other tools know them. */
import type { Deployment, ReplicaSet } from '../../kube/types.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

/** A deployment's annotations that its replica sets do not get. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);

export function copiedAnnotations(deployment: Deployment): Record<string, string> {
  return Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key)));
}

/** 0 when there is none. */
export function revisionOf(object: { metadata: ReplicaSet['metadata'] }): number {
  return Number(object.metadata.annotations?.[REVISION] ?? 0) || 0;
}

/** Changed replica counts and annotations of a replica set that a pass over a deployment wants. */
export interface Sizing {
  replicas: number;
  annotations: Record<string, string>;
}
