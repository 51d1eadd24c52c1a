/** From the create request to Running for a host image, beside `runc run` of a like container by hand. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pods } from '../src/kube/resources.ts';
import type { Pod } from '../src/kube/types.ts';
import { httpClient } from '../src/runtime/http/client.ts';
import { loadKubeconfig } from '../src/runtime/http/kubeconfig.ts';
import { Cluster, eventually } from '../test/e2e/cluster.ts';
import type { Figure } from './spread.ts';

export async function podStartBench(runs: number): Promise<Figure[]> {
  const cluster = new Cluster('bench-pod', '--nodes', '1..1');
  const byHand = runcByHand();
  const running: number[] = [];
  const hand: number[] = [];
  try {
    await cluster.up();
    const client = httpClient(await loadKubeconfig(cluster.kubeconfig));
    await eventually('the node is Ready', async () => (await cluster.kubectl('get', 'nodes')).includes(' Ready '));
    for (let run = 0; run <= runs; run++) {
      const name = `p${run}`;
      const stop = new AbortController();
      const isRunning = (async () => {
        for await (const event of client.watch(pods, { namespace: 'default', fieldSelector: `metadata.name=${name}`, signal: stop.signal })) {
          if (event.type !== 'BOOKMARK' && event.object.status?.phase === 'Running') return;
        }
      })();
      const startedAt = performance.now();
      await client.create<Pod>(pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default' },
        spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }] },
      });
      await isRunning;
      const took = performance.now() - startedAt;
      stop.abort();
      const alone = byHand.run();
      if (run > 0) {
        running.push(took);
        hand.push(alone);
      }
    }
    await client.close();
  } finally {
    await cluster.delete();
    byHand.cleanUp();
  }
  return [
    { name: 'pod of a host image, create request to Running', unit: 'ms', values: running },
    { name: "runc run of `true` on the machine's files, by hand", unit: 'ms', values: hand },
    { name: 'difference, pair by pair', unit: 'ms', values: running.map((took, i) => took - (hand[i] ?? 0)) },
  ];
}

/** A bundle over the machine's own /usr, run and removed each time. */
function runcByHand(): { run(): number; cleanUp(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'argosy-runc-'));
  const bind = (path: string): object => ({ destination: path, source: path, type: 'none', options: ['rbind', 'ro'] });
  for (const path of ['usr', 'bin', 'lib', 'lib64', 'proc', 'dev']) mkdirSync(join(dir, 'rootfs', path), { recursive: true });
  const spec = {
    ociVersion: '1.0.2',
    process: { terminal: false, user: { uid: 0, gid: 0 }, args: ['/bin/true'], env: ['PATH=/usr/bin:/bin'], cwd: '/' },
    root: { path: 'rootfs' },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }, ...['/usr', '/bin', '/lib', '/lib64'].map(bind)],
    linux: { namespaces: ['pid', 'mount', 'ipc', 'uts', 'network'].map((type) => ({ type })) },
  };
  writeFileSync(join(dir, 'config.json'), JSON.stringify(spec));
  let count = 0;
  return {
    run() {
      const startedAt = performance.now();
      execFileSync('runc', ['--root', join(dir, 'state'), 'run', '--bundle', dir, `byhand${process.pid}-${count++}`], { stdio: 'ignore' });
      return performance.now() - startedAt;
    },
    cleanUp: () => rmSync(dir, { recursive: true, force: true }),
  };
}
