/** The volumes of one pod: made before its containers start, kept up to date while they run. */
import { chmodSync, chownSync, existsSync, mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { byteCount } from '../../kube/quantity.ts';
import type { Container, Pod } from '../../kube/types.ts';
import { mountTmpfs, unmountBelow } from '../oci/mounts.ts';
import type { Mount } from '../oci/spec.ts';
import { expand } from '../pod/expand.ts';
import { writeAtomically } from './atomic-dir.ts';
import { linkVolume } from './claims.ts';
import { hasPayload, volumePayload, type PayloadContext, type Volume } from './payload.ts';

/** A volume that cannot be made (yet): shows as the event FailedMount. */
export class VolumeError extends Error {
  constructor(volume: string, why: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${why}`);
  }
}

/** Kinds of volumes that exist here, besides those with files from the API. */
const OTHER_KINDS = ['emptyDir', 'hostPath', 'persistentVolumeClaim', 'ephemeral'];

export class PodVolumes {
  readonly #dir: string;

  /** `dir`: the pod's directory. */
  constructor(podDir: string) {
    this.#dir = join(podDir, 'volumes');
  }

  /** Idempotent. Rejects with a VolumeError. */
  async setUp(pod: Pod, context: PayloadContext): Promise<void> {
    mkdirSync(this.#dir, { recursive: true });
    const gid = pod.spec?.securityContext?.fsGroup;
    await Promise.all(
      (pod.spec?.volumes ?? []).map(async (volume) => {
        try {
          await this.#setUpOne(volume, context, gid);
        } catch (error) {
          throw new VolumeError(volume.name, error instanceof Error ? error.message : String(error));
        }
      }),
    );
  }

  /** Brings the files that come from the API up to date; what is missing now keeps its old files. */
  async refresh(pod: Pod, context: PayloadContext): Promise<void> {
    const gid = pod.spec?.securityContext?.fsGroup;
    for (const volume of pod.spec?.volumes ?? []) {
      if (!hasPayload(volume)) continue;
      const payload = await volumePayload(volume, context).catch(() => undefined);
      if (payload !== undefined && existsSync(this.#path(volume))) writeAtomically(this.#path(volume), payload, gid);
    }
  }

  async tearDown(): Promise<void> {
    await unmountBelow(this.#dir);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** The mounts of a container. Throws an Error for a mount of a volume the pod does not have. */
  mountsOf(pod: Pod, container: Container, env: Readonly<Record<string, string>>): Mount[] {
    return (container.volumeMounts ?? []).map(({ name, mountPath, readOnly, subPath, subPathExpr }) => {
      const volume = pod.spec?.volumes?.find((candidate) => candidate.name === name);
      if (volume === undefined) throw new Error(`cannot find volume "${name}" to mount into container "${container.name}"`);
      const base = this.#source(volume);
      const sub = subPathExpr ? expand(subPathExpr, env) : subPath;
      return {
        source: sub ? subPathSource(base, sub, volume) : base,
        destination: mountPath,
        readOnly: readOnly === true || volume.persistentVolumeClaim?.readOnly === true || hasPayload(volume),
      };
    });
  }

  #path(volume: Volume): string {
    return volume.hostPath ? volume.hostPath.path : join(this.#dir, volume.name);
  }

  /** What is behind the link that a claim's volume is reached by. */
  #source(volume: Volume): string {
    return isClaimed(volume) ? realpathSync(this.#path(volume)) : this.#path(volume);
  }

  async #setUpOne(volume: Volume, context: PayloadContext, gid: number | undefined): Promise<void> {
    const path = this.#path(volume);
    if (hasPayload(volume)) {
      writeAtomically(path, await volumePayload(volume, context), gid);
    } else if (volume.emptyDir) {
      if (existsSync(path)) return;
      mkdirSync(path, { recursive: true });
      const limit = volume.emptyDir.sizeLimit;
      if (volume.emptyDir.medium === 'Memory') await mountTmpfs(path, limit === undefined ? undefined : byteCount(limit));
      if (gid !== undefined) chownSync(path, 0, gid);
      chmodSync(path, gid === undefined ? 0o777 : 0o2777);
    } else if (isClaimed(volume)) {
      linkVolume(path, await context.lookups.volume(claimNameOf(volume, context.pod)));
      if (gid !== undefined) chownSync(realpathSync(path), 0, gid);
    } else if (volume.hostPath) {
      checkHostPath(path, volume.hostPath.type ?? '');
    } else {
      const kind = Object.keys(volume).find((key) => key !== 'name');
      throw new Error(
        `volumes of kind ${kind ?? 'none'} are not supported; there are ${[...OTHER_KINDS, 'configMap', 'secret', 'downwardAPI', 'projected'].join(', ')}`,
      );
    }
  }
}

function isClaimed({ persistentVolumeClaim, ephemeral }: Volume): boolean {
  return persistentVolumeClaim !== undefined || ephemeral !== undefined;
}

function claimNameOf({ name, persistentVolumeClaim }: Volume, pod: Pod): string {
  return persistentVolumeClaim?.claimName ?? `${pod.metadata.name ?? ''}-${name}`;
}

/** Source of the texts: kubelet hostPath type checks. */
function checkHostPath(path: string, type: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (type === 'DirectoryOrCreate' && !found) mkdirSync(path, { recursive: true, mode: 0o755 });
  else if (type === 'FileOrCreate' && !found) writeFileSync(path, '', { mode: 0o644 });
  else if ((type === 'Directory' || type === 'DirectoryOrCreate') && !found?.isDirectory())
    throw new Error(`hostPath type check failed: ${path} is not a directory`);
  else if ((type === 'File' || type === 'FileOrCreate') && !found?.isFile()) throw new Error(`hostPath type check failed: ${path} is not a file`);
  else if (type === 'Socket' && !found?.isSocket()) throw new Error(`hostPath type check failed: ${path} is not a socket file`);
  else if (type === '' && !found) mkdirSync(path, { recursive: true });
}

function subPathSource(base: string, subPath: string, volume: Volume): string {
  if (subPath.startsWith('/') || subPath.split('/').includes('..'))
    throw new Error(`failed to prepare subPath for volumeMount "${volume.name}": must be a relative path without ..`);
  const path = join(base, subPath);
  if (!existsSync(path)) {
    if (hasPayload(volume)) throw new Error(`failed to prepare subPath for volumeMount "${volume.name}": ${subPath} is not in the volume`);
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(path, { mode: 0o777 });
    chmodSync(path, 0o777);
  }
  // A link in the volume must not lead out of it.
  const real = realpathSync(path);
  const root = realpathSync(base);
  if (real !== root && !real.startsWith(`${root}/`))
    throw new Error(`failed to prepare subPath for volumeMount "${volume.name}": subpath "${subPath}" is not within the volume path`);
  return real;
}
