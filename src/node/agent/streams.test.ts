import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { isNotFound } from '../../kube/status.ts';
import { isPodReady } from '../../kube/pods.ts';
import { pods } from '../../kube/resources.ts';
import type { PodRef } from '../../runtime/kubelet.ts';
import { dialPod } from '../oci/sessions.ts';
import { phaseIs, TestNode, whyNot } from '../testing.ts';

describe('streams and lifecycle', { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  before(async () => {
    node = await TestNode.start();
  });
  after(() => node.stop());

  const ready = async (name: string): Promise<PodRef> => ({ namespace: 'default', name, uid: (await node.until(name, isPodReady)).metadata.uid ?? '' });
  const text = async (stream: AsyncIterable<unknown> | null, until?: string): Promise<string> => {
    let all = '';
    for await (const chunk of stream ?? []) {
      all += String(chunk);
      if (until !== undefined && all.includes(until)) break;
    }
    return all;
  };
  const gone = async (name: string): Promise<void> => {
    for (;;) {
      try {
        await node.get(name);
      } catch (error) {
        if (isNotFound(error)) return;
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  test("attach joins input and output of the container's own process", async () => {
    await node.run('attached', { command: ['sh', '-c', 'while read line; do echo "got $line"; done'], stdin: true });
    const session = await node.agent.kubelet.attach(await ready('attached'), { stdin: true, stdout: true, stderr: true, tty: false });
    session.stdin?.write('hello\n');
    assert.equal(await text(session.stdout, 'hello\n'), 'got hello\n');
    session.kill();
  });

  test('attach to a terminal', async () => {
    await node.run('terminal', { command: ['sh', '-c', 'while read line; do tty; stty size; done'], stdin: true, tty: true });
    const session = await node.agent.kubelet.attach(await ready('terminal'), { stdin: true, stdout: true, stderr: false, tty: true });
    session.resize(100, 40);
    session.stdin?.write('x\n');
    assert.match(await text(session.stdout, '40 100'), /\/dev\/(pts|console)[\s\S]*40 100/);
    session.kill();
  });

  test("port-forward reaches a port that only listens on the pod's loopback", async () => {
    const name = `argosy-fwd-${process.pid}`;
    execFileSync('ip', ['netns', 'add', name]);
    try {
      execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
      const script = 'require("net").createServer((s) => s.pipe(s)).listen(7070, "127.0.0.1", () => console.log("up"))';
      const { spawn } = await import('node:child_process');
      const server = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(server.stdout, 'data');
      const stream = await dialPod('127.0.0.1', 7070, `/run/netns/${name}`);
      stream.write('echo');
      assert.equal(await text(stream, 'echo'), 'echo');
      stream.destroy();
      await assert.rejects(dialPod('127.0.0.1', 7071, `/run/netns/${name}`), /failed/);
      server.kill();
    } finally {
      execFileSync('ip', ['netns', 'del', name]);
    }
  });

  test('hooks run after the start and before the end, and the grace is kept', async () => {
    await node.run(
      'hooked',
      {
        command: ['sh', '-c', 'trap "cat /tmp/hooks; exit 0" TERM; while :; do sleep 0.05; done'],
        lifecycle: {
          postStart: { exec: { command: ['sh', '-c', 'echo post > /tmp/hooks'] } },
          preStop: { exec: { command: ['sh', '-c', 'echo pre >> /tmp/hooks'] } },
        },
      },
      { terminationGracePeriodSeconds: 10 },
    );
    const ref = await ready('hooked');
    const stream = await node.agent.kubelet.logs(ref, { follow: true }, new AbortController().signal);
    await node.client.delete(pods, { namespace: 'default', name: 'hooked' });
    assert.equal(await text(stream), 'post\npre\n');
    await gone('hooked');
  });

  test('a container that ignores the signal is killed when its grace is over', async () => {
    await node.run('stubborn', { command: ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'] });
    await ready('stubborn');
    const startedAt = performance.now();
    await node.client.delete(pods, { namespace: 'default', name: 'stubborn' }, { gracePeriodSeconds: 1 });
    await gone('stubborn');
    assert.ok(performance.now() - startedAt < 5000);
  });

  test('a sidecar runs beside the containers and ends after them', async () => {
    await node.script(
      'with-sidecar',
      'cat /work/greeting',
      { volumeMounts: [{ name: 'work', mountPath: '/work' }] },
      {
        initContainers: [
          {
            name: 'side',
            image: 'busybox',
            restartPolicy: 'Always',
            volumeMounts: [{ name: 'work', mountPath: '/work' }],
            command: ['sh', '-c', 'echo hello > /work/greeting; trap "exit 0" TERM; while :; do sleep 0.05; done'],
            startupProbe: { exec: { command: ['test', '-e', '/work/greeting'] }, periodSeconds: 1 },
          },
        ],
        volumes: [{ name: 'work', emptyDir: { medium: 'Memory' } }],
      },
    );
    await node.until('with-sidecar', phaseIs('Succeeded'));
    assert.equal(await node.logs('with-sidecar', { container: 'main' }), 'hello\n');
    const ended = await node.until('with-sidecar', (pod) => pod.status?.initContainerStatuses?.[0]?.state?.terminated !== undefined);
    assert.equal(ended.status?.initContainerStatuses?.[0]?.restartCount, 0);
  });

  test('a pod past its deadline fails', async () => {
    await node.run('late', { command: ['sleep', '1000'] }, { activeDeadlineSeconds: 1, restartPolicy: 'Never', terminationGracePeriodSeconds: 0 });
    const failed = await node.until('late', phaseIs('Failed'));
    assert.deepEqual([failed.status?.reason, failed.status?.message], ['DeadlineExceeded', 'Pod was active on the node longer than the specified deadline']);
  });

  test('identity, limits of the file system and users are as asked', async () => {
    await node.script(
      'strict',
      'id -u; id -g; touch /x 2>/dev/null || echo read-only; cat /etc/hostname; hostname; grep -c cluster.local /etc/resolv.conf; echo $KUBE',
      {
        securityContext: { runAsUser: 1001, runAsGroup: 1002, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        env: [{ name: 'KUBE', value: 'a$(NONE)b' }],
      },
    );
    await node.until('strict', phaseIs('Succeeded'));
    assert.equal(await node.logs('strict'), '1001\n1002\nread-only\nstrict\nstrict\n1\na$(NONE)b\n');
  });
});
