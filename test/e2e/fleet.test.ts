/** A fleet on one machine: the real command line, real kubectl, real containers. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT, whyNot } from './cluster.ts';

const run = promisify(execFile);
const home = mkdtempSync(join(tmpdir(), 'argosy-fleet-'));
const NAME = `fleet-${home
  .slice(-6)
  .toLowerCase()
  .replaceAll(/[^a-z0-9]/g, 'x')}`;
const env = { ...process.env, ARGOSY_HOME: home, KUBECONFIG: join(home, NAME, 'kubeconfig'), KUBECACHEDIR: join(home, 'cache') };

async function argosy(...args: string[]): Promise<string> {
  const { stdout } = await run(join(ROOT, 'bin/argosy'), args, { env, timeout: 120_000 });
  return stdout;
}

async function kubectl(context: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('kubectl', ['--context', context, ...args], { env, timeout: 60_000 });
  return stdout;
}

async function apply(context: string, manifest: string): Promise<void> {
  const child = run('kubectl', ['--context', context, 'apply', '-f', '-'], { env, timeout: 60_000 });
  child.child.stdin?.end(manifest);
  await child;
}

async function until(what: string, condition: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`not reached in ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const HELLO = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: hello}
spec:
  replicas: 3
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec:
      containers:
      - {name: hello, image: stefanprodan/podinfo}
---
apiVersion: v1
kind: Service
metadata: {name: hello}
spec:
  ports: [{port: 5000, targetPort: 9898}]
  selector: {app: hello}
`;

function policy(weights: Record<string, number>): string {
  const list = Object.entries(weights).map(([name, weight]) => `        - {targetCluster: {clusterNames: [${name}]}, weight: ${weight}}`);
  return `
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: hello-propagation}
spec:
  resourceSelectors:
  - {apiVersion: apps/v1, kind: Deployment, name: hello}
  - {apiVersion: v1, kind: Service, name: hello}
  placement:
    clusterAffinity: {clusterNames: [eu, ap, us]}
    replicaScheduling:
      replicaDivisionPreference: Weighted
      replicaSchedulingType: Divided
      weightPreference:
        staticWeightList:
${list.join('\n')}
`;
}

const ready = (context: string): Promise<string> => kubectl(context, 'get', 'deployment', 'hello', '-o', 'jsonpath={.status.readyReplicas}/{.spec.replicas}');
const pods = async (context: string): Promise<string[]> =>
  (await kubectl(context, 'get', 'pods', '-l', 'app=hello', '-o', 'jsonpath={.items[*].metadata.uid}')).split(' ');

describe('a fleet', { skip: whyNot(), timeout: 300_000 }, () => {
  before(async () => {
    await argosy('up', '--fleet', '--name', NAME, '--boot-delay', '1s');
  });
  after(async () => {
    await argosy('delete', '--name', NAME);
    rmSync(home, { recursive: true, force: true });
  });

  test('is made by one command, with a context for each cluster and three ready members', async () => {
    const table = await kubectl('hub', 'get', 'clusters');
    assert.match(table, /^NAME +VERSION +MODE +READY +AGE\nap +v\S+ +Pull +True +\d+s\neu +v\S+ +Pull +True +\d+s\nus +v\S+ +Pull +True +\d+s\n$/);
    assert.match(
      await kubectl('hub', 'get', 'clusters', '-o', 'wide'),
      /^NAME +VERSION +MODE +READY +AGE +ZONES +REGION +PROVIDER +APIENDPOINT +PROXY-URL\nap .*ap-south +local +https:/,
    );
    for (const member of ['eu', 'ap', 'us']) assert.match(await kubectl(member, 'get', 'nodes'), /Ready/);
  });

  test('runs nothing without a policy, and divides replicas as the policy says', async () => {
    await apply('hub', HELLO);
    await until('the event', async () =>
      /ApplyPolicyFailed +\S+ +resource-detector +No policy match for resource/.test(await kubectl('hub', 'describe', 'deployment', 'hello')),
    );
    assert.match(await kubectl('hub', 'get', 'deployment', 'hello'), /hello +0\/3 +0 +0/);
    await apply('hub', policy({ us: 1, ap: 1, eu: 1 }));
    await until('3/3', async () => (await ready('hub')) === '3/3');
    const first = (await Promise.all(['eu', 'ap', 'us'].map(pods))).map((uids) => (assert.equal(uids.length, 1), uids[0]));
    await kubectl('hub', 'scale', 'deployment', 'hello', '--replicas', '10');
    await until('10/10', async () => (await ready('hub')) === '10/10');
    const ten = await Promise.all(['eu', 'ap', 'us'].map(pods));
    assert.deepEqual(ten.map(({ length }) => length).sort(), [3, 3, 4]);
    for (const uid of first) assert.ok(ten.flat().includes(uid!));
    await apply('hub', policy({ us: 2, ap: 1, eu: 2 }));
    await until('4, 2, 4', async () => (await Promise.all(['eu', 'ap', 'us'].map(ready))).join(' ') === '4/4 2/2 4/4');
    assert.match(
      await kubectl('hub', 'describe', 'service', 'hello'),
      /SyncSucceed .*execution-controller +Successfully applied resource\(default\/hello\) to cluster ap/,
    );
  });

  test('explains why it runs where it runs, and what a change would move, without moving it', async () => {
    const before = await kubectl('hub', 'get', 'resourcebinding', 'hello-deployment', '-o', 'jsonpath={.spec.clusters}{.metadata.generation}');
    const text = await argosy('why', 'deployment/hello', '--if', 'weight us=3', '--without', 'ap');
    assert.match(text, /\* +PropagationPolicy default\/hello-propagation +claims it, by its name/);
    assert.match(text, /ap +1 +2\.00 +2\n +eu +2 +4\.00 +4\n +us +2 +4\.00 +4/);
    assert.match(text, /ap +2 +- +-2\n +eu +4 +4\s*\n +us +4 +6 +\+2\n +2 replicas would move/);
    assert.match(text, /Nothing is in its way\./);
    assert.equal(await kubectl('hub', 'get', 'resourcebinding', 'hello-deployment', '-o', 'jsonpath={.spec.clusters}{.metadata.generation}'), before);
    await kubectl('hub', 'create', 'deployment', 'other', '--image=stefanprodan/podinfo');
    assert.match(await argosy('why', 'deploy/other'), /resourceSelectors\[0\] selects the name hello.*\n[^]*no policy selects it/);
    await kubectl('hub', 'delete', 'deployment', 'other');
  });

  test('refuses a bad policy with the field named', async () => {
    const refused = async (change: (text: string) => string): Promise<string> => {
      const error = await apply('hub', change(policy({ us: 1 }))).then(
        () => '',
        (failed: { stderr: string }) => failed.stderr,
      );
      return error;
    };
    assert.match(await refused((text) => text.replace('weight: 1', 'weight: 0')), /staticWeightList\[0\]\.weight: Invalid value: 0/);
    assert.match(
      await refused((text) => text.replace(/ {2}resourceSelectors:\n.*\n.*\n/, '  resourceSelectors: []\n')),
      /spec\.resourceSelectors: Invalid value/,
    );
    assert.match(
      await refused((text) => text.replace('    replicaScheduling:', '    clusterAffinities: [{affinityName: a}]\n    replicaScheduling:')),
      /clusterAffinities cannot co-exist with clusterAffinity/,
    );
  });

  test('goes on without its hub, and takes nothing away when the hub is back', async () => {
    const before = (await Promise.all(['eu', 'ap', 'us'].map(pods))).flat().sort();
    const [hub] = JSON.parse(await argosy('status', '--name', NAME, '-o', 'json')) as { pid: number }[];
    process.kill(hub!.pid, 'SIGKILL');
    await until('the hub is gone', async () => !alive(hub!.pid));
    assert.deepEqual((await Promise.all(['eu', 'ap', 'us'].map(pods))).flat().sort(), before);
    await argosy('up', '--fleet', '--name', NAME);
    await until('10/10', async () => (await ready('hub')) === '10/10');
    await kubectl('hub', 'scale', 'deployment', 'hello', '--replicas', '9');
    await until('9/9', async () => (await ready('hub')) === '9/9');
    const now = (await Promise.all(['eu', 'ap', 'us'].map(pods))).flat();
    assert.deepEqual(
      now.filter((uid) => !before.includes(uid)),
      [],
    );
  });

  test('catches up with a member that was killed and came back, and doubles nothing', async () => {
    const eu = (JSON.parse(await argosy('status', '--name', NAME, '-o', 'json')) as { name: string; pid: number }[]).find(({ name }) => name.endsWith('-eu'));
    process.kill(eu!.pid, 'SIGKILL');
    await until('the member is gone', async () => !alive(eu!.pid));
    await kubectl('hub', 'scale', 'deployment', 'hello', '--replicas', '15');
    await until('others have theirs', async () => (await Promise.all(['ap', 'us'].map(ready))).join(' ') === '3/3 6/6');
    await argosy('up', '--fleet', '--name', NAME);
    await until('15/15', async () => (await ready('hub')) === '15/15');
    assert.deepEqual(await Promise.all(['eu', 'ap', 'us'].map(ready)), ['6/6', '3/3', '6/6']);
  });

  test('a member that leaves has what it had before, and joining twice does no harm', async () => {
    await kubectl('ap', 'create', 'configmap', 'own', '--from-literal=a=b');
    assert.match(await argosy('join', 'ap', '--cluster', `${NAME}-ap`), /was a member already/);
    assert.match(await argosy('leave', 'ap', '--cluster', `${NAME}-ap`), /'ap' has left the fleet/);
    assert.equal(
      await kubectl('ap', 'get', 'deployments,services,configmaps', '-o', 'name'),
      'service/kubernetes\nconfigmap/kube-root-ca.crt\nconfigmap/own\n',
    );
    assert.equal((await kubectl('ap', 'get', 'namespaces', '-o', 'name')).includes('argosy-system'), false);
    await until('the others have all', async () => (await ready('hub')) === '15/15');
    assert.match(await argosy('join', 'ap', '--push', '--cluster', `${NAME}-ap`), /is now a member/);
    assert.match(await kubectl('hub', 'get', 'cluster', 'ap'), /Push +True/);
  });
});

function alive(pid: number): boolean {
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)])
      .toString()
      .startsWith('Z');
  } catch {
    return false;
  }
}
