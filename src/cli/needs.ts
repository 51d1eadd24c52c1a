/** What a cluster needs of the machine, looked at before anything is started. */
import { accessSync, constants, statfsSync } from 'node:fs';
import net from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { UserError } from './errors.ts';

/** Program to Debian package. */
const PROGRAMS = { runc: 'runc', conmon: 'conmon', nft: 'nftables', ip: 'iproute2', nsenter: 'util-linux' } as const;
/** For `--metrics`, where no registry is asked for its image. */
export const PROMETHEUS = { prometheus: 'prometheus' };
const SPACE_BYTES = 200 * 2 ** 20;
/** Where Debian keeps what runc and conmon call, whatever the user's PATH says. */
const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Throws a UserError for the first need that is not met; missing programs are told all at once. */
export function checkMachine(dataDir: string, more: Readonly<Record<string, string>> = {}): void {
  if (process.platform !== 'linux') throw new UserError(`clusters run on Linux, this is ${process.platform}`, 'use a Linux machine or virtual machine');
  if (process.getuid?.() !== 0)
    throw new UserError('clusters need root for network namespaces and containers', `run it as root: sudo env PATH="$PATH" npx argosy up`);
  const missing = Object.entries({ ...PROGRAMS, ...more }).filter(([program]) => !isInstalled(program));
  if (missing.length > 0) {
    throw new UserError(
      `missing: ${missing.map(([program]) => program).join(', ')}`,
      `apt-get install -y --no-install-recommends ${missing.map(([, debianPackage]) => debianPackage).join(' ')}`,
    );
  }
  const { bavail, bsize } = statfsSync(existing(dataDir));
  if (bavail * bsize < SPACE_BYTES) {
    throw new UserError(
      `only ${Math.floor((bavail * bsize) / 2 ** 20)} MiB are free for ${dataDir}`,
      `free ${SPACE_BYTES / 2 ** 20} MiB there, or choose another place with --data DIR`,
    );
  }
}

/** PATH with the system's directories: a user's may lack the sbin ones. */
export function systemPath(): string {
  return [...new Set([...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_PATH])].join(delimiter);
}

function isInstalled(program: string): boolean {
  return systemPath()
    .split(delimiter)
    .some((dir) => {
      try {
        accessSync(join(dir, program), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The nearest directory above that is there. */
function existing(dir: string): string {
  for (let at = dir; ; at = dirname(at)) {
    try {
      accessSync(at);
      return at;
    } catch {
      if (at === dirname(at)) return at;
    }
  }
}

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

const PORT_FIRST = 6443;
const PORT_TRIES = 100;

/** `taken` are ports of clusters that may be down just now. */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let port = PORT_FIRST; port < PORT_FIRST + PORT_TRIES; port++) {
    if (!taken.has(port) && (await isPortFree(port))) return port;
  }
  throw new UserError(`no port is free from ${PORT_FIRST} to ${PORT_FIRST + PORT_TRIES - 1}`, 'name one with --port');
}
