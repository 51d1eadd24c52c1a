/**
 * Damage in a write-ahead log that SQLite would take for its end. It reads frames up to the first whose checksum is wrong, which is right for the
 * end that a crash left unfinished, and would silently drop acknowledged writes behind a damaged place.
 * The form of the file: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */
import { existsSync, readFileSync } from 'node:fs';

const HEADER = 32;
const FRAME_HEADER = 24;
const MAGIC = 0x377f0682;

/**
 * Undefined for a log that is whole, or torn only within its last transaction; else what is wrong.
 * Every commit is synced before the next transaction begins, so frames behind a commit say that the commit was on disk.
 */
export function walDamage(walPath: string): string | undefined {
  if (!existsSync(walPath)) return undefined;
  const bytes = readFileSync(walPath);
  if (bytes.length < HEADER + FRAME_HEADER) return undefined;
  const magic = bytes.readUInt32BE(0);
  const pageSize = bytes.readUInt32BE(8);
  const bigEndian = magic === MAGIC + 1;
  const header = checksum(bytes, 0, HEADER - 8, bigEndian, [0, 0]);
  const isHeader = (magic === MAGIC || bigEndian) && pageSize >= 512 && header[0] === bytes.readUInt32BE(24) && header[1] === bytes.readUInt32BE(28);
  // It is synced before the first frame is; a crash in between leaves no more than that.
  if (!isHeader) return 'the write-ahead log has a damaged beginning';
  const salts = bytes.readBigUInt64BE(16);
  const size = FRAME_HEADER + pageSize;
  let sums = header;
  let damagedAt: number | undefined;
  let commitBehind = false;
  for (let at = HEADER; at + size <= bytes.length; at += size) {
    // Of an earlier round of the log: what comes now was written before.
    const isOfThisRound = bytes.readBigUInt64BE(at + 8) === salts;
    if (damagedAt === undefined) {
      sums = checksum(bytes, at + FRAME_HEADER, pageSize, bigEndian, checksum(bytes, at, 8, bigEndian, sums));
      if (isOfThisRound && sums[0] === bytes.readUInt32BE(at + 16) && sums[1] === bytes.readUInt32BE(at + 20)) continue;
      damagedAt = at;
    }
    if (!isOfThisRound) continue;
    if (commitBehind) return `the write-ahead log is damaged at byte ${damagedAt}, before writes that were acknowledged`;
    commitBehind = bytes.readUInt32BE(at + 4) !== 0;
  }
  return undefined;
}

function checksum(bytes: Buffer, from: number, length: number, bigEndian: boolean, [a, b]: [number, number]): [number, number] {
  let first = a;
  let second = b;
  for (let at = from; at < from + length; at += 8) {
    first = (first + (bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + second) >>> 0;
    second = (second + (bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + first) >>> 0;
  }
  return [first, second];
}
