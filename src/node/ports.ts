/** What the node agent needs from others; given to it by the process that wires the world. */

/** Networks of pods (CNI's job). Implemented by network/. */
export interface PodNetwork {
  /**
   * Makes a network namespace for the pod with an address; the same pod asked for again gets the same answer.
   * `path` is the namespace's file, for the container runtime.
   */
  attach(pod: { uid: string; namespace: string; name: string; nodeName: string }): Promise<{ path: string; ip: string }>;
  /** Idempotent. */
  detach(podUid: string): Promise<void>;
  /** What /etc/resolv.conf of a ClusterFirst pod needs. */
  dns: { nameserver: string; searches(namespace: string): string[] };
}
