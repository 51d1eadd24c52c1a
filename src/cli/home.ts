/** Where clusters live. */
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from './errors.ts';

/** Machine-wide and short: a socket's path may have at most 107 bytes. */
const RUN_DIR = '/run/argosy';

export const upLock = join(RUN_DIR, 'up.lock');

export interface ClusterPaths {
  dataDir: string;
  config: string;
  store: string;
  pki: string;
  kubeconfig: string;
  log: string;
  run: string;
  nodes: string;
  images: string;
  /** Of the local-path class: what pods keep. */
  volumes: string;
  /** The simulated cloud's books. */
  cloud: string;
  controlSocket: string;
}

function home(): string {
  return process.env.ARGOSY_HOME ?? join(homedir(), '.argosy');
}

/** `data` is what `--data` says. */
export function clusterPaths(name: string, data?: string): ClusterPaths {
  const link = join(home(), name);
  const dataDir = data === undefined ? (existsSync(link) ? realpathSync(link) : link) : resolve(data);
  return {
    dataDir,
    config: join(dataDir, 'cluster.json'),
    store: join(dataDir, 'store.db'),
    pki: join(dataDir, 'pki'),
    kubeconfig: join(dataDir, 'kubeconfig'),
    log: join(dataDir, 'logs', 'cluster.log'),
    run: join(dataDir, 'run'),
    nodes: join(dataDir, 'nodes'),
    images: join(dataDir, 'images'),
    volumes: join(dataDir, 'volumes'),
    cloud: join(dataDir, 'cloud.json'),
    controlSocket: join(RUN_DIR, `${name}.sock`),
  };
}

/** Makes `~/.argosy/NAME` lead to the data directory. Throws when another cluster of this name has its data elsewhere. */
export function linkDataDir(name: string, dataDir: string): void {
  const link = join(home(), name);
  if (link === dataDir) return;
  mkdirSync(home(), { recursive: true, mode: 0o700 });
  const stat = lstatSync(link, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink()) {
    const target = readlinkSync(link);
    if (target === dataDir) return;
    if (existsSync(join(target, 'cluster.json'))) throw elsewhere(name, target);
    rmSync(link);
  } else if (stat !== undefined) {
    throw elsewhere(name, link);
  }
  symlinkSync(dataDir, link);
}

function elsewhere(name: string, dataDir: string): UserError {
  return new UserError(`a cluster '${name}' has its data in ${dataDir}`, `leave --data away, choose another --name, or: argosy delete --name ${name}`);
}

/** Under sudo: lets the user who called read the kubeconfig, and nothing else of root's. */
export function shareWithCaller(paths: ClusterPaths): void {
  const uid = Number(process.env.SUDO_UID);
  const gid = Number(process.env.SUDO_GID);
  if (!process.env.SUDO_UID || !process.env.SUDO_GID || !Number.isInteger(uid) || !Number.isInteger(gid)) return;
  for (const path of [home(), paths.dataDir, paths.kubeconfig]) if (existsSync(path)) chownSync(path, uid, gid);
}

/** Removes the data directory and the link to it. */
export function removeData(name: string, dataDir: string): void {
  const link = join(home(), name);
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === dataDir) rmSync(link);
  rmSync(dataDir, { recursive: true, force: true });
}

/** Names of all clusters of this user, whether they run or not. */
export function clusterNames(): string[] {
  if (!existsSync(home())) return [];
  return readdirSync(home())
    .filter((entry) => statSync(join(home(), entry, 'cluster.json'), { throwIfNoEntry: false })?.isFile())
    .toSorted();
}
