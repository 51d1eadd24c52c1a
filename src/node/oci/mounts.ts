/** Mounts on this machine that a node's containers and volumes need. */
import { readFileSync } from 'node:fs';
import { run } from './commands.ts';

/** An overlay: `lower` unchanged, writes go to `upper`. All directories must be there. */
export async function mountOverlay(lower: string, upper: string, work: string, target: string): Promise<void> {
  await run('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, target]);
}

export async function mountTmpfs(target: string, sizeBytes: number | undefined): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', `mode=0777${sizeBytes ? `,size=${sizeBytes}` : ''}`, 'tmpfs', target]);
}

/** Unmounts everything at and below a directory, the innermost first. */
export async function unmountBelow(dir: string): Promise<void> {
  for (const target of mountsBelow(readFileSync('/proc/self/mountinfo', 'utf8'), dir)) await run('umount', ['-l', target]).catch(() => undefined);
}

/** Mount points at and below a directory, the last mounted first. Source: proc(5), mountinfo. */
export function mountsBelow(mountinfo: string, dir: string): string[] {
  const targets = [];
  for (const line of mountinfo.split('\n')) {
    const escaped = line.split(' ')[4];
    if (escaped === undefined) continue;
    const target = escaped.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (target === dir || target.startsWith(`${dir}/`)) targets.push(target);
  }
  return targets.reverse();
}
