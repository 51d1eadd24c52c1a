/** Where autoscalers ask for numbers. Values are in thousandths, rounded up, as upstream computes with them. */
import type { Identifier, ObjectReference } from './types.ts';

export interface PodMetric {
  /** Epoch ms of the end of the window. */
  time: number;
  windowMs: number;
  millis: number;
}

/** By the pod's name. */
export type PodMetrics = Map<string, PodMetric>;

/** All reject with an Error in upstream's words when there is nothing to be had. The maps are the caller's to change. */
export interface MetricsClient {
  /** What the named pods use of a resource; of one container, or of all together: pods of which one container is missing are left out. */
  ofResource(query: { namespace: string; pods: Iterable<string>; resource: string; container?: string | undefined }): Promise<PodMetrics>;
  /** A metric of each pod that the selector matches (custom.metrics.k8s.io). */
  ofPods(query: { namespace: string; selector: string; metric: Identifier }): Promise<PodMetrics>;
  /** A metric of one object; of a Namespace that of the autoscaler's own. */
  ofObject(query: { namespace: string; object: ObjectReference; metric: Identifier }): Promise<number>;
  /** All values of a metric from outside (external.metrics.k8s.io); at least one. */
  ofExternal(query: { namespace: string; metric: Identifier }): Promise<number[]>;
}
