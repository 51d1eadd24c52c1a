/** Watchers that do not read: the server neither grows nor waits, and they find no gap when they come back. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAPS, Server, type KubeMap } from './server.ts';

const UPDATES = 120;
const BYTES = 500_000;

interface Event {
  type: string;
  object: KubeMap;
}

async function read(response: IncomingMessage, until: (event: Event) => boolean): Promise<Event[]> {
  const events: Event[] = [];
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      events.push(JSON.parse(line) as Event);
      if (until(events.at(-1)!)) return events;
    }
  }
  return events;
}

test('a watcher that does not read is cut off by bytes, and goes on where it was without a gap', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-slow-'));
  const server = new Server(dir);
  t.after(async () => {
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  });
  await server.start();
  const map = (i: number) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'large' }, data: { i: String(i), filling: 'x'.repeat(BYTES) } });
  const { body } = await server.ask<KubeMap>('POST', MAPS, map(0));
  let revision = body.metadata.resourceVersion;
  const watch = `${MAPS}?watch=true&fieldSelector=metadata.name%3Dlarge&resourceVersion=`;
  const asleep = await Promise.all(Array.from({ length: 10 }, () => server.open('GET', watch + revision)));
  for (let i = 1; i <= UPDATES; i++) assert.equal((await server.ask('PUT', `${MAPS}/large`, map(i))).code, 200);
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  const residentMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  t.diagnostic(`${residentMb.toFixed(0)} MB resident after ${(UPDATES * BYTES) / 2 ** 20} MB that nobody read`);

  // What it was told before it was cut off comes to a clean end.
  const seen = await read(asleep[0]!, () => false);
  for (const response of asleep) response.destroy();
  assert.ok(seen.length > 0 && seen.length < UPDATES, `${seen.length} events before it was cut off`);
  revision = seen.at(-1)!.object.metadata.resourceVersion;
  while (seen.length < UPDATES) {
    const more = await read(await server.open('GET', watch + revision), ({ object }) => object.data['i'] === String(UPDATES));
    assert.ok(more.length > 0 && more[0]!.type === 'MODIFIED', JSON.stringify(more[0]).slice(0, 300));
    seen.push(...more);
    revision = seen.at(-1)!.object.metadata.resourceVersion;
  }
  assert.deepEqual(
    seen.map(({ object }) => Number(object.data['i'])),
    Array.from({ length: UPDATES }, (_, i) => i + 1),
  );
});
