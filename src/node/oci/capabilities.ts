/** Linux capabilities of containers. */
import { readFileSync } from 'node:fs';

/** In the order of their numbers, as of Linux 5.9. */
const ALL = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'LINUX_IMMUTABLE', 'NET_BIND_SERVICE'],
  ...['NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN'],
  ...['SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE', 'AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE'],
  ...['MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ', 'PERFMON', 'BPF', 'CHECKPOINT_RESTORE'],
];

/** The set containerd grants by default. */
const DEFAULT = new Set([
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP', 'NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL'],
  'AUDIT_WRITE',
]);

/** What this program has itself and so can give away: in a container, not even root has all. */
export function heldCapabilities(): readonly string[] {
  const mask = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  return ALL.filter((_, number) => ((mask >> BigInt(number)) & 1n) === 1n);
}

export interface CapabilityChoice {
  privileged: boolean;
  add: readonly string[];
  drop: readonly string[];
  /** What 'all' can mean here. */
  held: readonly string[];
}

/** Names as Linux has them ('CAP_CHOWN'). Upstream: adding happens before dropping, 'ALL' stands for every capability there is to give. */
export function grantedCapabilities(choice: CapabilityChoice): string[] {
  const plain = (names: readonly string[]) => names.map((name) => name.toUpperCase().replace(/^CAP_/, ''));
  const add = plain(choice.add);
  const drop = new Set(plain(choice.drop));
  const base = choice.privileged || add.includes('ALL') ? choice.held : drop.has('ALL') ? [] : ALL.filter((name) => DEFAULT.has(name));
  const granted = new Set(base.filter((name) => !drop.has(name)));
  for (const name of add) if (name !== 'ALL') granted.add(name);
  return [...granted].map((name) => `CAP_${name}`);
}
