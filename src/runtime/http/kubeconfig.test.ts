import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadKubeconfig } from './kubeconfig.ts';

const CONFIG = `
current-context: one
contexts:
- {name: one, context: {cluster: c, user: u, namespace: team}}
- {name: odd, context: {cluster: c, user: exec}}
- {name: lost, context: {cluster: nowhere, user: u}}
clusters:
- {name: c, cluster: {server: 'https://127.0.0.1:6443', certificate-authority-data: ${Buffer.from('CA').toString('base64')}}}
users:
- {name: u, user: {client-certificate: cert.pem, client-key-data: ${Buffer.from('KEY').toString('base64')}}}
- {name: exec, user: {exec: {command: aws}}}
`;

test('data may be embedded or beside the file; what is missing is named', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'config');
  await writeFile(path, CONFIG);
  await writeFile(join(folder, 'cert.pem'), 'CERT');
  assert.deepEqual(await loadKubeconfig(path), { server: 'https://127.0.0.1:6443', namespace: 'team', ca: 'CA', cert: 'CERT', key: 'KEY' });
  await assert.rejects(loadKubeconfig(path, 'two'), /context 'two' is not in contexts/);
  await assert.rejects(loadKubeconfig(path, 'odd'), /users\[exec\]\.user\.exec is not supported/);
  await assert.rejects(loadKubeconfig(path, 'lost'), /cluster 'nowhere' .* is not in clusters/);
});
