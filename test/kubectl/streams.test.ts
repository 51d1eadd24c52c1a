import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import type { Pod } from '../../src/kube/types.ts';
import { nodes, pods } from '../../src/kube/resources.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';
import { fakeKubelet } from './fake-kubelet.ts';

const skip = whyNot();
/** A stream that hangs fails its test, not the whole run. */
const live = { skip, timeout: 60_000 };
const kubelet = fakeKubelet();
let api: TestApi;

/** A pod that runs, as far as the API knows. */
async function runningPod(name: string, containers: readonly string[]): Promise<void> {
  await api.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'node-1', containers: containers.map((container) => ({ name: container, image: 'example.test/x:1' })) },
  } as Pod);
  const pod = await api.client.get(pods, { name, namespace: 'default' });
  await api.client.update(
    pods,
    {
      ...pod,
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: containers.map((container) => ({ name: container, ready: true, restartCount: 0, image: 'x', imageID: '', state: { running: {} } })),
      },
    } as Pod,
    { subresource: 'status' },
  );
}

before(async () => {
  if (skip) return;
  api = await startTestApi({ kubeletOf: (node) => (node === 'node-1' ? kubelet : undefined) });
  await api.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } });
  await runningPod('web', ['main']);
  const { uid = '' } = (await api.client.get(pods, { name: 'web', namespace: 'default' })).metadata;
  kubelet.measured = [{ namespace: 'default', name: 'web', uid }];
  await runningPod('two', ['first', 'second']);
});
after(() => api?.close());

/** The same commands over WebSocket and, as older clients, SPDY. */
for (const [transport, environment] of [
  ['WebSocket', 'true'],
  ['SPDY', 'false'],
] as const) {
  const kubectl = async (args: readonly string[], input?: string) => {
    process.env['KUBECTL_REMOTE_COMMAND_WEBSOCKETS'] = environment;
    process.env['KUBECTL_PORT_FORWARD_WEBSOCKETS'] = environment;
    return api.kubectlRaw(args, input);
  };

  test(`exec over ${transport} copies stdin to stdout and ends with it`, live, async () => {
    assert.deepEqual(await kubectl(['exec', '-i', 'web', '--', 'cat'], 'some text'), { code: 0, stdout: 'some text', stderr: '' });
  });

  test(`exec over ${transport} carries a lot of output`, live, async () => {
    const { code, stdout } = await kubectl(['exec', 'web', '--', 'zeros', '3000000']);
    assert.equal(code, 0);
    assert.equal(stdout.length, 3_000_000);
  });

  test(`exec over ${transport} carries a lot of input`, live, async () => {
    const { code, stdout } = await kubectl(['exec', '-i', 'web', '--', 'cat'], 'x'.repeat(3_000_000));
    assert.equal(code, 0);
    assert.equal(stdout.length, 3_000_000);
  });

  test(`exec over ${transport} tells the exit code and shows stderr`, live, async () => {
    const { code, stderr } = await kubectl(['exec', 'web', '--', 'fail', '3']);
    assert.equal(code, 3);
    assert.match(stderr, /it failed\n(.|\n)*command terminated with exit code 3/);
  });

  test(`exec over ${transport} of a program that is not there says so`, live, async () => {
    const { code, stderr } = await kubectl(['exec', 'web', '--', 'missing']);
    assert.equal(code, 1);
    assert.match(stderr, /executable file not found/);
  });

  test(`attach over ${transport} shows the container's output`, live, async () => {
    assert.match((await kubectl(['attach', 'web'])).stdout, /attached/);
  });

  test(`port-forward over ${transport} carries requests and tells what is refused`, live, async () => {
    process.env['KUBECTL_PORT_FORWARD_WEBSOCKETS'] = environment;
    const forward = api.start('port-forward', 'web', ':80', ':81');
    // Waited for from the start: newer versions of kubectl end by themselves after a refused connection.
    const ended = once(forward, 'close');
    let output = '';
    forward.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ports = await new Promise<string[]>((resolve, reject) => {
      forward.on('exit', () => reject(new Error(`port-forward ended: ${output}`)));
      forward.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const found = [...output.matchAll(/127\.0\.0\.1:(\d+) -> (\d+)/g)].map((match) => match[1]!);
        if (found.length === 2) resolve(found);
      });
    });
    const answers = await Promise.all([1, 2, 3].map(async () => (await (await fetch(`http://127.0.0.1:${ports[0]}/`)).text()).length));
    assert.deepEqual(answers, [300_000, 300_000, 300_000]);
    await assert.rejects(fetch(`http://127.0.0.1:${ports[1]}/`));
    while (!output.includes('connection refused') && forward.exitCode === null) await Promise.race([once(forward.stderr, 'data'), ended]);
    forward.kill();
    await ended;
    assert.match(output, /connection refused/);
  });
}

test('a command is killed when its client goes', live, async () => {
  const before = kubelet.asked.killed;
  const command = api.start('exec', 'web', '--', 'sleep');
  while (kubelet.asked.exec.at(-1)?.command[0] !== 'sleep') await new Promise(setImmediate);
  command.kill('SIGKILL');
  while (kubelet.asked.killed === before) await new Promise(setImmediate);
});

