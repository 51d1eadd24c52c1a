/** Removes by name what a cluster left on the machine: processes, mounts, cgroups, namespaces, sockets. Idempotent. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../network/commands.ts';
import { namespacesOf, removeClusterNetwork } from '../network/index.ts';
import type { ClusterPaths } from './home.ts';

const ROUNDS_MAX = 50;
const ROUND_MS = 20;
const CGROUPS = '/sys/fs/cgroup';
const NETNS_DIR = '/run/netns';

/** Call it only when the cluster process is gone. */
export async function sweep(name: string, paths: ClusterPaths): Promise<void> {
  await killAll(name, paths.dataDir);
  await unmountAll(name, paths.dataDir);
  removeCgroups(name);
  await removeClusterNetwork(name);
  rmSync(paths.controlSocket, { force: true });
}

/** Whether there is anything of a cluster of this name on the machine. */
export function hasLeftovers(name: string): boolean {
  return namespacesOf(name).length > 0 || cgroupsOf(name).length > 0;
}

/** Kills, and looks again until nothing is found: what is killed may just have started something. */
async function killAll(name: string, dataDir: string): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const pids = processesOf(name, dataDir);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
}

/**
 * Processes in the cluster's cgroups or network namespaces, and ours and conmon's that name its data directory.
 * Not those that only mention it: an editor or a shell of the user's is left alone.
 */
function processesOf(name: string, dataDir: string): number[] {
  const namespaces = new Set(namespacesOf(name).map((namespace) => inode(join(NETNS_DIR, namespace))));
  const cgroup = new RegExp(`(^|/)argosy/${name}(/|$)`, 'm');
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      if (pid === process.pid) return false;
      try {
        if (cgroup.test(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))) return true;
        if (namespaces.has(inode(`/proc/${pid}/ns/net`))) return true;
        return isOurs(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'), dataDir);
      } catch {
        return false;
      }
    });
}

function isOurs([program = '', ...args]: readonly string[], dataDir: string): boolean {
  return (
    /(^|\/)(node|conmon|runc|nsenter)$/.test(program) &&
    args.some((arg) => arg === dataDir || arg.startsWith(`${dataDir}/`)) &&
    !args.some((arg) => arg === 'up' || arg === 'down' || arg === 'delete')
  );
}

function inode(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/** Deepest first. Lazily: a file still open somewhere must not keep the directory. */
async function unmountAll(name: string, dataDir: string): Promise<void> {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4]?.replaceAll('\\040', ' ') ?? '')
    .filter((point) => point.startsWith(`${dataDir}/`) || point.startsWith(`/run/argosy/${name}/`))
    .toSorted((a, b) => b.length - a.length);
  if (points.length > 0) await run('umount', ['-l', ...points]);
}

/** Cgroup v1 has a tree for each controller, v2 one for all. */
function cgroupsOf(name: string): string[] {
  if (!existsSync(CGROUPS)) return [];
  const roots = [
    CGROUPS,
    ...readdirSync(CGROUPS, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(CGROUPS, entry.name)),
  ];
  return roots.map((root) => join(root, 'argosy', name)).filter((dir) => existsSync(dir));
}

function removeCgroups(name: string): void {
  for (const dir of cgroupsOf(name)) {
    removeTree(dir);
    try {
      // The parent, when no other cluster is in it.
      rmdirSync(join(dir, '..'));
    } catch {
      // Others are.
    }
  }
}

function removeTree(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(dir, entry.name));
  try {
    rmdirSync(dir);
  } catch {
    // A process that does not die (uninterruptible) keeps its group.
  }
}
