/** Where a claim's volume is on this machine. */
import { chmodSync, existsSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { isBound, isFor } from '../../kube/claims.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import type { PersistentVolume } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';

/** The volume a claim is bound to. Rejects, saying why there is none (yet). */
export async function claimedVolume(client: Client, namespace: string, name: string): Promise<PersistentVolume> {
  const claim = await client.get(persistentVolumeClaims, { namespace, name }).catch((error: unknown) => {
    throw isNotFound(error) ? new Error(`persistentvolumeclaim ${JSON.stringify(name)} not found`) : error;
  });
  if (!isBound(claim)) throw new Error(`PVC ${namespace}/${name} is not bound`);
  const volume = await client.get(persistentVolumes, { name: claim.spec?.volumeName ?? '' });
  if (!isFor(volume, claim)) throw new Error(`PVC ${namespace}/${name} has lost its volume ${volume.metadata.name ?? ''}`);
  return volume;
}

/** Leads `link` to the volume's directory, which is made when its type says so. */
export function linkVolume(link: string, { metadata, spec }: PersistentVolume): void {
  const path = spec?.hostPath?.path ?? spec?.local?.path;
  if (path === undefined) throw new Error(`volume ${metadata.name ?? ''} is of a kind that is not supported; there are hostPath and local`);
  if (!existsSync(path)) {
    if (spec?.hostPath?.type !== 'DirectoryOrCreate') throw new Error(`path ${JSON.stringify(path)} of volume ${metadata.name ?? ''} does not exist`);
    mkdirSync(path, { recursive: true });
    // Whoever the container runs as may write, as rancher's provisioner does.
    chmodSync(path, 0o777);
  }
  if (linkedTo(link) === path) return;
  rmSync(link, { force: true });
  symlinkSync(path, link);
}

function linkedTo(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
