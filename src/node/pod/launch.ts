/** Brings one container to life: image, environment, root file system, process. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, Pod } from '../../kube/types.ts';
import { ImageError } from '../images/errors.ts';
import type { Image } from '../images/image.ts';
import { makeRootfs, resolveUser } from '../images/rootfs.ts';
import { buildSpec, type Mount } from '../oci/spec.ts';
import type { ProcessId } from '../oci/process.ts';
import type { PodVolumes } from '../volumes/volumes.ts';
import type { NodeWorld } from '../world.ts';
import { buildEnvironment, ConfigError } from './environment.ts';
import { hostname } from './files.ts';
import { containerSettings } from './settings.ts';

/** Why a container does not run, as it shows in the pod's status. `ended`: it counts as a run that failed at once. */
export class LaunchError extends Error {
  readonly reason: string;
  readonly ended: boolean;

  constructor(reason: string, message: string, ended = false) {
    super(message);
    this.reason = reason;
    this.ended = ended;
  }
}

export interface LaunchInput {
  pod: Pod;
  container: Container;
  /** 64 hexadecimal digits; nothing of this id is there yet. */
  id: string;
  restartCount: number;
  podDir: string;
  podIp: string | undefined;
  networkNamespace: string | undefined;
  /** The process of the container it is to debug. Throws a LaunchError when that is not there. */
  target?: () => ProcessId | undefined;
  volumes: PodVolumes;
  /** Container path to machine path: /etc/hosts and its like. */
  files: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

export interface Launched {
  process: ProcessId;
  image: Image;
}

/** Rejects with a LaunchError. */
export async function launch(world: NodeWorld, input: LaunchInput): Promise<Launched> {
  const { pod, container, id, signal } = input;
  const { runtime } = world;
  // What does not need the image goes on meanwhile.
  const envReady = environmentOf(world, input);
  envReady.catch(() => undefined);
  const image = await ensureImage(world, pod, container, signal);
  const env = await envReady;
  const target = input.target?.();
  try {
    mkdirSync(runtime.bundle(id), { mode: 0o700 });
    const rootfs = await makeRootfs(image, runtime.bundle(id));
    const settings = containerSettings({
      pod,
      container,
      image: image.config,
      env,
      rootfs: rootfs.path,
      mounts: joinMounts(rootfs.mounts, podFileMounts(input), input.volumes.mountsOf(pod, container, env)),
      hostname: hostname(pod),
      networkNamespace: input.networkNamespace,
      targetPid: target?.pid,
      cgroupsPath: containerCgroup(world, pod, id),
      heldCapabilities: runtime.capabilities,
      lookUpUser: (user) => resolveUser(user, rootfs.path),
    });
    const logDir = join(input.podDir, 'logs', container.name);
    mkdirSync(logDir, { recursive: true });
    signal.throwIfAborted();
    let process: ProcessId;
    try {
      process = await runtime.create(id, {
        spec: buildSpec(settings),
        logPath: join(logDir, `${input.restartCount}.log`),
        stdin: container.stdin === true,
        tty: settings.tty,
        signal,
      });
      world.recorder.event(pod, 'Normal', 'Created', `Created container: ${container.name}`);
      await runtime.start(id, process);
    } catch (error) {
      signal.throwIfAborted();
      const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: ${text(error)}: unknown`;
      throw new LaunchError('StartError', message.replace('runc create failed: ', ''), true);
    }
    world.recorder.event(pod, 'Normal', 'Started', `Started container ${container.name}`);
    return { process, image };
  } catch (error) {
    await runtime.remove(id).catch(() => undefined);
    if (error instanceof LaunchError) throw error;
    throw new LaunchError('CreateContainerError', text(error));
  }
}

/** '/argosy/NAME/pod UID/ID'. */
export function containerCgroup(world: NodeWorld, pod: Pod, id: string): string {
  return `${podCgroup(world, pod.metadata.uid ?? '')}/${id}`;
}

export function podCgroup(world: NodeWorld, uid: string): string {
  return `${world.cgroupParent}/${uid}`;
}

async function environmentOf(world: NodeWorld, { pod, container, podIp }: LaunchInput): Promise<Record<string, string>> {
  const namespace = pod.metadata.namespace ?? '';
  try {
    return await buildEnvironment({
      pod,
      container,
      podIp,
      hostIp: world.hostIp,
      services: world.servicesFor(namespace, pod.spec?.enableServiceLinks !== false),
      allocatable: world.allocatable,
      lookups: world.lookups(namespace),
    });
  } catch (error) {
    throw new LaunchError(error instanceof ConfigError ? 'CreateContainerConfigError' : 'CreateContainerError', text(error));
  }
}

async function ensureImage(world: NodeWorld, pod: Pod, container: Container, signal: AbortSignal): Promise<Image> {
  const { images, recorder, clock } = world;
  const name = container.image ?? '';
  const policy = container.imagePullPolicy ?? 'IfNotPresent';
  try {
    if (policy !== 'Always') {
      const found = await images.find(name);
      if (found !== undefined) {
        recorder.event(pod, 'Normal', 'Pulled', `Container image "${name}" already present on machine`);
        return found;
      }
      if (policy === 'Never') throw new ImageError('ErrImageNeverPull', `Container image "${name}" is not present with pull policy of Never`);
    }
    const startedAt = clock.monotonic();
    recorder.event(pod, 'Normal', 'Pulling', `Pulling image "${name}"`);
    const image = await images.pull(name, { credentials: await pullSecrets(world, pod), signal });
    const took = goDuration(clock.monotonic() - startedAt);
    recorder.event(
      pod,
      'Normal',
      'Pulled',
      `Successfully pulled image "${name}" in ${took} (${took} including waiting). Image size: ${image.sizeBytes} bytes.`,
    );
    return image;
  } catch (error) {
    const reason = error instanceof ImageError ? error.reason : 'ErrImagePull';
    if (!signal.aborted) {
      const message = reason === 'ErrImagePull' ? `Failed to pull image "${name}": ${text(error)}` : text(error);
      recorder.event(
        pod,
        'Warning',
        reason === 'InvalidImageName' ? 'InspectFailed' : reason === 'ErrImageNeverPull' ? 'ErrImageNeverPull' : 'Failed',
        message,
      );
    }
    throw new LaunchError(reason, text(error));
  }
}

async function pullSecrets(world: NodeWorld, pod: Pod): Promise<string[]> {
  const lookups = world.lookups(pod.metadata.namespace ?? '');
  const found = await Promise.all((pod.spec?.imagePullSecrets ?? []).map(({ name = '' }) => lookups.secret(name)));
  return found.flatMap((secret) => {
    const data = secret?.data?.['.dockerconfigjson'];
    return data === undefined ? [] : [Buffer.from(data, 'base64').toString()];
  });
}

/** Files every container has: names of hosts, DNS, and where it leaves its last words. */
function podFileMounts({ pod, container, podDir, restartCount, files }: LaunchInput): Mount[] {
  const mounts: Mount[] =
    pod.spec?.hostNetwork === true && files['/etc/hosts'] === undefined
      ? []
      : Object.entries(files).map(([destination, source]) => ({ source, destination, readOnly: false }));
  const last = terminationFile(podDir, container.name, restartCount);
  mkdirSync(join(podDir, 'termination', container.name), { recursive: true });
  writeFileSync(last, '');
  chmodSync(last, 0o666);
  mounts.push({ source: last, destination: container.terminationMessagePath || '/dev/termination-log', readOnly: false });
  return mounts;
}

export function terminationFile(podDir: string, container: string, restartCount: number): string {
  return join(podDir, 'termination', container, String(restartCount));
}

/** What the pod's volumes put at a path hides what the image or the agent has there. */
function joinMounts(...groups: readonly (readonly Mount[])[]): Mount[] {
  const byDestination = new Map<string, Mount>();
  for (const mount of groups.flat()) byDestination.set(mount.destination.replace(/(.)\/+$/, '$1'), mount);
  return [...byDestination.values()];
}

function goDuration(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
