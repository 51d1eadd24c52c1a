/** The leases by which members say that they live (Karmada: 40 s, renewed each 10 s). */
export const CLUSTER_LEASES = 'karmada-cluster';
export const LEASE_SECONDS = 40;
