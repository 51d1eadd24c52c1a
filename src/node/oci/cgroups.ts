/** Reads and removes control groups, of version 1 or 2, whichever this machine mounts. */
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

export type CgroupVersion = 1 | 2;

/** 2 only when it has the controllers (a hybrid machine has them in version 1). */
export function cgroupVersion(): CgroupVersion {
  return existsSync(join(ROOT, 'cgroup.controllers')) ? 2 : 1;
}

export interface CgroupUsage {
  cpuNanoseconds: number;
  /** Working set: usage without inactive file pages, as the kubelet counts. */
  memoryBytes: number;
}

/** Undefined when the group is gone. `path` is as in the runtime specification: '/argosy/NAME/...'. */
export function readUsage(path: string): CgroupUsage | undefined {
  try {
    return cgroupVersion() === 2 ? readUsage2(path) : readUsage1(path);
  } catch {
    return undefined;
  }
}

function readUsage1(path: string): CgroupUsage {
  const cpu = firstExisting([`cpuacct${path}`, `cpu,cpuacct${path}`], 'cpuacct.usage');
  const memory = join(ROOT, 'memory', path);
  const usage = Number(readFileSync(join(memory, 'memory.usage_in_bytes'), 'utf8'));
  return { cpuNanoseconds: Number(readFileSync(cpu, 'utf8')), memoryBytes: usage - Math.min(usage, field(join(memory, 'memory.stat'), 'total_inactive_file')) };
}

function readUsage2(path: string): CgroupUsage {
  const dir = join(ROOT, path);
  const usage = Number(readFileSync(join(dir, 'memory.current'), 'utf8'));
  return {
    cpuNanoseconds: field(join(dir, 'cpu.stat'), 'usage_usec') * 1000,
    memoryBytes: usage - Math.min(usage, field(join(dir, 'memory.stat'), 'inactive_file')),
  };
}

function firstExisting(dirs: readonly string[], file: string): string {
  const candidates = dirs.map((dir) => join(ROOT, dir, file));
  return candidates.find((candidate) => existsSync(candidate)) ?? candidates[0]!;
}

function field(file: string, name: string): number {
  for (const line of readFileSync(file, 'utf8').split('\n')) if (line.startsWith(`${name} `)) return Number(line.slice(name.length + 1));
  return 0;
}

/** Removes the group and those below it in every hierarchy; what still has processes stays. */
export function removeCgroup(path: string): void {
  const hierarchies = cgroupVersion() === 2 ? [''] : readdirSync(ROOT);
  for (const hierarchy of hierarchies) {
    for (const group of walk(join(ROOT, hierarchy, path)).reverse()) {
      try {
        rmdirSync(group);
      } catch {
        // Busy or gone: whoever ends its processes comes here again.
      }
    }
  }
}

/** The directory and all below it, parents first. */
function walk(dir: string): string[] {
  let entries;
  try {
    entries = readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
  return [dir, ...entries.filter((entry) => entry.isDirectory()).flatMap((entry) => walk(join(dir, entry.name)))];
}
