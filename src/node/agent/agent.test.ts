import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { configMaps, events, pods, runtimeClasses } from '../../kube/resources.ts';
import { isNotFound } from '../../kube/status.ts';
import { isPodReady } from '../../kube/pods.ts';
import { identify } from '../oci/process.ts';
import { phaseIs, TestNode, whyNot } from '../testing.ts';

describe('a node agent', { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  before(async () => {
    node = await TestNode.start();
  });
  after(() => node.stop());

  const messages = async (name: string): Promise<string[]> =>
    (await node.client.list(events, { namespace: 'default' })).items
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);

  test('runs podinfo until it is ready, and ends it', async () => {
    const port = 39898;
    await node.run('info', { image: 'stefanprodan/podinfo', command: ['./podinfo', `--port=${port}`], readinessProbe: { httpGet: { path: '/readyz', port } } });
    const ready = await node.until('info', isPodReady);
    assert.equal(ready.status?.podIP, '127.0.0.1');
    const answer = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as { hostname: string };
    assert.equal(answer.hostname, 'info');
    await node.client.delete(pods, { namespace: 'default', name: 'info' });
    await assert.rejects(async () => {
      for (let i = 0; i < 500; i++) {
        await node.get('info');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }, isNotFound);
    assert.equal(existsSync(`/sys/fs/cgroup/memory${node.cgroupParent}/${ready.metadata.uid}`), false);
    assert.equal(existsSync(join(node.dir, 'node/pods', ready.metadata.uid ?? '')), false);
  });

  test('tells how containers end', async () => {
    await node.script('fails', 'echo out; echo why > /dev/termination-log; exit 3');
    const failed = await node.until('fails', phaseIs('Failed'));
    const state = failed.status?.containerStatuses?.[0]?.state?.terminated;
    assert.deepEqual({ code: state?.exitCode, reason: state?.reason, message: state?.message }, { code: 3, reason: 'Error', message: 'why\n' });
    assert.equal(await node.logs('fails'), 'out\n');
    const told = await messages('fails');
    for (const text of ['Created: Created container: main', 'Started: Started container main']) assert.ok(told.includes(text), told.join('\n'));
  });

  test('runs init containers first and in order, with a shared volume', async () => {
    const mount = { volumeMounts: [{ name: 'work', mountPath: '/work' }] };
    await node.script('ordered', 'cat /work/order', mount, {
      initContainers: ['a', 'b'].map((name) => ({ name, image: 'busybox', command: ['sh', '-c', `echo ${name} >> /work/order`], ...mount })),
      volumes: [{ name: 'work', emptyDir: {} }],
    });
    await node.until('ordered', phaseIs('Succeeded'));
    assert.equal(await node.logs('ordered'), 'a\nb\n');
  });

  test('starts a failing container again, then backs off', async () => {
    await node.run('crashes', { command: ['sh', '-c', 'echo run; exit 1'] });
    const waiting = await node.until('crashes', (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff');
    const status = waiting.status?.containerStatuses?.[0];
    assert.equal(status?.restartCount, 1);
    assert.equal(status?.lastState?.terminated?.exitCode, 1);
    assert.match(status?.state?.waiting?.message ?? '', /^back-off 10s restarting failed container=main pod=crashes_default\(/);
    assert.equal(waiting.status?.phase, 'Running');
    assert.equal(await node.logs('crashes', { previous: true }), 'run\n');
  });

  test('names the reason when there is no image', async () => {
    await node.run('lost', { image: '127.0.0.1:1/no/such:image' });
    const waiting = await node.until('lost', (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff');
    assert.match(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message ?? '', /^Back-off pulling image "127\.0\.0\.1:1\/no\/such:image"/);
    assert.ok((await messages('lost')).some((text) => text.startsWith('Failed: Failed to pull image "127.0.0.1:1/no/such:image": ')));
  });

  test('a command that is not there is a StartError', async () => {
    await node.run('wrong', { command: ['/no/such'] }, { restartPolicy: 'Never' });
    const failed = await node.until('wrong', phaseIs('Failed'));
    const state = failed.status?.containerStatuses?.[0]?.state?.terminated;
    assert.equal(state?.reason, 'StartError');
    assert.match(state?.message ?? '', /no such file or directory/);
  });

  test('waits for a config map, and shows its changes', async () => {
    await node.run(
      'configured',
      {
        command: ['sh', '-c', 'while :; do cat /etc/settings/color; sleep 0.05; done'],
        volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
      },
      { volumes: [{ name: 'settings', configMap: { name: 'settings' } }] },
    );
    await node.client.create(configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { color: 'blue\n' },
    });
    await node.until('configured', phaseIs('Running'));
    await node.client.patch(configMaps, { namespace: 'default', name: 'settings' }, { data: { color: 'green\n' } }, { type: 'merge' });
    const { uid = '' } = (await node.get('configured')).metadata;
    const stop = new AbortController();
    const stream = await node.agent.kubelet.logs({ namespace: 'default', name: 'configured', uid }, { follow: true }, stop.signal);
    let text = '';
    for await (const chunk of stream) {
      text += String(chunk);
      if (text.includes('green')) break;
    }
    stop.abort();
    assert.match(text, /^(blue\n)*green\n/);
  });

  test('restarts a container whose liveness probe fails', async () => {
    await node.run('sick', {
      command: ['sleep', '1000'],
      livenessProbe: { exec: { command: ['test', '!', '-e', '/tmp/sick'] }, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 1 },
    });
    const running = await node.until('sick', isPodReady);
    const session = await node.agent.kubelet.exec(
      { namespace: 'default', name: 'sick', uid: running.metadata.uid ?? '' },
      { command: ['touch', '/tmp/sick'], stdin: false, stdout: true, stderr: true, tty: false },
    );
    assert.deepEqual(await session.exit, { exitCode: 0 });
    await node.until('sick', (pod) => (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) === 1);
    assert.ok((await messages('sick')).includes('Killing: Container main failed liveness probe, will be restarted'));
  });

  test('kills a container over its memory limit', async () => {
    await node.script('greedy', 'x=a; while true; do x=$x$x$x$x; done', { resources: { limits: { memory: '16Mi' } } });
    const killed = await node.until('greedy', phaseIs('Failed'));
    assert.equal(killed.status?.containerStatuses?.[0]?.state?.terminated?.reason, 'OOMKilled');
  });

  test('exec passes input and exit code, with and without a terminal', async () => {
    await node.run('shell', { command: ['sleep', '1000'] });
    const pod = await node.until('shell', isPodReady);
    const ref = { namespace: 'default', name: 'shell', uid: pod.metadata.uid ?? '' };
    const collect = async (stream: AsyncIterable<unknown> | null) => {
      let text = '';
      for await (const chunk of stream ?? []) text += String(chunk);
      return text;
    };
    const piped = await node.agent.kubelet.exec(ref, { command: ['sh', '-c', 'cat; exit 7'], stdin: true, stdout: true, stderr: true, tty: false });
    piped.stdin?.end('through');
    assert.equal(await collect(piped.stdout), 'through');
    assert.deepEqual(await piped.exit, { exitCode: 7 });
    const missing = await node.agent.kubelet.exec(ref, { command: ['no-such'], stdin: false, stdout: true, stderr: true, tty: false });
    await assert.rejects(
      missing.exit,
      /OCI runtime exec failed: exec failed: unable to start container process: exec: "no-such": executable file not found in \$PATH: unknown/,
    );
    const terminal = await node.agent.kubelet.exec(ref, { command: ['tty'], stdin: true, stdout: true, stderr: false, tty: true });
    assert.match(await collect(terminal.stdout), /\/dev\/pts/);
  });

  test('a pod whose runtime the node does not have waits and says so', async () => {
    const named = { apiVersion: 'node.k8s.io/v1' as const, kind: 'RuntimeClass' as const };
    await node.client.create(runtimeClasses, { ...named, metadata: { name: 'usual' }, handler: 'runc' });
    await node.client.create(runtimeClasses, { ...named, metadata: { name: 'foreign' }, handler: 'gvisor' });
    await node.run('usual', { command: ['sleep', '1000'] }, { runtimeClassName: 'usual' });
    await node.run('foreign', { command: ['sleep', '1000'] }, { runtimeClassName: 'foreign' });
    await node.until('usual', isPodReady);
    const waiting = await node.until('foreign', (pod) => pod.status?.containerStatuses !== undefined);
    assert.equal(waiting.status?.phase, 'Pending');
    const why = 'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "gvisor" is configured';
    assert.ok((await messages('foreign')).includes(`FailedCreatePodSandBox: ${why}`));
  });

  test('a restarted agent adopts its containers and sees what ended meanwhile', async () => {
    await node.run('stays', { command: ['sleep', '1000'] });
    await node.script('ends', 'sleep 0.3; exit 4');
    const before = await node.until('stays', isPodReady);
    await node.until('ends', phaseIs('Running'));
    await node.restart();
    await node.until('ends', phaseIs('Failed'));
    const now = await node.until('stays', isPodReady);
    assert.equal(now.status?.containerStatuses?.[0]?.containerID, before.status?.containerStatuses?.[0]?.containerID);
    assert.equal(now.status?.containerStatuses?.[0]?.restartCount, 0);
    assert.equal((await node.get('ends')).status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 4);
  });

  test('a container whose monitor was killed is ended before it is started again', async () => {
    await node.run('unmonitored', { command: ['sleep', '1000'] });
    const before = await node.until('unmonitored', isPodReady);
    const id = before.status?.containerStatuses?.[0]?.containerID?.replace('runc://', '') ?? '';
    const bundle = join(node.dir, 'node/containers', id);
    const pidOf = (file: string) => Number(readFileSync(join(bundle, file), 'utf8'));
    const pid = pidOf('pid');
    await node.agent.stop({ keepPods: true });
    process.kill(pidOf('conmon.pid'), 'SIGKILL');
    await node.restart();
    await node.until('unmonitored', (pod) => isPodReady(pod) && pod.status?.containerStatuses?.[0]?.restartCount === 1);
    assert.deepEqual([identify(pid), existsSync(bundle)], [undefined, false]);
  });
});