test('logs are read, followed and refused', live, async () => {
  assert.equal(await api.kubectl('logs', 'web', '--tail=5', '--timestamps'), 'one\ntwo\n');
  assert.deepEqual(kubelet.asked.logs.at(-1), { container: 'main', follow: false, previous: false, timestamps: true, tailLines: 5 });
  assert.match((await api.kubectlRaw(['logs', 'web', '--previous'])).stderr, /previous terminated container "main" in pod "web" not found/);
  assert.match((await api.kubectlRaw(['logs', 'web', '-c', 'nope'])).stderr, /container nope is not valid for pod web/);
  assert.match(
    (await api.kubectlRaw(['get', '--raw', '/api/v1/namespaces/default/pods/two/log'])).stderr,
    /a container name must be specified for pod two, choose one of: \[first second\]/,
  );
  const follow = api.start('logs', '-f', 'web');
  let followed = '';
  // Lines may come in pieces, several at once.
  for await (const chunk of follow.stdout) {
    followed += String(chunk);
    if (followed.includes('two\n')) break;
  }
  assert.equal(followed, 'one\ntwo\n');
  follow.kill();
});

test('exec into a pod without a node, or without a kubelet, says why', live, async () => {
  await api.client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'waiting', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'example.test/x:1' }] },
  } as Pod);
  assert.match((await api.kubectlRaw(['exec', 'waiting', '--', 'ls'])).stderr, /pod waiting does not have a host assigned/);
});

test('exec with a terminal knows its size', live, async () => {
  const { spawn } = await import('@lydell/node-pty');
  const terminal = spawn('kubectl', ['--kubeconfig', api.kubeconfig, 'exec', '-it', 'web', '--', 'size'], { cols: 123, rows: 45 });
  let output = '';
  terminal.onData((text) => (output += text));
  const { exitCode } = await new Promise<{ exitCode: number }>((resolve) => terminal.onExit(resolve));
  assert.equal(exitCode, 0);
  assert.match(output, /123x45/);
});

test('top shows the usage of nodes and pods', live, async () => {
  const node = await api.client.get(nodes, { name: 'node-1' });
  await api.client.update(
    nodes,
    { ...node, status: { capacity: { cpu: '2', memory: '4Gi' }, allocatable: { cpu: '2', memory: '4Gi' } } },
    { subresource: 'status' },
  );
  let top = '';
  while (!/node-1 +500m +25% +2048Mi +50%/.test(top)) top = (await api.kubectlRaw(['top', 'node'])).stdout;
  assert.match(await api.kubectl('top', 'pod'), /web +500m +1Mi/);
  assert.match(await api.kubectl('top', 'pod', '--containers', '-l', '!nope'), /web +main/);
  assert.match(await api.kubectl('get', 'pods.metrics.k8s.io', 'web'), /NAME +CPU +MEMORY +WINDOW/);
});

test('pods and services answer through the proxy', live, async () => {
  const { length } = 'z'.repeat(300_000);
  assert.equal((await api.kubectl('get', '--raw', '/api/v1/namespaces/default/pods/web:80/proxy/some/path?q=1')).length, length);
  assert.match(
    (await api.kubectlRaw(['get', '--raw', '/api/v1/namespaces/default/pods/web:81/proxy/'])).stderr,
    /error trying to reach service: .*connection refused/,
  );
  await api.apply('apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 8080, targetPort: 80}]}\n');
  assert.match((await api.kubectlRaw(['get', '--raw', '/api/v1/namespaces/default/services/web/proxy/'])).stderr, /no endpoints available for service "web"/);
  await api.apply(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 80}]
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: web, namespace: default}}]
`);
  assert.equal((await api.kubectl('get', '--raw', '/api/v1/namespaces/default/services/web:8080/proxy/')).length, length);
});

test("a node's measures are read through its proxy, as Prometheus does", live, async () => {
  const read = (path: string): Promise<string> => api.kubectl('get', '--raw', `/api/v1/nodes/node-1/proxy${path}`);
  assert.equal(await read('/healthz'), 'ok');
  assert.match(await read('/metrics'), /^kubelet_running_pods 1$/m);
  assert.match(await read('/metrics/resource'), /^pod_memory_working_set_bytes\{namespace="default",pod="web"\} \d+$/m);
  assert.match(await read('/metrics/cadvisor'), /^container_cpu_usage_seconds_total\{container="main",.*,namespace="default",pod="web",cpu="total"\} [\d.]+$/m);
  assert.equal(JSON.parse(await read('/stats/summary')).pods[0].podRef.name, 'web');
  assert.ok(JSON.parse(await read('/pods')).items.some(({ metadata }: { metadata: { name: string } }) => metadata.name === 'web'));
  assert.match((await api.kubectlRaw(['get', '--raw', '/api/v1/nodes/node-1/proxy/nothing'])).stderr, /could not find the requested resource/);
  assert.match((await api.kubectlRaw(['get', '--raw', '/api/v1/nodes/nobody/proxy/metrics'])).stderr, /nodes "nobody" not found/);
});
