/** The scheduler for the process that wires a cluster, and its pure parts for the autoscaler. See README.md. */
export { schedulerController, type SchedulerOptions } from './controller.ts';
export { filtersFor, fits, type Refusal } from './filters/index.ts';
export { NodeInfo, Snapshot, podInfo } from './snapshot.ts';
