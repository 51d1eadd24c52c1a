/**
 * Writes a volume's files so that readers see either all of the old or all of the new ones: the files are in a directory of their own,
 * `..data` points to it, and what users see are links through `..data`. The layout upstream has, which tools rely on.
 */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  chownSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Payload } from './payload.ts';

const DATA = '..data';

/** Answers whether anything changed. `gid` (fsGroup) makes files readable for the group. */
export function writeAtomically(dir: string, payload: Payload, gid?: number): boolean {
  mkdirSync(dir, { recursive: true });
  const link = join(dir, DATA);
  const current = existsSync(link) ? join(dir, readlinkSync(link)) : undefined;
  if (current !== undefined && isSame(current, payload)) return false;
  const next = mkdtempSync(join(dir, '..v'));
  chmodSync(next, 0o755);
  for (const [path, { data, mode }] of payload) {
    const file = join(next, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, data);
    if (gid !== undefined) chownSync(file, 0, gid);
    chmodSync(file, gid === undefined ? mode : mode | ((mode & 0o600) >> 3));
  }
  symlinkSync(next.slice(dir.length + 1), `${link}_tmp`);
  renameSync(`${link}_tmp`, link);
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0]!));
  for (const name of wanted) if (lstatSync(join(dir, name), { throwIfNoEntry: false }) === undefined) symlinkSync(join(DATA, name), join(dir, name));
  for (const name of readdirSync(dir)) if (!name.startsWith('..') && !wanted.has(name)) rmSync(join(dir, name), { recursive: true, force: true });
  if (current !== undefined) rmSync(current, { recursive: true, force: true });
  return true;
}

function isSame(dir: string, payload: Payload): boolean {
  const paths = filesBelow(dir);
  return (
    paths.length === payload.size &&
    paths.every((path) => {
      const wanted = payload.get(path);
      return wanted !== undefined && readFileSync(join(dir, path)).equals(wanted.data);
    })
  );
}

function filesBelow(dir: string, prefix = ''): string[] {
  return readdirSync(join(dir, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = join(prefix, entry.name);
    return entry.isDirectory() ? filesBelow(dir, path) : [path];
  });
}
