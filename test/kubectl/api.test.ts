import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { startTestApi, whyNot, type TestApi } from './api.ts';

const skip = whyNot();
let api: TestApi;
before(async () => {
  if (!skip) api = await startTestApi();
});
after(() => api?.close());

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "nginx:1.25", ports: [{containerPort: 80}], resources: {requests: {cpu: 100m, memory: 1G}}}
`;

test('version, cluster-info and health answer', { skip }, async () => {
  assert.match(await api.kubectl('version'), /Server Version: v1\.37\.\d+/);
  assert.match(await api.kubectl('cluster-info'), /control plane.* is running at/);
  assert.equal(await api.kubectl('get', '--raw', '/readyz'), 'ok');
  assert.match(await api.kubectl('get', '--raw', '/livez?verbose'), /\[\+\]ping ok\n(.|\n)*livez check passed/);
});

test('api-resources and api-versions show the table of resources', { skip }, async () => {
  const resources = await api.kubectl('api-resources', '--no-headers');
  assert.match(resources, /^deployments +deploy +apps\/v1 +true +Deployment$/m);
  assert.match(resources, /^nodes +no +v1 +false +Node$/m);
  assert.match(await api.kubectl('api-resources', '--categories=all', '-o', 'name'), /^pods$/m);
  assert.match(await api.kubectl('api-versions'), /^batch\/v1$/m);
});

test('apply creates, leaves alone, configures; diff shows what would change', { skip }, async () => {
  assert.equal(await api.apply(DEPLOYMENT), 'deployment.apps/web created\n');
  assert.equal(await api.apply(DEPLOYMENT), 'deployment.apps/web unchanged\n');
  const three = DEPLOYMENT.replace('replicas: 2', 'replicas: 3');
  const diff = await api.kubectlRaw(['diff', '-f', '-'], three);
  assert.equal(diff.code, 1);
  assert.match(diff.stdout, /-\s+replicas: 2\n\+\s+replicas: 3/);
  assert.equal(await api.apply(three), 'deployment.apps/web configured\n');
});

test('get prints tables, wide, yaml, json, jsonpath and names', { skip }, async () => {
  await api.apply(DEPLOYMENT.replaceAll('web', 'shown'));
  assert.match(await api.kubectl('get', 'deploy', 'shown'), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nshown +0\/2 +0 +0 +\d+s\n$/);
  assert.match(await api.kubectl('get', 'deploy', 'shown', '-o', 'wide'), /CONTAINERS +IMAGES +SELECTOR\n.*nginx:1\.25 +app=shown/);
  assert.match(await api.kubectl('get', 'deploy', 'shown', '-o', 'yaml'), /^apiVersion: apps\/v1\nkind: Deployment\n/);
  assert.equal(await api.kubectl('get', 'deploy', 'shown', '-o', 'jsonpath={.spec.replicas}'), '2');
  assert.equal(await api.kubectl('get', 'deploy', '-l', 'app=shown', '-o', 'name'), 'deployment.apps/shown\n');
  assert.match(await api.kubectl('get', 'ns', '--field-selector', 'metadata.name=default'), /^NAME.*\ndefault +Active/);
  assert.match(await api.kubectl('get', 'svc', '-A', '--sort-by=.metadata.name'), /default +kubernetes +ClusterIP/);
});

test('get -w shows changes as they come', { skip }, async () => {
  const watch = api.start('get', 'configmaps', '-w', '--no-headers');
  let seen = '';
  watch.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  const until = async (text: RegExp): Promise<void> => {
    while (!text.test(seen)) await once(watch.stdout, 'data');
  };
  watch.stderr.resume();
  while (!(await api.kubectl('get', '--raw', '/metrics')).includes('apiserver_longrunning_requests 1')) await new Promise(setImmediate);
  await api.kubectl('create', 'configmap', 'seen', '--from-literal=a=b');
  await until(/seen +1 /);
  await api.kubectl('patch', 'configmap', 'seen', '-p', '{"data":{"c":"d"}}');
  await until(/seen +2 /);
  watch.kill();
});

test('typed create commands, which send protobuf', { skip }, async () => {
  await api.kubectl('create', 'namespace', 'typed');
  await api.kubectl('create', 'secret', 'generic', 'password', '--from-literal=p=secret', '-n', 'typed');
  assert.equal(Buffer.from(await api.kubectl('get', 'secret', 'password', '-n', 'typed', '-o', 'jsonpath={.data.p}'), 'base64').toString(), 'secret');
  await api.kubectl('create', 'job', 'once', '--image=busybox', '-n', 'typed', '--', 'echo', 'hi');
  assert.equal(await api.kubectl('get', 'job', 'once', '-n', 'typed', '-o', 'jsonpath={.spec.template.spec.containers[0].command}'), '["echo","hi"]');
  await api.kubectl('create', 'deployment', 'typed', '--image=nginx', '--replicas=3', '-n', 'typed');
  assert.equal(await api.kubectl('get', 'deploy', 'typed', '-n', 'typed', '-o', 'jsonpath={.spec.replicas}'), '3');
  await api.kubectl('create', 'quota', 'q', '--hard=pods=3', '-n', 'typed');
  await api.kubectl('create', 'priorityclass', 'high', '--value=1000');
  await api.kubectl('create', 'pdb', 'p', '--selector=app=x', '--min-available=1', '-n', 'typed');
  await api.kubectl('autoscale', 'deployment', 'typed', '--max=5', '-n', 'typed');
  assert.match(
    await api.kubectl('get', 'all', '-n', 'typed'),
    /job\.batch\/once(.|\n)*horizontalpodautoscaler\.autoscaling\/typed|horizontalpodautoscaler(.|\n)*job/,
  );
});

test('scale, set image, restart, label, annotate and patch change a deployment', { skip }, async () => {
  await api.apply(DEPLOYMENT.replaceAll('web', 'changed'));
  await api.kubectl('scale', 'deploy', 'changed', '--replicas=5');
  await api.kubectl('set', 'image', 'deploy/changed', 'changed=nginx:1.26');
  await api.kubectl('rollout', 'restart', 'deploy/changed');
  await api.kubectl('label', 'deploy', 'changed', 'tier=front');
  await api.kubectl('annotate', 'deploy', 'changed', 'note=x');
  await api.kubectl('patch', 'deploy', 'changed', '--type=json', '-p', '[{"op":"add","path":"/spec/minReadySeconds","value":4}]');
  await api.kubectl('patch', 'deploy', 'changed', '--type=merge', '-p', '{"spec":{"revisionHistoryLimit":2}}');
  const paths = [
    '.spec.replicas',
    '.spec.template.spec.containers[0].image',
    '.metadata.labels.tier',
    '.spec.minReadySeconds',
    '.spec.revisionHistoryLimit',
    '.spec.template.spec.containers[0].ports[0].containerPort',
  ];
  assert.equal(await api.kubectl('get', 'deploy', 'changed', '-o', `jsonpath=${paths.map((path) => `{${path}}`).join(' ')}`), '5 nginx:1.26 front 4 2 80');
  assert.match(await api.kubectl('get', 'deploy', 'changed', '-o', 'yaml'), /restartedAt/);
  assert.match(await api.kubectl('get', 'deploy', 'changed', '--subresource=scale'), /DESIRED/);
});

test('edit sends what the editor wrote', { skip }, async () => {
  await api.kubectl('create', 'configmap', 'edited', '--from-literal=colour=red');
  const editor = join(api.dir, 'editor.sh');
  writeFileSync(editor, '#!/bin/sh\nsed -i s/red/blue/ "$1"\n', { mode: 0o755 });
  process.env['KUBE_EDITOR'] = editor;
  await api.kubectl('edit', 'configmap', 'edited');
  assert.equal(await api.kubectl('get', 'cm', 'edited', '-o', 'jsonpath={.data.colour}'), 'blue');
});

test('describe and explain', { skip }, async () => {
  await api.apply(DEPLOYMENT.replaceAll('web', 'described'));
  assert.match(await api.kubectl('describe', 'deploy', 'described'), /Name: +described\n(.|\n)*Image: +nginx:1\.25/);
  assert.match(await api.kubectl('explain', 'deployment.spec.template.spec.containers.image'), /FIELD: image <string>/);
  assert.match(await api.kubectl('explain', 'pod', '--recursive'), /tolerationSeconds/);
});

test('wait sees a condition come', { skip }, async () => {
  await api.kubectl('run', 'waited', '--image=nginx');
  const waiting = api.kubectl('wait', '--for=condition=Ready', 'pod/waited', '--timeout=20s');
  const pod = await api.client.get(pods, { name: 'waited', namespace: 'default' });
  await api.client.update(pods, { ...pod, status: { ...pod.status, conditions: [{ type: 'Ready', status: 'True' }] } } as Pod, { subresource: 'status' });
  assert.match(await waiting, /condition met/);
});

test('delete waits until the object is gone', { skip }, async () => {
  await api.kubectl('create', 'configmap', 'gone', '--from-literal=a=b');
  // Newer versions of kubectl also name the namespace.
  assert.match(await api.kubectl('delete', 'configmap', 'gone'), /^configmap "gone" deleted/);
  assert.match((await api.kubectlRaw(['get', 'configmap', 'gone'])).stderr, /^Error from server \(NotFound\): configmaps "gone" not found/);
  assert.match(await api.kubectl('delete', 'configmap', 'gone', '--ignore-not-found'), /^$/);
  await api.kubectl('create', 'configmap', 'many-1');
  await api.kubectl('create', 'configmap', 'many-2');
  assert.match(await api.kubectl('delete', 'configmap', '--all'), /many-1(.|\n)*many-2/);
});

test('cordon, taint and label nodes', { skip }, async () => {
  await api.apply('apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n');
  await api.kubectl('cordon', 'n1');
  assert.match(await api.kubectl('get', 'nodes'), /n1 +\S*SchedulingDisabled/);
  await api.kubectl('taint', 'node', 'n1', 'a=b:NoSchedule');
  assert.match(await api.kubectl('describe', 'node', 'n1'), /a=b:NoSchedule/);
  await api.kubectl('taint', 'node', 'n1', 'a-');
  await api.kubectl('uncordon', 'n1');
  await api.kubectl('drain', 'n1', '--ignore-daemonsets');
});

test('bad manifests get what a real cluster says', { skip }, async () => {
  const unknown = await api.kubectlRaw(['create', '-f', '-'], DEPLOYMENT.replace('replicas', 'replikas'));
  assert.match(unknown.stderr, /strict decoding error: unknown field "spec\.replikas"/);
  const warned = await api.kubectlRaw(['apply', '--validate=warn', '-f', '-'], 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: warned}\ndatum: {}\n');
  assert.match(warned.stderr, /Warning: unknown field "datum"/);
  assert.match((await api.kubectlRaw(['get', 'nosuch'])).stderr, /the server doesn't have a resource type "nosuch"/);
  assert.match((await api.kubectlRaw(['create', 'configmap', 'Bad_Name'])).stderr, /metadata\.name: Invalid value: "Bad_Name"/);
});

test('tokens, whoami and can-i', { skip }, async () => {
  assert.match(await api.kubectl('auth', 'whoami'), /kubernetes-admin/);
  assert.equal(await api.kubectl('auth', 'can-i', 'create', 'pods'), 'yes\n');
  assert.match(await api.kubectl('auth', 'whoami', '--as=jane', '--as-group=dev'), /jane(.|\n)*\[dev system:authenticated\]/);
  const token = (await api.kubectl('create', 'token', 'default', '--duration=1h')).trim();
  assert.match(await api.kubectl('get', '--raw', '/openid/v1/jwks'), /"crv":"P-256"/);
  const other = await api.kubectlRaw(['--token', token, '--client-certificate=', '--client-key=', 'auth', 'whoami']);
  assert.equal(other.code, 0);
});

test('server-side dry run changes nothing', { skip }, async () => {
  assert.match(await api.kubectl('create', 'configmap', 'dry', '--dry-run=server'), /created \(server dry run\)/);
  assert.equal((await api.kubectlRaw(['get', 'configmap', 'dry'])).code, 1);
});

test('events can be listed for an object', { skip }, async () => {
  await api.apply(DEPLOYMENT);
  const uid = await api.kubectl('get', 'deploy', 'web', '-o', 'jsonpath={.metadata.uid}');
  await api.client.create({ group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true }, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'web.1', namespace: 'default' },
    reason: 'Tested',
    message: 'it was tested',
    type: 'Normal',
    involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'default', uid },
    count: 1,
    firstTimestamp: new Date().toISOString(),
    lastTimestamp: new Date().toISOString(),
  } as never);
  assert.match(await api.kubectl('get', 'events'), /Normal +Tested +deployment\/web +it was tested/);
  assert.match(await api.kubectl('events', '--for', 'deployment/web'), /it was tested/);
  assert.match(await api.kubectl('describe', 'deploy', 'web'), /Tested/);
});

test('a list of objects is checked by what kubectl reads in OpenAPI v2, and applied', { skip }, async () => {
  const list = (...items: object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'listed' }, data: { a: 'b' } };
  assert.equal(await api.apply(list(settings, { ...settings, metadata: { name: 'listed-too' } })), 'configmap/listed created\nconfigmap/listed-too created\n');
  const { stderr } = await api.kubectlRaw(['apply', '-f', '-'], list({ ...settings, dta: {} }));
  assert.match(stderr, /ValidationError\(ConfigMap\): unknown field "dta" in io\.k8s\.api\.core\.v1\.ConfigMap/);
  const document = JSON.parse(await api.kubectl('get', '--raw', '/openapi/v2')) as { swagger: string; definitions: Record<string, unknown> };
  assert.equal(document.swagger, '2.0');
  assert.ok(document.definitions['io.k8s.api.apps.v1.Deployment'] !== undefined);
});
