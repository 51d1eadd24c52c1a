/** What a pod's containers share: network, volumes, files of /etc. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../../kube/types.ts';
import { removeCgroup } from '../oci/cgroups.ts';
import type { PayloadContext } from '../volumes/payload.ts';
import { PodTokens } from '../volumes/tokens.ts';
import { PodVolumes, VolumeError } from '../volumes/volumes.ts';
import type { NodeWorld } from '../world.ts';
import { hostname, hostsFile, resolvFile, writePodFiles } from './files.ts';
import { podCgroup } from './launch.ts';
import { checkRuntimeHandler } from './runtime-handler.ts';

export interface SandboxFailure {
  reason: 'FailedCreatePodSandBox' | 'FailedMount';
  message: string;
}

export class PodSandbox {
  readonly dir: string;
  readonly volumes: PodVolumes;
  /** Container path to machine path. */
  files: Readonly<Record<string, string>> = {};
  ip: string | undefined;
  networkNamespace: string | undefined;
  ready = false;
  readonly #world: NodeWorld;
  readonly #tokens: PodTokens;

  constructor(world: NodeWorld, uid: string) {
    this.#world = world;
    this.dir = join(world.dir, 'pods', uid);
    this.volumes = new PodVolumes(this.dir);
    this.#tokens = new PodTokens(world.client, world.clock);
  }

  /** Idempotent; answers what is in the way, if anything. */
  async setUp(pod: Pod): Promise<SandboxFailure | undefined> {
    try {
      await checkRuntimeHandler(this.#world.client, pod);
    } catch (error) {
      return { reason: 'FailedCreatePodSandBox', message: `Failed to create pod sandbox: ${textOf(error)}` };
    }
    const attaching = this.#attach(pod);
    // Both at the same time, unless a file shows the address.
    if (JSON.stringify(pod.spec?.volumes ?? []).includes('status.podIP')) await attaching.catch(() => undefined);
    const [network, volumes] = await Promise.allSettled([attaching, this.volumes.setUp(pod, this.#payloadContext(pod))]);
    if (network.status === 'rejected') return { reason: 'FailedCreatePodSandBox', message: `Failed to create pod sandbox: ${textOf(network.reason)}` };
    if (volumes.status === 'rejected')
      return { reason: volumes.reason instanceof VolumeError ? 'FailedMount' : 'FailedCreatePodSandBox', message: textOf(volumes.reason) };
    this.files = writePodFiles(this.dir, {
      hosts: hostsFile(pod, this.ip),
      resolv: resolvFile(pod, this.#world.network.dns, machineResolv()),
      hostname: hostname(pod),
    });
    this.ready = true;
    return undefined;
  }

  /** Config maps, secrets, labels or tokens may have changed. */
  async refresh(pod: Pod): Promise<void> {
    if (this.ready) await this.volumes.refresh(pod, this.#payloadContext(pod));
  }

  /** Idempotent. Containers must be gone. Logs and last words stay. */
  async tearDown(pod: Pod): Promise<void> {
    this.ready = false;
    const uid = pod.metadata.uid ?? '';
    await Promise.all([this.#world.network.detach(uid), this.volumes.tearDown()]);
    removeCgroup(podCgroup(this.#world, uid));
  }

  /** The last step: nothing of the pod is left. */
  erase(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  async #attach(pod: Pod): Promise<void> {
    if (pod.spec?.hostNetwork === true) {
      this.ip = this.#world.hostIp;
      return;
    }
    const { uid = '', namespace = '', name = '' } = pod.metadata;
    const { ip, path } = await this.#world.network.attach({ uid, namespace, name, nodeName: this.#world.nodeName });
    this.ip = ip;
    this.networkNamespace = path;
  }

  #payloadContext(pod: Pod): PayloadContext {
    return {
      pod,
      podIp: this.ip,
      hostIp: this.#world.hostIp,
      allocatable: this.#world.allocatable,
      lookups: this.#world.lookups(pod.metadata.namespace ?? ''),
      token: (audience, expirationSeconds) => this.#tokens.get(pod, audience, expirationSeconds),
    };
  }
}

function machineResolv(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return '';
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
