/** One `up` at a time on a machine: numbers, ports and addresses are chosen by looking at what is taken. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from './errors.ts';

const TRY_MS = 25;
const WAIT_MS = 60_000;

/** Holds the lock (a file with our pid) while `work` runs. One whose holder is dead is taken over. Throws after a minute of waiting. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const deadline = performance.now() + WAIT_MS;
  for (let holder = take(path); holder !== undefined; holder = take(path)) {
    if (performance.now() > deadline)
      throw new UserError(`another argosy (process ${holder}) has been starting a cluster for a minute`, `wait for it, or end it: kill ${holder}`);
    await new Promise((resolve) => setTimeout(resolve, TRY_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Undefined when the lock is ours now, else who has it. */
function take(path: string): number | undefined {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  let holder: number;
  try {
    holder = Number(readFileSync(path, 'utf8'));
  } catch {
    return -1;
  }
  // Not written yet, or alive.
  if (holder === 0 || isAlive(holder)) return holder;
  rmSync(path, { force: true });
  return take(path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
