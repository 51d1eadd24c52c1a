/** kubectl's commands about quotas, limits, jobs and revisions, before the API and the controllers; nothing runs the pods. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { realClock } from '../../src/runtime/clock.ts';
import { storedResources, workloadControllers } from '../../src/workloads/index.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();
let api: TestApi;
before(async () => {
  if (skip) return;
  api = await startTestApi({
    controllers: (ctx, { engine }) => workloadControllers(ctx, { resources: () => storedResources(engine.definitions()), ca: 'CA' }),
  });
});
after(() => api?.close());

/** Asks again until kubectl prints what is expected. */
async function prints(pattern: RegExp, ...args: string[]): Promise<string> {
  for (let tries = 0; ; tries++) {
    const { stdout, stderr } = await api.kubectlRaw(args);
    if (pattern.test(stdout)) return stdout;
    if (tries === 50) assert.match(stdout + stderr, pattern);
    await realClock.sleep(200);
  }
}

test('create and describe quota: what is used counts up, and no more is made than it allows', { skip }, async () => {
  assert.equal(await api.kubectl('create', 'namespace', 'team'), 'namespace/team created\n');
  const quota = ['create', 'quota', 'few', '--namespace=team', '--hard=count/secrets=1,pods=2,requests.cpu=1'];
  assert.equal(await api.kubectl(...quota), 'resourcequota/few created\n');
  await prints(/^count\/secrets +0 +1\npods +0 +2\nrequests.cpu +0 +1$/m, 'describe', 'quota', 'few', '-n', 'team');
  await api.kubectl('create', 'secret', 'generic', 'a', '-n', 'team');
  assert.match((await api.kubectlRaw(['create', 'secret', 'generic', 'b', '-n', 'team'])).stderr, /secrets "b" is forbidden: exceeded quota: few/);
  assert.match(await api.kubectl('get', 'quota', '-n', 'team'), /^few +count\/secrets: 1\/1, pods: 0\/2, requests.cpu: 0\/1/m);
  await api.kubectl('delete', 'secret', 'a', '-n', 'team');
  await prints(/^count\/secrets +0 +1$/m, 'describe', 'quota', 'few', '-n', 'team');
});

test('describe limits shows what containers get', { skip }, async () => {
  await api.apply(
    '{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","max":{"cpu":"1"},"default":{"cpu":"0.5"}}]}}',
  );
  assert.match(await api.kubectl('describe', 'limits', 'l'), /^Container +cpu +- +1 +500m +500m +-$/m);
  await api.kubectl('delete', 'limits', 'l');
});

test('a cron job, a job made from it by hand, and what describe says', { skip }, async () => {
  await api.kubectl('create', 'cronjob', 'tick', '--image=x', '--schedule=0 0 1 1 *', '--', 'true');
  assert.match(await api.kubectl('get', 'cronjobs'), /^tick +0 0 1 1 \* +<none> +False +0 +<none>/im);
  assert.match(
    await api.kubectl('describe', 'cronjob', 'tick'),
    /^Successful Job History Limit: +3\nFailed Job History Limit: +1\nStarting Deadline Seconds: +<unset>$/m,
  );
  await api.kubectl('create', 'job', 'now', '--from=cronjob/tick');
  await prints(/Created pod: now-/, 'describe', 'job', 'now');
  const owner = '{.metadata.annotations.cronjob\\.kubernetes\\.io/instantiate} {.metadata.ownerReferences[0].kind}';
  assert.equal(await api.kubectl('get', 'job', 'now', '-o', `jsonpath=${owner}`), 'manual CronJob');
});

test('revisions of stateful and daemon sets: history, its causes, and undo', { skip }, async () => {
  const manifest = (kind: string) =>
    `{"apiVersion":"apps/v1","kind":"${kind}","metadata":{"name":"s"},"spec":{"selector":{"matchLabels":{"a":"${kind}"}},"template":{"metadata":{"labels":{"a":"${kind}"}},"spec":{"containers":[{"name":"c","image":"x:1"}]}}}}`;
  for (const kind of ['StatefulSet', 'DaemonSet']) {
    const name = `${kind.toLowerCase()}/s`;
    await api.apply(manifest(kind));
    await prints(/^1 +<none>$/m, 'rollout', 'history', name);
    await api.kubectl('annotate', name, 'kubernetes.io/change-cause=newer');
    await api.kubectl('set', 'image', name, 'c=x:2');
    await prints(/^1 +<none>\n2 +newer$/m, 'rollout', 'history', name);
    assert.match(await api.kubectl('rollout', 'undo', name), /s rolled back/);
    await prints(/^2 +newer\n3 +<none>$/m, 'rollout', 'history', name);
    assert.match(await api.kubectl('rollout', 'history', name, '--revision=3'), /Image:\tx:1/);
    assert.equal(await api.kubectl('get', name, '-o', 'jsonpath={.spec.template.spec.containers[0].image}'), 'x:1');
  }
});

test('autoscale, and a replication controller that is scaled and exposed', { skip }, async () => {
  await api.kubectl('create', 'deployment', 'web', '--image=x');
  assert.match(await api.kubectl('autoscale', 'deployment', 'web', '--min=2', '--max=5', '--cpu-percent=60'), /web autoscaled/);
  assert.match(await api.kubectl('get', 'hpa', 'web'), /^web +Deployment\/web +cpu: <unknown>\/60% +2 +5 +0 /m);
  await api.apply(
    '{"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"rc"},"spec":{"replicas":1,"selector":{"a":"rc"},"template":{"metadata":{"labels":{"a":"rc"}},"spec":{"containers":[{"name":"c","image":"x","ports":[{"containerPort":80}]}]}}}}',
  );
  await prints(/^rc +1 +1 +0 /m, 'get', 'rc', 'rc');
  assert.match(await api.kubectl('scale', 'rc', 'rc', '--replicas=2'), /rc scaled/);
  await prints(/^rc +2 +2 +0 /m, 'get', 'rc', 'rc');
  assert.match(await api.kubectl('expose', 'rc', 'rc', '--port=80'), /rc exposed/);
  assert.equal(await api.kubectl('get', 'service', 'rc', '-o', 'jsonpath={.spec.selector}'), '{"a":"rc"}');
});
