/** What clients of the API see when the disk is full, and when there is room again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAPS, Server, type KubeMap } from './server.ts';

interface Status {
  kind: string;
  reason: string;
  message: string;
}

test('a full disk: writes are refused with the reason, reads and watches go on, readiness says why and comes back without a restart', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', dir], { stdio: 'pipe' });
  } catch {
    rmSync(dir, { recursive: true });
    t.skip('needs the right to mount a small file system');
    return;
  }
  const server = new Server(dir);
  t.after(async () => {
    await server.kill();
    execFileSync('umount', [dir]);
    rmSync(dir, { recursive: true });
  });
  await server.start();
  writeFileSync(join(dir, 'filler'), Buffer.alloc(3 * 1024 * 1024));
  const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { filling: 'x'.repeat(200_000) } });
  const stored: string[] = [];
  let refusal: Status | undefined;
  for (let i = 0; refusal === undefined && i < 50; i++) {
    const { code, body } = await server.ask<Status>('POST', MAPS, map(`m${i}`));
    if (code === 201) stored.push(`m${i}`);
    else {
      assert.equal(code, 500);
      refusal = body;
    }
  }
  assert.deepEqual([refusal?.kind, refusal?.reason], ['Status', 'InternalError']);
  assert.match(refusal?.message ?? '', /could not be stored: .*store\.db: database or disk is full \(free some space there and try again\)/);
  const readyz = async (): Promise<[number, string]> => {
    const response = await server.open('GET', '/readyz');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return [response.statusCode ?? 0, Buffer.concat(chunks).toString()];
  };
  const [code, text] = await readyz();
  assert.equal(code, 500);
  assert.match(text, /\[-\]store failed: .*disk is full/);
  const names = async (): Promise<string[]> =>
    (await server.ask<{ items: KubeMap[] }>('GET', MAPS)).body.items.map(({ metadata }) => metadata.name).filter((name) => /^m\d/.test(name));
  assert.deepEqual(await names(), stored.toSorted());

  // Not even the lack of room makes a restart lose anything.
  await server.kill();
  await server.start();
  assert.deepEqual(await names(), stored.toSorted());
  assert.equal((await server.ask('POST', MAPS, map('more'))).code, 500);

  rmSync(join(dir, 'filler'));
  while ((await readyz())[0] !== 200) await sleep(100);
  assert.equal((await server.ask('POST', MAPS, map('more'))).code, 201);
});
