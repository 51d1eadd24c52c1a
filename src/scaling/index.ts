/** Scaling; see README.md. */
export { clusterAutoscaler } from './autoscaler/controller.ts';
export type { AutoscalerOptions } from './autoscaler/options.ts';
