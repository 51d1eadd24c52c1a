import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect, serveControl, type ClusterStatus } from './control.ts';

const dir = mkdtempSync(join(tmpdir(), 'argosy-control-'));
after(() => rmSync(dir, { recursive: true }));
const status: ClusterStatus = { pid: 1, dataDir: '/d', startedAt: 0, nodes: [], pods: 3, memoryBytes: 5 };

test('a running cluster answers, a missing one does not', async () => {
  const path = join(dir, 'a.sock');
  assert.equal(await connect(path), undefined);
  const server = await serveControl(path, { status: () => status, stop: () => undefined, snapshot: () => Promise.reject(new Error('no room')) });
  const connection = await connect(path);
  assert.deepEqual(await connection?.status(), status);
  await assert.rejects(connection!.snapshot('/a "path"'), /no room/);
  assert.deepEqual(await connection?.status(), status);
  connection?.close();
  server.close();
  assert.equal(await connect(path), undefined);
});

test('stop waits for the end of the process, but not for ever', async () => {
  const path = join(dir, 'b.sock');
  let asked = 0;
  const server = await serveControl(path, { status: () => status, stop: () => void asked++, snapshot: () => Promise.resolve() });
  const connection = await connect(path);
  assert.deepEqual(await connection?.status(), status);
  assert.equal(await connection?.stop(20), false);
  assert.equal(asked, 1);
  connection?.close();
  server.close();
});
