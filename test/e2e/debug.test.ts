import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Pod } from '../../src/kube/types.ts';
import { Cluster, eventually, leftovers, whyNot } from './cluster.ts';

describe('kubectl debug', { skip: whyNot() ?? false }, () => {
  const cluster = new Cluster('e2e-debug', '--nodes', '1..1', '--boot-delay', '1s');
  const get = (name: string): Promise<Pod> => cluster.json<Pod>('get', 'pod', name);
  const stateOf = async (container: string) => (await get('web')).status?.ephemeralContainerStatuses?.find(({ name }) => name === container);

  before(async () => {
    await cluster.up();
    await cluster.kubectl('run', 'web', '--image=busybox', '--command', '--', 'sh', '-c', 'trap "exit 0" TERM; sleep 987654 & wait');
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=30s');
  });
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  test('a terminal in an ephemeral container shares the network of the pod, not its processes', async () => {
    const shown = await cluster.inTerminal(
      `echo 'tty; hostname; ps; exit 3' | kubectl debug -it web --image=busybox --container=look --quiet --profile=general`,
    );
    assert.match(shown, /\/dev\/(pts|console)/);
    assert.match(shown, /^web\r?$/m);
    assert.doesNotMatch(shown, /987654/);
    const ended = await eventually('the container has ended', async () => {
      const status = await stateOf('look');
      return status?.state?.terminated === undefined ? undefined : status;
    });
    assert.deepEqual([ended.state?.terminated?.exitCode, ended.restartCount, ended.ready], [3, 0, false]);
    assert.match(await cluster.kubectl('logs', 'web', '-c', 'look'), /^web\r?$/m);
  });

  test('with a target it sees the processes of that container and can end them', async () => {
    await cluster.kubectl('debug', 'web', '--image=busybox', '--container=aim', '--target=web', '--', 'sh', '-c', 'sleep 123456');
    await eventually('it runs', async () => (await stateOf('aim'))?.state?.running !== undefined);
    assert.match(await cluster.kubectl('exec', 'web', '-c', 'aim', '--', 'ps'), /sleep 987654[\s\S]*sleep 123456/);
    assert.equal((await cluster.kubectl('exec', 'web', '-c', 'aim', '--', 'hostname')).trim(), 'web');
    // The namespace is the target's: with its first process all others end.
    await cluster.kubectlRaw(['exec', 'web', '-c', 'aim', '--', 'kill', '1']);
    await eventually('the target starts again', async () => (await get('web')).status?.containerStatuses?.[0]?.restartCount === 1);
    await eventually('the ephemeral container does not', async () => (await stateOf('aim'))?.state?.terminated?.exitCode === 137);
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=60s');
    assert.equal((await stateOf('aim'))?.restartCount, 0);
  });

  test('one whose image cannot be had says so and holds nothing up', async () => {
    await cluster.kubectl('debug', 'web', '--image=registry.invalid/none:1', '--image-pull-policy=Never', '--container=none', '--', 'true');
    await eventually('it waits', async () => (await stateOf('none'))?.state?.waiting?.reason === 'ErrImageNeverPull');
    assert.equal((await get('web')).status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
    assert.match((await cluster.kubectl('describe', 'pod', 'web')).split('Ephemeral Containers:')[1] ?? '', /look:[\s\S]*aim:[\s\S]*none:/);
  });

  test('a copy of the pod runs another command', async () => {
    await cluster.kubectl('debug', 'web', '--copy-to=copy', '--container=web', '--share-processes=false', '--', 'sh', '-c', 'echo copied; sleep 1000');
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod/copy', '--timeout=30s');
    assert.match(await cluster.kubectl('logs', 'copy'), /copied/);
    await cluster.kubectl('delete', 'pod', 'copy', '--now');
  });

  test('a pod of a node sees the machine: its processes, network and files', async () => {
    const node = (await cluster.kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')).trim();
    const said = await cluster.kubectl(
      'debug',
      `node/${node}`,
      '--image=busybox',
      '--profile=sysadmin',
      '--',
      'sh',
      '-c',
      'ls /host/etc/passwd && ps | grep -c conmon',
    );
    const pod = /pod (node-debugger-\S+)/.exec(said)?.[1] ?? '';
    await cluster.kubectl('wait', '--for=jsonpath={.status.phase}=Succeeded', `pod/${pod}`, '--timeout=30s');
    const logs = await cluster.kubectl('logs', pod);
    assert.match(logs, /\/host\/etc\/passwd\n[1-9]\d*\n/);
    await cluster.kubectl('delete', 'pod', pod, '--now');
  });
});
