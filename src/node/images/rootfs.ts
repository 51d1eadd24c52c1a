/** Makes the root file system of one container from its image. */
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mountOverlay } from '../oci/mounts.ts';
import type { ContainerUser, Mount } from '../oci/spec.ts';
import type { Image } from './image.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\napp:x:100:101::/home/app:/bin/sh\n';
const GROUP = 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\napp:x:101:\n';

export interface Rootfs {
  path: string;
  mounts: readonly Mount[];
}

/** `bundle` is the container's directory, which must exist; the answer's `mounts` belong into the specification. */
export async function makeRootfs(image: Image, bundle: string): Promise<Rootfs> {
  const path = join(bundle, 'rootfs');
  mkdirSync(path);
  if (image.root.kind === 'layers') {
    const [upper, work] = [join(bundle, 'upper'), join(bundle, 'work')];
    mkdirSync(upper);
    mkdirSync(work);
    await mountOverlay(image.root.lower, upper, work, path);
    return { path, mounts: [] };
  }
  for (const dir of ['etc', 'home/app', 'root', 'run', 'tmp', 'var/tmp']) mkdirSync(join(path, dir), { recursive: true });
  for (const dir of ['tmp', 'var/tmp']) chmodSync(join(path, dir), 0o1777);
  for (const [link, target] of Object.entries(image.root.links)) symlinkSync(target, join(path, link));
  symlinkSync('../run', join(path, 'var/run'));
  writeFileSync(join(path, 'etc/passwd'), PASSWD);
  writeFileSync(join(path, 'etc/group'), GROUP);
  for (const mount of image.root.mounts) mkdirSync(dirname(join(path, mount.destination)), { recursive: true });
  return { path, mounts: image.root.mounts };
}

/** Who a container runs as. `user` is the image's: names are looked up in the root file system. Throws with upstream's words. */
export function resolveUser(user: string, rootfs: string): ContainerUser {
  const [name = '', group] = user.split(':');
  const passwd = entries(rootfs, 'etc/passwd');
  const entry = name === '' ? ['root', '', '0', '0'] : passwd.find(([login, , uid]) => login === name || uid === name);
  if (entry === undefined && !/^\d+$/.test(name)) throw new Error(`unable to find user ${name}: no matching entries in passwd file`);
  const uid = entry === undefined ? Number(name) : Number(entry[2]);
  let gid = entry === undefined ? 0 : Number(entry[3]);
  if (group !== undefined && group !== '') {
    const found = entries(rootfs, 'etc/group').find(([login, , id]) => login === group || id === group);
    if (found === undefined && !/^\d+$/.test(group)) throw new Error(`unable to find group ${group}: no matching entries in group file`);
    gid = found === undefined ? Number(group) : Number(found[2]);
  }
  const login = entry?.[0];
  const additional =
    login === undefined || login === ''
      ? []
      : entries(rootfs, 'etc/group')
          .filter(([, , , members]) => members?.split(',').includes(login))
          .map(([, , id]) => Number(id));
  return { uid, gid, additionalGids: additional.filter((id) => id !== gid) };
}

function entries(rootfs: string, file: string): string[][] {
  const path = join(rootfs, file);
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(':'))
    : [];
}
