// node unzip.mjs ARCHIVE ENTRY TARGET: takes one file out of a zip archive, executable. For machines without unzip.
import { readFileSync, writeFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

const [archive, entry, target] = process.argv.slice(2);
const zip = readFileSync(archive);
const END_OF_DIRECTORY = 0x06054b50;
let end = zip.length - 22;
while (end >= 0 && zip.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
if (end < 0) throw new Error(`${archive} is not a zip archive`);
let at = zip.readUInt32LE(end + 16);
for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
  const method = zip.readUInt16LE(at + 10);
  const size = zip.readUInt32LE(at + 20);
  const nameLength = zip.readUInt16LE(at + 28);
  const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
  if (name === entry) {
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const data = zip.subarray(start, start + size);
    writeFileSync(target, method === 0 ? data : inflateRawSync(data), { mode: 0o755 });
    process.exit(0);
  }
  at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
}
throw new Error(`${archive} holds no ${entry}`);
