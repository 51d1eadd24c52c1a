/** Scaling; see README.md. */
export { clusterAutoscaler } from './autoscaler/controller.ts';
export type { AutoscalerOptions } from './autoscaler/options.ts';
export { capacityBufferController } from './buffers/controller.ts';
export { capacityBuffers, type CapacityBuffer } from './buffers/types.ts';
export { horizontalPodAutoscaler } from './hpa/controller.ts';
export { restMetrics, type MetricsApis } from './hpa/rest-metrics.ts';
