/** What is wrong with a store's file, in words that say what to do. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** An Error about the file: its path, why, and the mend. */
export function storeError(path: string, why: string, cause?: unknown): Error {
  return new Error(`${path}: ${why}${mend(path, why)}`, { cause });
}

function mend(path: string, why: string): string {
  if (/disk is full|ENOSPC/i.test(why)) return ' (free some space there and try again)';
  if (/locked/i.test(why)) return ' (another process has this cluster open: stop it first)';
  if (/readonly|unable to open|EACCES|EROFS|EPERM/i.test(why)) return ` (${whyNotWritable(path) ?? 'it must be writable by this user'})`;
  if (/malformed|not a database|damaged|not a store/i.test(why)) return ' (restore it: argosy snapshot restore FILE; or delete the cluster)';
  if (/newer argosy/.test(why)) return ' (use that one)';
  if (/I\/O error/i.test(why)) return ` (${whyNotWritable(path) ?? 'the disk failed: look at the kernel log, then start the cluster again'})`;
  return '';
}

function whyNotWritable(path: string): string | undefined {
  const folder = dirname(path);
  for (const place of [folder, path, `${path}-wal`, `${path}.lock`]) {
    try {
      accessSync(place, constants.R_OK | constants.W_OK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EROFS') return `${place} is on a file system that is mounted read-only`;
      const owner = statSync(place, { throwIfNoEntry: false })?.uid;
      if (owner !== undefined && owner !== process.geteuid?.()) return `${place} belongs to user ${owner}: run as that user, or give it to this one`;
      if (owner !== undefined) return `${place} must be writable by this user`;
    }
  }
  return undefined;
}

/** After these the disk holds nobody knows what: writing on could make it worse, and only reading the file anew tells. */
export function isFinal(sqliteCode: number): boolean {
  return [SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB].includes(sqliteCode & 0xff);
}

const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
