/** What other rooms use of the network; README.md says how it works. */
export { clusterAddresses, freeClusterNumber, nodeAddress, type ClusterAddresses } from './addresses.ts';
export { ensureClusterNetwork, removeClusterNetwork, namespacesOf, takenAddresses } from './cluster-namespace.ts';
export { openPodNetwork } from './pod-network.ts';
export { startDataPlane, type DataPlane } from './data-plane.ts';
