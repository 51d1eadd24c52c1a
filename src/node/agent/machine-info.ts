/** What this machine says about itself. */
import { readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { run } from '../oci/commands.ts';
import type { MachineInfo } from './node-object.ts';

const KUBELET_VERSION = 'v1.37.2';

let known: Promise<Omit<MachineInfo, 'systemUUID'>> | undefined;

/** Asked of the machine once a process. `systemUUID` tells nodes apart, which share the machine. */
export async function machineInfo(systemUUID: string): Promise<MachineInfo> {
  known ??= ask();
  return { ...(await known), systemUUID };
}

async function ask(): Promise<Omit<MachineInfo, 'systemUUID'>> {
  const runc = await run('runc', ['--version']).catch(() => '');
  return {
    machineID: read('/etc/machine-id'),
    bootID: read('/proc/sys/kernel/random/boot_id'),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(read('/etc/os-release'))?.[1] ?? 'Linux',
    architecture: { x64: 'amd64' }[arch() as string] ?? arch(),
    containerRuntimeVersion: `runc://${/version (\S+)/.exec(runc)?.[1] ?? 'unknown'}`,
    kubeletVersion: KUBELET_VERSION,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
