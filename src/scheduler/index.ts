/** The scheduler; see README.md. */
export { schedulerController } from './controller.ts';
export { filtersFor, fits, type Refusal } from './filters/index.ts';
export { explain, place } from './schedule.ts';
export { NodeInfo, podInfo, Snapshot } from './snapshot.ts';
