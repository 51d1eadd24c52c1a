/** Keeps a container's log below a size: FILE becomes FILE.1, FILE.1 becomes FILE.2, and so on. */
import { existsSync, renameSync, statSync } from 'node:fs';
import { ROTATED_MAX } from './reader.ts';

export const LOG_BYTES_MAX = 10 << 20;

/** Answers whether it was rotated: then its writer must open it anew. */
export function rotateIfLarge(path: string, bytesMax = LOG_BYTES_MAX): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < bytesMax) return false;
  for (let i = ROTATED_MAX - 1; i >= 1; i--) if (existsSync(`${path}.${i}`)) renameSync(`${path}.${i}`, `${path}.${i + 1}`);
  renameSync(path, `${path}.1`);
  return true;
}
