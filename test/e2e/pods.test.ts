import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Pod, Service } from '../../src/kube/types.ts';
import { Cluster, eventually, leftovers, whyNot } from './cluster.ts';

const skip = whyNot() ?? false;

const pod = (name: string, spec: object): string => JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } }, spec });
const podinfo = (name: string, more: object = {}): string =>
  pod(name, { containers: [{ name: 'podinfo', image: 'stefanprodan/podinfo', ports: [{ containerPort: 9898 }], ...more }] });
const shell = (name: string, script: string, more: object = {}): string =>
  pod(name, {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script] }],
    ...more,
  });

describe('pods', { skip }, () => {
  const cluster = new Cluster('e2e-pods', '--nodes', '1..1', '--boot-delay', '1s');
  const get = (name: string): Promise<Pod> => cluster.json<Pod>('get', 'pod', name);
  const ready = (name: string): Promise<string> => cluster.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s');
  const phase = (name: string, wanted: string): Promise<string> =>
    cluster.kubectl('wait', `--for=jsonpath={.status.phase}=${wanted}`, `pod/${name}`, '--timeout=30s');

  before(() => cluster.up());
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  test('podinfo answers on its pod address with its hostname', async () => {
    await cluster.apply(podinfo('info'));
    await ready('info');
    const ip = (await get('info')).status?.podIP;
    const answer = (await (await fetch(`http://${ip}:9898/`)).json()) as { hostname: string };
    assert.equal(answer.hostname, 'info');
    for (const path of ['healthz', 'readyz', 'metrics']) assert.equal((await fetch(`http://${ip}:9898/${path}`)).status, 200);
  });

  test('a service answers by address from the machine and by name from a pod', async () => {
    await cluster.kubectl('expose', 'pod', 'info', '--port=80', '--target-port=9898');
    const service = await cluster.json<Service>('get', 'service', 'info');
    await eventually('the service answers', async () => (await fetch(`http://${service.spec?.clusterIP}/healthz`)).ok);
    await cluster.apply(shell('client', 'wget -qO- http://info.default.svc.cluster.local/healthz && wget -qO- http://info/version'));
    await phase('client', 'Succeeded');
    assert.match(await cluster.kubectl('logs', 'client'), /version/);
  });

  test('node ports and load balancers answer from the machine', async () => {
    await cluster.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'info-lb' },
        spec: { type: 'LoadBalancer', selector: { app: 'info' }, ports: [{ port: 80, targetPort: 9898 }] },
      }),
    );
    const service = await eventually('the load balancer has an address', async () => {
      const found = await cluster.json<Service>('get', 'service', 'info-lb');
      return found.status?.loadBalancer?.ingress?.[0]?.ip ? found : undefined;
    });
    await eventually('the load balancer answers', async () => (await fetch(`http://${service.status?.loadBalancer?.ingress?.[0]?.ip}/healthz`)).ok);
    const nodeAddress = await cluster.kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}');
    await eventually('the node port answers', async () => (await fetch(`http://${nodeAddress}:${service.spec?.ports?.[0]?.nodePort}/healthz`)).ok);
  });

  test('exec runs a command, passes stdin and answers its exit code', async () => {
    assert.equal((await cluster.kubectl('exec', 'info', '--', 'sh', '-c', 'echo out; echo err >&2')).trim(), 'out');
    const piped = await cluster.kubectlRaw(['exec', '-i', 'info', '--', 'cat'], { input: 'through' });
    assert.equal(piped.stdout, 'through');
    const failed = await cluster.kubectlRaw(['exec', 'info', '--', 'sh', '-c', 'exit 7']);
    assert.equal(failed.code, 7);
    assert.match(failed.stderr, /command terminated with exit code 7/);
  });

  test('exec -t has a terminal', async () => {
    // kubectl asks for a terminal only when it has one itself: script(1) gives it one.
    const output = await cluster.inTerminal('kubectl exec -it info -- sh -c "test -t 0 && stty size && echo it is a terminal"');
    assert.match(output, /it is a terminal/);
  });

  test('cp copies in and out', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'argosy-cp-'));
    writeFileSync(join(dir, 'in.txt'), 'carried');
    await cluster.kubectl('cp', join(dir, 'in.txt'), 'info:/tmp/in.txt');
    await cluster.kubectl('cp', 'info:/tmp/in.txt', join(dir, 'out.txt'));
    assert.equal(readFileSync(join(dir, 'out.txt'), 'utf8'), 'carried');
    rmSync(dir, { recursive: true });
  });

  test('port-forward carries connections', async () => {
    const child = cluster.kubectlStart('port-forward', 'pod/info', ':9898');
    try {
      const port = await new Promise<number>((resolve, reject) => {
        child.stdout?.on('data', (chunk: Buffer) => {
          const match = /127\.0\.0\.1:(\d+)/.exec(chunk.toString());
          if (match) resolve(Number(match[1]));
        });
        child.on('close', () => reject(new Error('port-forward ended')));
      });
      for (let i = 0; i < 3; i++) assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
      await new Promise<void>((resolve, reject) => connect(port, '127.0.0.1', resolve).on('error', reject).unref());
    } finally {
      child.kill();
    }
  });

  test('logs follow, tail and show the previous container', async () => {
    await cluster.apply(
      shell('counter', 'i=0; while [ $i -lt 5 ]; do echo line $i; i=$((i+1)); done; sleep 1; echo last; exit 3', { restartPolicy: 'Always' }),
    );
    const child = cluster.kubectlStart('logs', '-f', 'counter', '--pod-running-timeout=30s');
    await eventually('the container has restarted', async () => ((await get('counter')).status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1);
    child.kill();
    const previous = await cluster.kubectl('logs', 'counter', '--previous');
    assert.match(previous, /line 0\nline 1\nline 2\nline 3\nline 4\nlast/);
    assert.equal(await cluster.kubectl('logs', 'counter', '--previous', '--tail=1'), 'last\n');
    await eventually('it backs off', async () => (await cluster.kubectl('get', 'pod', 'counter')).includes('CrashLoopBackOff'));
    await cluster.kubectl('delete', 'pod', 'counter', '--wait');
  });

  test('configuration reaches the container by environment and by files', async () => {
    await cluster.kubectl('create', 'configmap', 'settings', '--from-literal=color=blue');
    await cluster.kubectl('create', 'secret', 'generic', 'hidden', '--from-literal=key=value');
    await cluster.apply(
      pod('configured', {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'main',
            image: 'busybox',
            command: [
              'sh',
              '-c',
              'echo $COLOR $POD_NAME $(cat /etc/settings/color) $(cat /etc/hidden/key) $(cat /etc/podinfo/labels) $(test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo token)',
            ],
            env: [
              { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
              { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            ],
            volumeMounts: [
              { name: 'settings', mountPath: '/etc/settings' },
              { name: 'hidden', mountPath: '/etc/hidden' },
              { name: 'podinfo', mountPath: '/etc/podinfo' },
            ],
          },
        ],
        volumes: [
          { name: 'settings', configMap: { name: 'settings' } },
          { name: 'hidden', secret: { secretName: 'hidden' } },
          { name: 'podinfo', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      }),
    );
    await phase('configured', 'Succeeded');
    assert.equal((await cluster.kubectl('logs', 'configured')).trim(), 'blue configured blue value app="configured" token');
  });

  test('init containers run first, in order', async () => {
    await cluster.apply(
      pod('ordered', {
        restartPolicy: 'Never',
        initContainers: ['a', 'b'].map((name) => ({
          name,
          image: 'busybox',
          command: ['sh', '-c', `echo ${name} >> /work/order`],
          volumeMounts: [{ name: 'work', mountPath: '/work' }],
        })),
        containers: [{ name: 'main', image: 'busybox', command: ['cat', '/work/order'], volumeMounts: [{ name: 'work', mountPath: '/work' }] }],
        volumes: [{ name: 'work', emptyDir: {} }],
      }),
    );
    await phase('ordered', 'Succeeded');
    assert.equal(await cluster.kubectl('logs', 'ordered'), 'a\nb\n');
  });

  test('a failing readiness probe keeps a pod out of its service and a failing liveness probe restarts it', async () => {
    await cluster.apply(
      podinfo('probed', {
        readinessProbe: { httpGet: { path: '/status/500', port: 9898 }, periodSeconds: 1 },
        livenessProbe: { exec: { command: ['test', '!', '-e', '/tmp/sick'] }, periodSeconds: 1, failureThreshold: 1 },
      }),
    );
    await phase('probed', 'Running');
    await eventually('the probe has failed', async () =>
      (await cluster.kubectl('describe', 'pod', 'probed')).includes('Readiness probe failed: HTTP probe failed with statuscode: 500'),
    );
    assert.equal((await get('probed')).status?.containerStatuses?.[0]?.ready, false);
    await cluster.kubectl('exec', 'probed', '--', 'touch', '/tmp/sick');
    await eventually('the container restarts', async () => ((await get('probed')).status?.containerStatuses?.[0]?.restartCount ?? 0) >= 1);
  });

  test("an image that does not exist is named in the pod's reason", async () => {
    await cluster.apply(pod('lost', { containers: [{ name: 'main', image: '127.0.0.1:1/no/such:image' }] }));
    await eventually('the pull fails', async () => /ErrImagePull|ImagePullBackOff/.test(await cluster.kubectl('get', 'pod', 'lost')));
    await eventually('it backs off', async () => (await cluster.kubectl('get', 'pod', 'lost')).includes('ImagePullBackOff'));
    assert.match(await cluster.kubectl('describe', 'pod', 'lost'), /Failed to pull image "127\.0\.0\.1:1\/no\/such:image"/);
  });

  test('a container over its memory limit is OOMKilled', async () => {
    await cluster.apply(
      pod('greedy', {
        restartPolicy: 'Never',
        containers: [
          { name: 'main', image: 'busybox', command: ['sh', '-c', 'x=a; while true; do x=$x$x$x$x; done'], resources: { limits: { memory: '16Mi' } } },
        ],
      }),
    );
    await eventually('it is killed', async () => (await get('greedy')).status?.containerStatuses?.[0]?.state?.terminated?.reason === 'OOMKilled');
  });

  test('a job completes and a daemon set runs on every node', async () => {
    await cluster.kubectl('create', 'job', 'once', '--image=busybox', '--', 'echo', 'done');
    await cluster.kubectl('wait', '--for=condition=complete', 'job/once', '--timeout=30s');
    assert.equal(await cluster.kubectl('logs', 'job/once'), 'done\n');
    await cluster.apply(
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'everywhere' },
        spec: {
          selector: { matchLabels: { app: 'everywhere' } },
          template: { metadata: { labels: { app: 'everywhere' } }, spec: { containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.10' }] } },
        },
      }),
    );
    await cluster.kubectl('rollout', 'status', 'daemonset/everywhere', '--timeout=30s');
  });

  test('rollouts go on, are undone, and keep serving', async () => {
    await cluster.kubectl('create', 'deployment', 'web', '--image=stefanprodan/podinfo:6.0.0', '--replicas=2');
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=30s');
    await cluster.kubectl('set', 'image', 'deployment/web', 'podinfo=stefanprodan/podinfo:6.0.1');
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    await cluster.kubectl('rollout', 'undo', 'deployment/web');
    await cluster.kubectl('rollout', 'status', 'deployment/web', '--timeout=60s');
    assert.equal(await cluster.kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].image}'), 'stefanprodan/podinfo:6.0.0');
    await cluster.kubectl('delete', 'deployment', 'web', '--cascade=foreground');
    assert.equal(await cluster.kubectl('get', 'pods', '-l', 'app=web', '--ignore-not-found', '-o', 'name'), '');
  });

  test('top shows nodes and pods', async () => {
    await eventually('metrics are there', async () => /info/.test(await cluster.kubectl('top', 'pods')), 60);
    assert.match(await cluster.kubectl('top', 'nodes'), /CPU\(cores\)/);
  });

  test('drain evicts, cordon keeps pods away', async () => {
    const node = (await cluster.kubectl('get', 'nodes', '-o', 'name')).trim();
    await cluster.kubectl('cordon', node);
    assert.match(await cluster.kubectl('get', 'nodes'), /Ready,SchedulingDisabled/);
    await cluster.kubectl('drain', node, '--ignore-daemonsets', '--force', '--delete-emptydir-data', '--timeout=60s');
    await cluster.kubectl('uncordon', node);
  });

  test("a stateful set's pod finds its data again, and a claim's directory goes with the claim", async () => {
    const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } } } };
    const container = {
      name: 'main',
      image: 'busybox',
      command: ['sh', '-c', 'echo started >> /data/log; wc -l < /data/log; sleep 1000'],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    };
    const template = { metadata: { labels: { app: 'kept' } }, spec: { terminationGracePeriodSeconds: 1, containers: [container] } };
    const spec = { serviceName: 'kept', selector: { matchLabels: { app: 'kept' } }, template, volumeClaimTemplates: [claim] };
    await cluster.apply(JSON.stringify({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'kept' }, spec }));
    const logs = (): Promise<string> => cluster.kubectl('logs', 'kept-0');
    await eventually('the pod has written', async () => (await logs()).trim() === '1');
    const path = await cluster.kubectl('get', 'pv', '-o', 'jsonpath={.items[0].spec.hostPath.path}');
    assert.ok(existsSync(join(path, 'log')));
    await cluster.kubectl('delete', 'pod', 'kept-0');
    await eventually('the next pod has written after it', async () => (await logs()).trim() === '2');
    await cluster.kubectl('delete', 'statefulset', 'kept');
    await cluster.kubectl('delete', 'pvc', 'data-kept-0');
    await eventually('the directory is gone', async () => !existsSync(path));
  });
});
