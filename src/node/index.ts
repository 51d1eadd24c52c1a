/**
 * The node: an agent for each simulated node of a cluster, containers, images. See README.md.
 * May import: kube, runtime.
 */
export { startNodeAgent, type NodeAgent, type NodeAgentOptions } from './agent/agent.ts';
export { openImageStore, type ImageStoreOptions } from './images/store.ts';
export type { ImageStore } from './images/image.ts';
