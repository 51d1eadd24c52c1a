/** What users run is the bundle, not the sources: modules that are loaded when they are first needed must be whole in it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startArgosy, type Peer } from '../upstream/peer.ts';

const dir = mkdtempSync(join(tmpdir(), 'argosy-bundle-'));
let api: Peer;

before(async () => {
  api = await startArgosy(dir);
});
after(async () => {
  await api?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const PATH = '/api/v1/namespaces/default/configmaps';
const settings = (value: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: ${value}\n`;

test('bodies and answers may be YAML', async () => {
  const made = await api.call({ method: 'POST', path: PATH, headers: { 'content-type': 'application/yaml' }, body: settings('one') });
  assert.equal(made.status, 201, made.body);
  const shown = await api.call({ path: `${PATH}/settings`, headers: { accept: 'application/yaml' } });
  assert.match(shown.body, /^kind: ConfigMap$/m);
  const applied = await api.call({
    method: 'PATCH',
    path: `${PATH}/settings?fieldManager=me&force=true`,
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: settings('two'),
  });
  assert.equal(applied.status, 200, applied.body);
});

test('documents of types are built when they are asked for', async () => {
  for (const path of ['/openapi/v2', '/openapi/v3/apis/apps/v1']) {
    const { status, body } = await api.call({ path });
    assert.equal(status, 200, body);
    assert.match(body, /io\.k8s\.api\.apps\.v1\.Deployment/);
  }
});
