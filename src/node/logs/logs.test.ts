import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { LogOptions } from '../../runtime/kubelet.ts';
import { realClock } from '../../runtime/clock.ts';
import { parseLine } from './line.ts';
import { readLog } from './reader.ts';
import { rotateIfLarge } from './rotation.ts';

const dir = mkdtempSync(join(tmpdir(), 'argosy-logs-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000001+00:00`;
const line = (second: number, text: string, tag = 'F') => `${at(second)} stdout ${tag} ${text}\n`;

async function read(path: string, options: LogOptions, live: () => boolean = () => false): Promise<string> {
  let text = '';
  for await (const chunk of readLog({ path, live, clock: realClock, signal: new AbortController().signal }, options)) text += String(chunk);
  return text;
}

test('a line has a time, a stream and a text', () => {
  assert.deepEqual(parseLine('2026-01-01T00:00:00.5+00:00 stderr F a b'), { time: '2026-01-01T00:00:00.5Z', stream: 'stderr', text: 'a b\n' });
  assert.equal(parseLine('2026-01-01T00:00:00Z stdout P cut')?.text, 'cut');
  assert.equal(parseLine('2026-01-01T00:00:00Z stdout F ')?.text, '\n');
  assert.equal(parseLine('nonsense'), undefined);
});

const path = join(dir, '0.log');
writeFileSync(`${path}.2`, line(1, 'one'));
writeFileSync(`${path}.1`, line(2, 'two') + line(3, 'three'));
writeFileSync(path, line(4, 'fo', 'P') + line(4, 'ur') + line(5, 'five'));

for (const [options, wanted] of [
  [{}, 'one\ntwo\nthree\nfour\nfive\n'],
  [{ tailLines: 0 }, ''],
  [{ tailLines: 1 }, 'five\n'],
  [{ tailLines: 4 }, 'three\nfour\nfive\n'],
  [{ tailLines: 5 }, 'two\nthree\nfour\nfive\n'],
  [{ tailLines: 100 }, 'one\ntwo\nthree\nfour\nfive\n'],
  [{ sinceTime: '2026-01-01T00:00:04Z' }, 'four\nfive\n'],
  [{ limitBytes: 6 }, 'one\ntw'],
  [{ tailLines: 1, timestamps: true }, '2026-01-01T00:00:05.000000001Z five\n'],
] as const)
  test(`the log with ${JSON.stringify(options)}`, async () => assert.equal(await read(path, options), wanted));

test('a log that is not there is empty', async () => assert.equal(await read(join(dir, 'no.log'), {}), ''));

test('a long log is read in pieces, and tail finds its lines from the end', async () => {
  const long = join(dir, 'long.log');
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
  writeFileSync(long, lines.map((text) => line(1, text)).join(''));
  assert.equal(await read(long, {}), `${lines.join('\n')}\n`);
  assert.equal(await read(long, { tailLines: 10_000 }), `${lines.slice(10_000).join('\n')}\n`);
});

test('following goes on across a rotation and ends with the container', async () => {
  const followed = join(dir, 'followed.log');
  writeFileSync(followed, line(1, 'first'));
  let live = true;
  const stream = readLog({ path: followed, live: () => live, clock: realClock, signal: new AbortController().signal }, { follow: true });
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text === 'first\n') {
      appendFileSync(followed, line(2, 'second'));
      assert.equal(rotateIfLarge(followed, 10), true);
      assert.ok(existsSync(`${followed}.1`));
      writeFileSync(followed, line(3, 'third'));
    } else if (text.endsWith('third\n')) {
      live = false;
      appendFileSync(followed, line(4, 'last'));
    }
  }
  assert.equal(text, 'first\nsecond\nthird\nlast\n');
});

test('rotation keeps a bounded number of files', () => {
  const rotated = join(dir, 'rotated.log');
  for (let i = 0; i < 8; i++) {
    writeFileSync(rotated, `${i}`.repeat(20));
    assert.equal(rotateIfLarge(rotated, 10), true);
  }
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((i) => (existsSync(`${rotated}.${i}`) ? readFileSync(`${rotated}.${i}`, 'utf8')[0] : undefined)),
    ['7', '6', '5', '4', undefined],
  );
  assert.equal(rotateIfLarge(rotated, 10), false);
});
