import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import type { ConfigMap, Pod } from '../../src/kube/types.ts';
import { isPodReady } from '../../src/kube/pods.ts';
import { Cluster, eventually, leftovers, whyNot } from './cluster.ts';

const KILLS = 20;
const skip = whyNot() ?? false;

interface List<T> {
  items: T[];
}

/** Ends every process that names the cluster's data directory, but not the containers' monitors: `kill -9` of the product. */
function killProcesses(dataDir: string, all: boolean): void {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  for (const line of lines) {
    const [, pid, args] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    if (!pid || !args?.includes(dataDir) || args.startsWith('ps ')) continue;
    if (!all && args.includes('conmon')) continue;
    if (args.includes('kubectl') || Number(pid) === process.pid) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

describe('a cluster that is killed', { skip }, () => {
  const cluster = new Cluster('e2e-restart', '--nodes', '1..1', '--boot-delay', '1s');
  before(() => cluster.up());
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  const readyPods = async (): Promise<Pod[]> => (await cluster.json<List<Pod>>('get', 'pods', '-l', 'app=web')).items.filter(isPodReady);

  test('down and up again bring back all objects and run the pods again', async () => {
    await cluster.kubectl('create', 'deployment', 'web', '--image=stefanprodan/podinfo', '--replicas=2');
    await eventually('two pods run', async () => (await readyPods()).length === 2);
    assert.equal((await cluster.argosy('down')).code, 0);
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
    await cluster.up();
    await eventually('two pods run again', async () => (await readyPods()).length === 2);
  });

  test(`${KILLS} times kill -9 while kubectl writes: every acknowledged write is there and no container is doubled`, { timeout: 300_000 }, async () => {
    const acknowledged = new Set<string>();
    for (let round = 0; round < KILLS; round++) {
      let writing = true;
      const writer = (async () => {
        for (let i = 0; writing; i++) {
          const name = `w-${round}-${i}`;
          const output = await cluster.kubectlRaw(['create', 'configmap', name, '--from-literal=k=v'], { timeoutMs: 10_000 });
          if (output.code !== 0) return;
          acknowledged.add(name);
        }
      })();
      const before = acknowledged.size;
      await eventually('some writes are acknowledged', async () => acknowledged.size >= before + 2);
      killProcesses(cluster.dataDir, false);
      writing = false;
      await writer;
      await cluster.up();
    }
    const names = new Set((await cluster.json<List<ConfigMap>>('get', 'configmaps')).items.map((item) => item.metadata.name));
    assert.deepEqual(
      [...acknowledged].filter((name) => !names.has(name)),
      [],
    );
    await eventually('two pods run', async () => (await readyPods()).length === 2);
    const containers = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes('conmon') && line.includes(cluster.dataDir));
    assert.equal(containers.length, 2);
  });

  test('after kill -9 of everything, containers too, up brings it back', async () => {
    killProcesses(cluster.dataDir, true);
    await cluster.up();
    await eventually('two pods run', async () => (await readyPods()).length === 2);
  });

  test('after kill -9 of everything, delete leaves nothing behind', async () => {
    killProcesses(cluster.dataDir, true);
    assert.equal((await cluster.argosy('delete')).code, 0);
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });
});
