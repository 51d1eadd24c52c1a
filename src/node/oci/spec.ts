/** Builds the runtime specification of a container (config.json of an OCI bundle). Pure. Source: opencontainers/runtime-spec 1.0.2. */
import { grantedCapabilities, type CapabilityChoice } from './capabilities.ts';
import { containerResources, type ResourceSettings } from './resources.ts';

export interface Mount {
  /** A path of the machine; for 'tmpfs' nothing. */
  source: string;
  /** Absolute path in the container. */
  destination: string;
  readOnly: boolean;
  type?: 'bind' | 'tmpfs';
}

export interface ContainerUser {
  uid: number;
  gid: number;
  additionalGids: readonly number[];
}

export interface ContainerSettings {
  hostname: string;
  /** Absent: the machine's own network. */
  networkNamespace?: string;
  /** Whose processes it sees: its own, the machine's, or those of the namespace at a path. */
  pidNamespace: 'own' | 'host' | { path: string };
  /** It shares the machine's System V queues and shared memory. */
  hostIpc: boolean;
  rootfs: string;
  readOnlyRootFilesystem: boolean;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  workingDir: string;
  user: ContainerUser;
  tty: boolean;
  mounts: readonly Mount[];
  privileged: boolean;
  allowPrivilegeEscalation: boolean;
  capabilities: Omit<CapabilityChoice, 'privileged'>;
  resources: ResourceSettings;
  /** '/argosy/NAME/<pod>/<container>'. */
  cgroupsPath: string;
}

const MASKED_PATHS = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The object to write as config.json. */
export function buildSpec(settings: ContainerSettings): object {
  const { privileged, user } = settings;
  const capabilities = grantedCapabilities({ privileged, ...settings.capabilities });
  // As containerd: what a process of another user than root may keep is only what survives exec, the ambient set stays empty.
  const held = user.uid === 0 ? capabilities : [];
  return {
    ociVersion: '1.0.2',
    hostname: settings.hostname,
    process: {
      terminal: settings.tty,
      user: { uid: user.uid, gid: user.gid, additionalGids: [...user.additionalGids] },
      args: [...settings.args],
      env: environment(settings),
      cwd: settings.workingDir || '/',
      capabilities: { bounding: capabilities, effective: held, permitted: held },
      noNewPrivileges: !settings.allowPrivilegeEscalation && !privileged,
    },
    root: { path: settings.rootfs, readonly: settings.readOnlyRootFilesystem },
    mounts: [...systemMounts(privileged), ...orderMounts(settings.mounts).map(mountEntry)],
    linux: {
      namespaces: [
        ...(settings.pidNamespace === 'host' ? [] : [{ type: 'pid', ...(settings.pidNamespace === 'own' ? {} : settings.pidNamespace) }]),
        ...(settings.hostIpc ? [] : [{ type: 'ipc' }]),
        { type: 'uts' },
        { type: 'mount' },
        ...(settings.networkNamespace === undefined ? [] : [{ type: 'network', path: settings.networkNamespace }]),
      ],
      cgroupsPath: settings.cgroupsPath,
      resources: { ...containerResources(settings.resources), devices: devices(privileged) },
      ...(privileged ? {} : { maskedPaths: MASKED_PATHS, readonlyPaths: READONLY_PATHS }),
    },
  };
}

function environment({ env, hostname, tty }: ContainerSettings): string[] {
  const all = { PATH: DEFAULT_PATH, HOSTNAME: hostname, ...(tty ? { TERM: 'xterm' } : {}), ...env };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

function systemMounts(privileged: boolean): object[] {
  const sys = ['nosuid', 'noexec', 'nodev', ...(privileged ? [] : ['ro'])];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k'] },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: sys },
  ];
}

/** A mount inside another must come after it. */
function orderMounts(mounts: readonly Mount[]): Mount[] {
  return mounts.toSorted((a, b) => depth(a.destination) - depth(b.destination));
}

function depth(path: string): number {
  return path.split('/').filter(Boolean).length;
}

function mountEntry(mount: Mount): object {
  if (mount.type === 'tmpfs') return { destination: mount.destination, type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777'] };
  return { destination: mount.destination, type: 'bind', source: mount.source, options: ['rbind', 'rprivate', mount.readOnly ? 'ro' : 'rw'] };
}

function devices(privileged: boolean): object[] {
  if (privileged) return [{ allow: true, access: 'rwm' }];
  // runc itself adds null, zero, full, random, urandom, tty and the terminals.
  return [{ allow: false, access: 'rwm' }];
}
