/** The command line as a user meets it: up, status, down, delete, bad input, Ctrl-C, kill -9. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cluster, deleteRunning, eventually, leftovers, ROOT, whyNot } from '../e2e/cluster.ts';

const skip = whyNot() ?? false;
const ONE_NODE = ['--nodes', '1..1', '--boot-delay', '1s'];

function pidsOf(dataDir: string): number[] {
  return execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(dataDir) && !line.includes('ps -eo') && !line.includes('argosy.mjs') && !line.includes('cli/main.ts'))
    .map((line) => Number.parseInt(line, 10));
}

describe('a cluster from the command line', { skip }, () => {
  const cluster = new Cluster('cli-up', ...ONE_NODE);
  before(() => cluster.up());
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  test('answers kubectl, tells how it is, and keeps its keys to itself', async () => {
    assert.match(await cluster.kubectl('get', 'namespaces', '-o', 'name'), /namespace\/default/);
    const status = JSON.parse((await cluster.argosy('status', '-o', 'json')).stdout) as Record<string, unknown>;
    assert.equal(status.state, 'up');
    assert.equal(status.bootDelay, '1s');
    assert.equal(status.dataDir, cluster.dataDir);
    assert.match((await cluster.argosy('status')).stdout, new RegExp(`^NAME +STATE[^\\n]*\\n${cluster.name} +up `));
    assert.equal((await cluster.argosy('kubeconfig', '--path')).stdout, `${cluster.kubeconfig}\n`);
    for (const file of ['cluster.json', 'kubeconfig', 'logs/cluster.log', 'run/network.json', 'store.db']) {
      assert.equal(statSync(join(cluster.dataDir, file)).mode & 0o077, 0, `${file} is readable by others`);
    }
  });

  test('up again says that it runs; another cluster of its name or port is refused with the mend', async () => {
    const again = await cluster.argosy('up');
    assert.equal(again.code, 0);
    assert.match(again.stdout, /is running already/);
    const other = new Cluster('cli-up');
    const sameName = await other.argosy('up');
    assert.equal(sameName.code, 1);
    assert.match(sameName.stderr, new RegExp(`'${cluster.name}' is running with its data in ${cluster.dataDir}\n.*argosy down --name ${cluster.name}`));
    const { url } = JSON.parse((await cluster.argosy('status', '-o', 'json')).stdout) as { url: string };
    const third = new Cluster('cli-third', '--port', new URL(url).port);
    const samePort = await third.argosy('up', ...third.upOptions);
    assert.match(samePort.stderr, /port \d+ of 127\.0\.0\.1 is taken by another program\n.*--port/);
    for (const made of [other, third]) rmSync(made.dataDir, { recursive: true, force: true });
  });

  test('service addresses and DNS answer on the machine', async () => {
    const address = await cluster.kubectl('get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}');
    const socket = net.connect(443, address);
    await once(socket, 'connect');
    socket.destroy();
  });

  test('down and up keep objects, ports and addresses', async () => {
    await cluster.kubectl('create', 'configmap', 'kept', '--from-literal=a=b');
    const before = (await cluster.argosy('kubeconfig')).stdout;
    assert.match((await cluster.argosy('down')).stdout, /is down/);
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
    assert.match((await cluster.argosy('down')).stdout, /was not running/);
    await cluster.up();
    assert.equal(await cluster.kubectl('get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}'), 'b');
    assert.equal((await cluster.argosy('kubeconfig')).stdout, before);
  });

  test('the data plane comes back by itself', async () => {
    const old = pidsOf(join(cluster.dataDir, 'run/network.json'));
    assert.equal(old.length, 1);
    process.kill(old[0]!, 'SIGKILL');
    await eventually('another data plane runs', async () => {
      const [pid] = pidsOf(join(cluster.dataDir, 'run/network.json'));
      return pid !== undefined && pid !== old[0];
    });
  });

  test('after kill -9 of everything, up brings it back', async () => {
    await cluster.kubectl('create', 'configmap', 'written', '--from-literal=a=b');
    for (const pid of pidsOf(cluster.dataDir)) process.kill(pid, 'SIGKILL');
    await eventually('all are gone', async () => pidsOf(cluster.dataDir).length === 0);
    await cluster.up();
    assert.equal(await cluster.kubectl('get', 'configmap', 'written', '-o', 'jsonpath={.data.a}'), 'b');
  });

  test('after kill -9 of everything, delete leaves nothing behind', async () => {
    for (const pid of pidsOf(cluster.dataDir)) process.kill(pid, 'SIGKILL');
    assert.equal((await cluster.argosy('delete')).code, 0);
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
    assert.equal(existsSync(cluster.dataDir), false);
  });
});

describe('what a user may get wrong', { skip }, () => {
  const cluster = new Cluster('cli-wrong');
  after(() => rmSync(cluster.dataDir, { recursive: true, force: true }));
  const fails = async (args: readonly string[], message: RegExp): Promise<void> => {
    const output = await cluster.argosy(args[0]!, ...args.slice(1));
    assert.notEqual(output.code, 0, args.join(' '));
    assert.match(output.stderr, message, args.join(' '));
    assert.doesNotMatch(output.stderr, /\n\s+at /, 'a stack is not for users');
  };

  test('options and files are refused by name, with what may stand there', async () => {
    await fails(['up', '--boot-delay', 'soon'], /--boot-delay: 'soon' is not a duration: write it like 20s/);
    await fails(['up', '--nodes', '5..1'], /--nodes: '5\.\.1': write the fewest and the most nodes like 1\.\.5/);
    await fails(['up', '--port', '0'], /--port: '0': must be a port number/);
    await fails(['up', '--node-type', 'g6-none'], /g6-none/);
    const file = join(cluster.dataDir, 'fleet.yaml');
    writeFileSync(file, 'clusters: [{bootDelays: 1s}]');
    await fails(['up', '-f', file], /clusters\[0\]\.bootDelays: unknown field; known are name, port, bootDelay/);
    await fails(['up', '-f', '/nowhere.yaml'], /nowhere\.yaml/);
    await fails(['down'], new RegExp(`there is no cluster '${cluster.name}'`));
    await fails(['launch'], /unknown command 'launch'/);
  });

  test('a directory that is not a cluster is not deleted', async () => {
    writeFileSync(join(cluster.dataDir, 'diary.txt'), 'mine');
    await fails(['delete'], /is not the data directory of a cluster/);
    assert.ok(existsSync(join(cluster.dataDir, 'diary.txt')));
  });

  test('every command explains itself', async () => {
    const { stdout } = await cluster.argosy('help');
    for (const command of ['up', 'status', 'list', 'kubeconfig', 'logs', 'down', 'delete', 'calc', 'demo', 'version'])
      assert.match(stdout, new RegExp(`^  ${command}\\b`, 'm'));
  });
});

describe('Ctrl-C', { skip }, () => {
  test('while a cluster starts, or in the foreground, leaves nothing running', async () => {
    for (const when of ['at once', 'when ready']) {
      const cluster = new Cluster('cli-ctrl-c', ...ONE_NODE);
      const up = spawn(join(ROOT, 'bin/argosy'), ['up', '--name', cluster.name, '--data', cluster.dataDir, ...cluster.upOptions, '--foreground'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      up.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await eventually('it says something', async () => said.includes(when === 'at once' ? 'opened' : 'is ready'));
      up.kill('SIGINT');
      await once(up, 'close');
      assert.deepEqual(leftovers(cluster.name, cluster.dataDir), [], said);
      await cluster.delete();
    }
  });
});

test('a run of tests that is told to stop leaves none of its clusters', { skip }, async () => {
  const cluster = new Cluster('cli-left', ...ONE_NODE);
  await cluster.up();
  await deleteRunning();
  assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  assert.equal(existsSync(cluster.dataDir), false);
});
