/** `argosy snapshot` as a user meets it: saved while it runs, restored after all is gone, and everything that is refused. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cluster, whyNot } from '../e2e/cluster.ts';

describe('snapshots', { skip: whyNot() ?? false }, () => {
  const cluster = new Cluster('cli-snapshot', '--nodes', '1..1', '--boot-delay', '1s');
  const dir = mkdtempSync(join(tmpdir(), 'argosy-snapshots-'));
  const file = join(dir, 'one.snapshot');
  before(() => cluster.up());
  after(async () => {
    await cluster.delete();
    rmSync(dir, { recursive: true });
  });

  test('a running cluster is saved, whole and for no one else to read', async () => {
    await cluster.kubectl('create', 'configmap', 'kept', '--from-literal=a=b');
    const saved = await cluster.argosy('snapshot save', file, '-o', 'json');
    assert.equal(saved.code, 0, saved.stderr);
    assert.match(saved.stderr, new RegExp(`copying the store of '${cluster.name}', which goes on\\nchecking the copy`));
    const report = JSON.parse(saved.stdout) as Record<string, unknown>;
    assert.equal(report['cluster'], cluster.name);
    assert.ok(Number(report['objects']) > 10 && report['bytes'] === statSync(file).size);
    assert.equal(statSync(file).mode & 0o077, 0);
    assert.deepEqual(readdirSync(dir), ['one.snapshot']);
    assert.match((await cluster.argosy('snapshot save', file)).stderr, /one\.snapshot is there already\n.*--force/);
    assert.match((await cluster.argosy('snapshot save', join(dir, 'no', 'place'))).stderr, /cannot be written: .*ENOENT/);
    assert.match(
      (await cluster.argosy('snapshot restore', file)).stderr,
      new RegExp(`cluster '${cluster.name}' is running\\n.*argosy down --name ${cluster.name}`),
    );
  });

  test('a restored cluster has what was saved and nothing else, and answers the same kubeconfig', async () => {
    const kubeconfig = readFileSync(cluster.kubeconfig, 'utf8');
    await cluster.kubectl('create', 'configmap', 'later');
    await cluster.argosy('delete');
    assert.equal(existsSync(join(cluster.dataDir, 'store.db')), false);
    const restored = await cluster.argosy('snapshot restore', file);
    assert.equal(restored.code, 0, restored.stderr);
    assert.match(restored.stdout, new RegExp(`cluster '${cluster.name}' is restored from .*: \\d+ objects at revision \\d+`));
    await cluster.up();
    assert.equal(readFileSync(cluster.kubeconfig, 'utf8'), kubeconfig);
    assert.equal(await cluster.kubectl('get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}'), 'b');
    assert.doesNotMatch(await cluster.kubectl('get', 'configmaps', '-o', 'name'), /later/);
  });

  test('a cluster that is there is replaced only by force, and a damaged snapshot changes nothing', async () => {
    await cluster.kubectl('create', 'configmap', 'later');
    await cluster.argosy('down');
    const stopped = join(dir, 'two.snapshot');
    const saved = await cluster.argosy('snapshot save', stopped);
    assert.match(saved.stderr, /which is not running/);
    assert.match(saved.stdout, new RegExp(`cluster '${cluster.name}' is saved to .*two\\.snapshot: \\d+ objects`));
    assert.match((await cluster.argosy('snapshot restore', file)).stderr, new RegExp(`there is a cluster '${cluster.name}' in .*\\n.*--force`));
    const bytes = readFileSync(stopped);
    bytes.fill(0, bytes.length / 2);
    writeFileSync(stopped, bytes);
    const damaged = await cluster.argosy('snapshot restore', stopped, '--force');
    assert.equal(damaged.code, 1);
    assert.match(damaged.stderr, /two\.snapshot: .*damaged.*\n.*nothing was changed/);
    writeFileSync(stopped, 'hello');
    assert.match((await cluster.argosy('snapshot restore', stopped, '--force')).stderr, /two\.snapshot: .*not a (snapshot|database)/);
    assert.equal((await cluster.argosy('snapshot restore', file, '--force')).code, 0);
    await cluster.up();
    assert.doesNotMatch(await cluster.kubectl('get', 'configmaps', '-o', 'name'), /later/);
  });
});
