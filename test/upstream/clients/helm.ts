/** Helm and a chart of our own: hooks, waiting, what failing upgrades leave, and the history. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tool } from '../../../scripts/upstream/tools.ts';
import type { Part, PartRun } from './part.ts';

const CHART = join(import.meta.dirname, 'chart');
const RELEASE = 'web';
const WAIT = ['--wait', '--timeout', '60s'];
const hooksOf = (verb: string): string[] => [`${RELEASE}-post-${verb}`, `${RELEASE}-pre-${verb}`];

export const helm: Part = { name: 'helm 3', tools: ['helm'], run: (run) => useHelm(run, 'helm', '--atomic') };
/** Applies on the server's side, and waits by watching. */
export const helm4: Part = { name: 'helm 4', tools: ['helm4'], run: (run) => useHelm(run, 'helm4', '--rollback-on-failure') };

async function useHelm({ cluster, holds }: PartRun, program: 'helm' | 'helm4', rollBack: string): Promise<void> {
  const env = {
    ...process.env,
    KUBECONFIG: cluster.kubeconfig,
    HELM_CACHE_HOME: cluster.dataDir,
    HELM_CONFIG_HOME: cluster.dataDir,
    HELM_DATA_HOME: cluster.dataDir,
  };
  const path = await tool(program);
  const run = async (...args: string[]): Promise<string> => (await promisify(execFile)(path, args, { env, timeout: 120_000 })).stdout;
  const valueOf = (kind: string, path: string): Promise<string> => cluster.kubectl('get', kind, RELEASE, '-o', `jsonpath={${path}}`);
  const colors = async (): Promise<string[]> => [await valueOf('configmap', '.data.color'), await valueOf('probes.example.com', '.spec.color')];
  const succeededHooks = async (verb: string): Promise<void> => {
    const { items } = await cluster.json<{ items: { metadata: { name: string }; status?: { succeeded?: number } }[] }>('get', 'jobs');
    const done = items.filter(({ status }) => status?.succeeded === 1).map(({ metadata }) => metadata.name);
    assert.deepEqual(done.filter((name) => name.endsWith(`-${verb}`)).toSorted(), hooksOf(verb));
  };

  await holds('install --wait makes a custom resource of its own kind, runs hooks and waits for pods', async () => {
    await run('install', RELEASE, CHART, ...WAIT);
    assert.deepEqual(await colors(), ['red', 'red']);
    assert.equal(await valueOf('deployment', '.status.readyReplicas'), '1');
    await succeededHooks('install');
  });
  await holds('lookup and capabilities see the cluster', async () => {
    assert.equal(await valueOf('configmap', '.data.looked-up'), 'kube-system');
    assert.equal(await valueOf('configmap', '.data.custom'), 'true');
    const { serverVersion } = await cluster.json<{ serverVersion: { gitVersion: string } }>('version');
    assert.equal(await valueOf('configmap', '.data.version'), serverVersion.gitVersion);
  });
  await holds('a dry run shows what the server would be given, and makes nothing', async () => {
    assert.match(await run('install', 'preview', CHART, '--dry-run=server'), /looked-up: kube-system/);
    assert.deepEqual(
      (JSON.parse(await run('list', '-o', 'json')) as { name: string }[]).map(({ name }) => name),
      [RELEASE],
    );
  });
  await holds('what it made carries its labels', async () => {
    assert.equal(await valueOf('deployment', '.metadata.labels.app\\.kubernetes\\.io/managed-by'), 'Helm');
  });
  await holds('upgrade --wait patches custom resources and deployments', async () => {
    await run('upgrade', RELEASE, CHART, '--set', 'color=green,replicas=2', ...WAIT);
    assert.deepEqual(await colors(), ['green', 'green']);
    assert.equal(await valueOf('deployment', '.status.updatedReplicas'), '2');
    await succeededHooks('upgrade');
  });
  await holds('a pod of the chart tests it, and its log is shown', async () => {
    assert.match(await run('test', RELEASE, '--logs', '--timeout', '60s'), /Phase:\s+Succeeded[\s\S]*tested/);
  });
  await holds(`upgrade ${rollBack} takes back what does not become ready`, async () => {
    await assert.rejects(
      run('upgrade', RELEASE, CHART, '--set', 'color=blue,ready=false', rollBack, '--timeout', '8s'),
      /rolled back due to (atomic|rollback-on-failure) being set/,
    );
    assert.deepEqual(await colors(), ['green', 'green']);
  });
  await holds('rollback --wait brings the first revision back', async () => {
    await run('rollback', RELEASE, '1', ...WAIT);
    assert.deepEqual(await colors(), ['red', 'red']);
    assert.equal(await valueOf('deployment', '.spec.replicas'), '1');
    await succeededHooks('rollback');
  });
  await holds('history tells of each revision', async () => {
    const revisions = JSON.parse(await run('history', RELEASE, '-o', 'json')) as { status: string; description: string }[];
    assert.deepEqual(
      revisions.map(({ status }) => status),
      ['superseded', 'superseded', 'failed', 'superseded', 'deployed'],
    );
    assert.equal(revisions.at(-1)?.description, 'Rollback to 1');
  });
  await holds('list and get show the release', async () => {
    const [release] = JSON.parse(await run('list', '-o', 'json')) as { name: string; status: string; revision: string }[];
    assert.deepEqual([release?.name, release?.status, release?.revision], [RELEASE, 'deployed', '5']);
    assert.match(await run('get', 'manifest', RELEASE), /kind: Probe[\s\S]*color: red/);
    assert.match(await run('get', 'hooks', RELEASE), /helm.sh\/hook: pre-delete/);
    assert.match(await run('status', RELEASE), /STATUS: deployed/);
  });
  await holds('uninstall --wait runs hooks and leaves only the definition', async () => {
    await run('uninstall', RELEASE, ...WAIT);
    await succeededHooks('delete');
    const left = await cluster.kubectl('get', 'deployments,probes.example.com,configmaps,secrets', '-o', 'name');
    assert.deepEqual(left.trim().split('\n'), ['configmap/kube-root-ca.crt']);
    await cluster.kubectl('get', 'crd', 'probes.example.com');
  });
}
