import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessMemory {
  pid: number;
  args: string;
  rssMb: number;
  /** Memory of its own plus its share of what is shared. */
  pssMb: number;
}

/** Processes whose command line names `text`, with what they hold. */
export function processesNaming(text: string): ProcessMemory[] {
  const found: ProcessMemory[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      const args = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (!args.includes(text)) continue;
      const rollup = readFileSync(`/proc/${entry}/smaps_rollup`, 'utf8');
      const mb = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
      found.push({ pid: Number(entry), args, rssMb: mb('Rss'), pssMb: mb('Pss') });
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}
