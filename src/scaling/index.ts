/** Scaling; see README.md. */
export { clusterAutoscaler } from './autoscaler/controller.ts';
export type { AutoscalerOptions } from './autoscaler/options.ts';
export { capacityBufferController } from './buffers/controller.ts';
export { capacityBuffers, type CapacityBuffer } from './buffers/types.ts';
export { CUSTOM_METRICS, customMetrics, type CustomMetrics, type CustomMetricsVersion, type MetricPath } from './custom-metrics/adapter.ts';
export { horizontalPodAutoscaler } from './hpa/controller.ts';
export { restMetrics, type MetricsApis } from './hpa/rest-metrics.ts';
export { keda } from './keda/index.ts';
export { httpGet } from './keda/http-get.ts';
export { hostResolver } from './keda/resolve-host.ts';
export { scaledObjects, type ScaledObject } from './keda/types.ts';
export { scaledJobs, type ScaledJob } from './keda/jobs/types.ts';
export { warningsOf, whyNotTriggers, whyRefused } from './keda/validate.ts';
