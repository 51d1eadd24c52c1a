/** The classic recipes of network policies, with real packets between pods on two nodes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { isPodReady } from '../../src/kube/pods.ts';
import type { NetworkPolicy, Pod, Service } from '../../src/kube/types.ts';
import { Cluster, eventually, leftovers, whyNot } from './cluster.ts';

type Spec = NonNullable<NetworkPolicy['spec']>;

/** Of busybox's timeout. */
const TIMED_OUT = 143;
const SERVER = { matchLabels: { app: 'server' } };
const CLIENT = { matchLabels: { app: 'client' } };
const EVERYONE = ['default/near', 'default/far', 'friends/guest'];
const DNS_PORTS: NonNullable<NonNullable<Spec['egress']>[number]['ports']> = [
  { protocol: 'UDP', port: 53 },
  { protocol: 'TCP', port: 53 },
];
const TO_DNS = {
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
  ports: DNS_PORTS,
};

describe('network policies', { skip: whyNot() ?? false }, () => {
  const cluster = new Cluster('e2e-netpol', '--nodes', '2..2', '--boot-delay', '1s');
  const router = `argosy.${cluster.name}`;
  const addresses: Record<string, string> = {};
  let balancer = '';

  const pod = (name: string, namespace: string, labels: Record<string, string>, nodeName: string, container: object): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: { nodeName, terminationGracePeriodSeconds: 1, containers: [{ name: 'main', ...container }] },
  });
  const client = (name: string, namespace: string, labels: Record<string, string>, nodeName: string): object =>
    pod(name, namespace, labels, nodeName, { image: 'busybox', command: ['sh', '-c', 'trap exit TERM; while true; do sleep 1; done'] });
  const apply = async (...objects: object[]): Promise<void> => void (await cluster.apply(objects.map((object) => JSON.stringify(object)).join('\n')));

  /** All pods; their addresses are noted. */
  async function locate(): Promise<Pod[]> {
    const { items } = await cluster.json<{ items: Pod[] }>('get', 'pods', '-A');
    for (const { metadata, status } of items) addresses[metadata.name ?? ''] = status?.podIP ?? '';
    return items;
  }

  /** Puts a policy in force for the time of `check`. */
  async function under(spec: Spec, check: () => Promise<void>): Promise<void> {
    await apply({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'policy', namespace: 'default' }, spec });
    try {
      await check();
    } finally {
      await cluster.kubectl('delete', 'networkpolicy', 'policy');
    }
  }

  /** What a command in a pod gives: 'ok', or why not. */
  async function within(who: string, ...command: string[]): Promise<string> {
    const [namespace = '', name = ''] = who.split('/');
    const { code, stdout, stderr } = await cluster.kubectlRaw(['exec', '-n', namespace, name, '--', ...command]);
    return code === 0 ? 'ok' : code === TIMED_OUT ? 'timed out' : stdout + stderr;
  }
  const get = (who: string, url: string): Promise<string> => within(who, 'timeout', '2', 'wget', '-qO', '/dev/null', url);
  const lookUp = (who: string): Promise<string> => within(who, 'timeout', '2', 'nslookup', 'server.default.svc.cluster.local');
  const getFromMachine = (url: string): Promise<string> =>
    fetch(url, { signal: AbortSignal.timeout(1000) }).then(
      ({ ok }) => String(ok),
      (error: Error) => error.name,
    );

  /** Who of the clients reaches a port of the server, when rules have settled. */
  async function reached(wanted: readonly string[], port = 9898): Promise<void> {
    let seen = '';
    const ask = async (): Promise<boolean> => {
      const answers = await Promise.all(EVERYONE.map(async (who) => [who, await get(who, `http://${addresses['server']}:${port}/healthz`)] as const));
      seen = answers.map((pair) => pair.join(': ')).join(', ');
      // Who may not is not refused but hears nothing.
      return answers.every(([who, answer]) => answer === (wanted.includes(who) ? 'ok' : 'timed out'));
    };
    await eventually(`port ${port} is reached by ${wanted.join(', ') || 'nobody'}`, ask, 10).catch((error: Error) => assert.fail(`${error.message}${seen}`));
  }

  before(async () => {
    await cluster.up();
    const [one = '', two = ''] = await eventually('two nodes are there', async () => {
      const names = (await cluster.kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
      return names.length === 2 && names;
    });
    await apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'friends', labels: { team: 'friends' } } },
      pod('server', 'default', { app: 'server' }, one, {
        image: 'stefanprodan/podinfo',
        command: ['./podinfo', '--port=9898', '--port-metrics=9797'],
        ports: [
          { name: 'http', containerPort: 9898 },
          { name: 'metrics', containerPort: 9797 },
        ],
        readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1, failureThreshold: 1 },
      }),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'server' },
        spec: { type: 'LoadBalancer', selector: SERVER.matchLabels, ports: [{ port: 80, targetPort: 'http' }] },
      },
      client('near', 'default', { app: 'client', access: 'granted' }, one),
      client('far', 'default', { app: 'client' }, two),
      client('guest', 'friends', { app: 'client' }, two),
    );
    await cluster.kubectl('wait', '--for=condition=Ready', 'pod', '--all', '-A', '--timeout=60s');
    await locate();
    balancer = await eventually(
      'the load balancer has an address',
      async () => (await cluster.json<Service>('get', 'service', 'server')).status?.loadBalancer?.ingress?.[0]?.ip,
    );
  });
  after(async () => {
    await cluster.delete();
    assert.deepEqual(leftovers(cluster.name, cluster.dataDir), []);
  });

  const tables = (): string => execFileSync('ip', ['netns', 'exec', router, 'nft', 'list', 'tables'], { encoding: 'utf8' });

  test('without policies everyone reaches everyone, and nothing is asked of packets', async () => {
    await reached(EVERYONE);
    assert.doesNotMatch(tables(), /policies/);
  });

  test('a policy without rules shuts everyone out, but for the node and the pod itself; when it goes, all is open again', async () => {
    await under({ podSelector: SERVER }, async () => {
      await reached([]);
      assert.equal(await getFromMachine(`http://${balancer}/healthz`), 'TimeoutError');
      assert.equal(await getFromMachine(`http://${addresses['server']}:9898/healthz`), 'true');
      await cluster.kubectl('exec', 'server', '--', 'wget', '-t', '1', '-T', '2', '-qO-', `http://${addresses['server']}:9898/healthz`);
      assert.equal(await get('default/near', 'http://server.default.svc.cluster.local/healthz'), 'timed out');
      assert.equal((await cluster.json<Pod>('get', 'pod', 'server')).status?.containerStatuses?.[0]?.ready, true);
    });
    await reached(EVERYONE);
    await eventually('the table is gone', async () => !tables().includes('policies'));
  });

  test('pods with a label are let in, on the same node and by the name of the service', async () => {
    await under({ podSelector: SERVER, ingress: [{ from: [{ podSelector: { matchLabels: { access: 'granted' } } }] }] }, async () => {
      await reached(['default/near']);
      assert.equal(await get('default/near', 'http://server/healthz'), 'ok');
      await cluster.kubectl('label', 'pod', 'far', 'access=granted');
      await reached(['default/near', 'default/far']);
      await cluster.kubectl('label', 'pod', 'far', 'access-');
      await reached(['default/near']);
    });
  });

  test('a namespace is let in by its labels, and shut out when it loses them', async () => {
    await under({ podSelector: SERVER, ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: 'friends' } } }] }] }, async () => {
      await reached(['friends/guest']);
      await cluster.kubectl('label', 'namespace', 'friends', 'team-');
      await reached([]);
      await cluster.kubectl('label', 'namespace', 'friends', 'team=friends');
      await reached(['friends/guest']);
    });
  });

  test('blocks of addresses are let in but for their exceptions; who comes by the load balancer is judged by the address it comes from', async () => {
    const machine = execFileSync('ip', ['netns', 'exec', router, 'ip', '-4', 'route', 'show', 'default'], { encoding: 'utf8' }).split(' ')[2]!;
    const from = [{ ipBlock: { cidr: '10.0.0.0/8', except: [`${addresses['far']}/32`] } }];
    await under({ podSelector: SERVER, ingress: [{ from }] }, async () => {
      await reached(['default/near', 'friends/guest']);
      assert.equal(await getFromMachine(`http://${balancer}/healthz`), 'TimeoutError');
      assert.equal(await get('default/near', `http://${balancer}/healthz`), 'ok');
    });
    await under({ podSelector: SERVER, ingress: [{ from: [{ ipBlock: { cidr: `${machine}/32` } }] }] }, async () => {
      await reached([]);
      assert.equal(await getFromMachine(`http://${balancer}/healthz`), 'true');
    });
  });

  test('ports are let in by name, by number and by range', async () => {
    for (const [port, open, shut] of [
      [{ port: 'http' }, 9898, 9797],
      [{ port: 9797 }, 9797, 9898],
      [{ port: 9700, endPort: 9800 }, 9797, 9898],
    ] as const) {
      await under({ podSelector: SERVER, ingress: [{ ports: [port] }] }, async () => {
        await reached(EVERYONE, open);
        await reached([], shut);
      });
    }
  });

  test('a pod that may reach nobody does not even learn names; with the name server allowed it learns them, and may reach no more', async () => {
    await under({ podSelector: CLIENT, policyTypes: ['Egress'] }, async () => {
      await reached(['friends/guest']);
      assert.notEqual(await lookUp('default/far'), 'ok');
    });
    await under({ podSelector: CLIENT, policyTypes: ['Egress'], egress: [TO_DNS] }, async () => {
      await reached(['friends/guest']);
      assert.equal(await lookUp('default/far'), 'ok');
      assert.equal(await get('default/far', 'http://server/healthz'), 'timed out');
    });
  });

  test("egress is judged behind the service's address: by the pod and the port it leads to", async () => {
    const to = [{ podSelector: SERVER }];
    await under({ podSelector: CLIENT, policyTypes: ['Egress'], egress: [TO_DNS, { to, ports: [{ port: 80 }] }] }, async () => {
      await reached(['friends/guest']);
      assert.equal(await get('default/near', 'http://server/healthz'), 'timed out');
    });
    await under({ podSelector: CLIENT, policyTypes: ['Egress'], egress: [TO_DNS, { to, ports: [{ port: 'http' }] }] }, async () => {
      await reached(EVERYONE);
      assert.equal(await get('default/near', 'http://server/healthz'), 'ok');
      assert.equal(await get('default/near', `http://${addresses['server']}:9797/healthz`), 'timed out');
    });
  });

  test('the first packet of a new pod is judged already', async () => {
    await under({ podSelector: { matchLabels: { app: 'eager' } }, policyTypes: ['Egress'] }, async () => {
      await reached(EVERYONE);
      const script = `timeout 2 wget -qO- http://${addresses['server']}:9898/healthz && echo reached; echo done`;
      const template = {
        metadata: { labels: { app: 'eager' } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', script] }] },
      };
      await apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'eager' }, spec: { completions: 8, parallelism: 8, template } });
      await cluster.kubectl('wait', '--for=condition=complete', 'job/eager', '--timeout=60s');
      const logs = await cluster.kubectl('logs', '-l', 'app=eager', '--tail=-1');
      assert.equal(logs.match(/done/g)?.length, 8);
      assert.doesNotMatch(logs, /reached/);
      await cluster.kubectl('delete', 'job', 'eager');
    });
  });

  test('policies stay in force when the data plane or the whole cluster starts again', async () => {
    await under({ podSelector: SERVER, ingress: [{ from: [{ podSelector: { matchLabels: { access: 'granted' } } }] }] }, async () => {
      await reached(['default/near']);
      const networkProcess = (): number | undefined => {
        const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
        return lines.filter((line) => line.includes(`${cluster.dataDir}/run/network.json`)).map((line) => Number.parseInt(line, 10))[0];
      };
      const before = networkProcess()!;
      process.kill(before, 'SIGKILL');
      assert.match(tables(), /policies/);
      await reached(['default/near']);
      await eventually('another process is there', async () => networkProcess() !== undefined && networkProcess() !== before);
      await cluster.kubectl('label', 'pod', 'far', 'access=granted');
      await reached(['default/near', 'default/far']);

      assert.equal((await cluster.argosy('down')).code, 0);
      await cluster.up();
      await eventually('all pods run anew', async () =>
        (await locate()).every((pod) => isPodReady(pod) && (pod.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0),
      );
      await reached(['default/near', 'default/far']);
    });
  });
});
