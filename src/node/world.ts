/** What the parts of a node agent share. */
import type { Service } from '../kube/types.ts';
import type { Client } from '../runtime/client.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EventRecorder } from '../runtime/controller.ts';
import type { Logger } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import type { ImageStore } from './images/image.ts';
import type { ContainerRuntime } from './oci/runtime.ts';
import type { Lookups } from './pod/environment.ts';
import type { PodNetwork } from './ports.ts';

export interface NodeWorld {
  nodeName: string;
  hostIp: string | undefined;
  client: Client;
  clock: Clock;
  random: Random;
  log: Logger;
  recorder: EventRecorder;
  runtime: ContainerRuntime;
  images: ImageStore;
  network: PodNetwork;
  /** The node's directory: `pods/UID/` are below. */
  dir: string;
  /** '/argosy/NAME'. */
  cgroupParent: string;
  allocatable: { cpuMillis: number; memoryBytes: number; ephemeralStorageBytes: number };
  /** Config maps and secrets of a namespace, from a view that may lag and otherwise from the API. */
  lookups(namespace: string): Lookups;
  /** Services whose addresses a pod's containers are told. */
  servicesFor(namespace: string, enableServiceLinks: boolean): Service[];
}
