/** @kubernetes/client-node on a whole cluster: informers that outlive the server's restart, server-side apply, logs, exec and copies. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import {
  AppsV1Api,
  CoreV1Api,
  Cp,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  makeInformer,
  Metrics,
  PatchStrategy,
  topPods,
  type KubernetesObject,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { eventually } from '../../e2e/cluster.ts';
import type { Part } from './part.ts';

const APP = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'script', namespace: 'default' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'script' } },
    template: {
      metadata: { labels: { app: 'script' } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'main', image: 'busybox', command: ['sh', '-c', 'i=0; while sleep 0.2; do i=$((i+1)); echo line $i; done'] }],
      },
    },
  },
};

export const javascript: Part = {
  name: '@kubernetes/client-node',
  tools: [],
  async run({ cluster, holds }) {
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    const core = config.makeApiClient(CoreV1Api);
    const namespace = 'default';
    const write = (name: string, value: string): Promise<V1ConfigMap> =>
      core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { by: 'script' } }, data: { value } } });

    await holds('an informer holds what is there, and hears of what is made, changed and deleted', async () => {
      await write('first', '1');
      const heard: string[] = [];
      const list = () => core.listNamespacedConfigMap({ namespace, labelSelector: 'by=script' });
      const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list, 'by=script');
      for (const verb of ['add', 'update', 'delete'] as const) informer.on(verb, (object) => heard.push(`${verb} ${object.metadata?.name}`));
      // What the client's documentation tells users to do.
      informer.on('error', () => void setTimeout(() => void informer.start(), 100));
      await informer.start();
      try {
        assert.equal(informer.get('first', namespace)?.data?.['value'], '1');
        await write('second', '2');
        await eventually('the new one is heard of', async () => heard.includes('add second'), 10);
        await core.patchNamespacedConfigMap({ namespace, name: 'first', body: [{ op: 'replace', path: '/data/value', value: 'changed' }] });
        await eventually(
          'the change is heard of',
          async () => heard.includes('update first') && informer.get('first', namespace)?.data?.['value'] === 'changed',
          10,
        );

        await cluster.argosy('down');
        await cluster.up();
        await eventually('the server is back', () => write('third', '3'), 30);
        await core.deleteNamespacedConfigMap({ namespace, name: 'second' });
        await eventually('after a restart the watch goes on', async () => heard.includes('add third') && heard.includes('delete second'), 30);
        assert.deepEqual(
          informer
            .list()
            .map(({ metadata }) => metadata?.name)
            .toSorted(),
          ['first', 'third'],
        );
      } finally {
        await informer.stop();
      }
    });
    await holds('server-side apply, with a conflict that tells whose the field is', async () => {
      const objects = KubernetesObjectApi.makeApiClient(config);
      const apply = (object: KubernetesObject, by: string, force?: boolean): Promise<KubernetesObject> =>
        objects.patch(object, undefined, undefined, by, force, PatchStrategy.ServerSideApply);
      await apply(APP, 'script');
      const more = { apiVersion: APP.apiVersion, kind: APP.kind, metadata: APP.metadata, spec: { replicas: 2 } } as KubernetesObject;
      await assert.rejects(apply(more, 'other'), /409[^]*conflict with [\\"]+script[\\"]+: \.spec\.replicas/);
      await apply(more, 'other', true);
      const { spec } = await config.makeApiClient(AppsV1Api).readNamespacedDeployment({ namespace, name: 'script' });
      assert.equal(spec?.replicas, 2);
      await cluster.kubectl('rollout', 'status', 'deployment/script', '--timeout=60s');
    });
    await holds('files are copied both ways, and pods have their usage', async () => {
      const [pod] = (await core.listNamespacedPod({ namespace, labelSelector: 'app=script' })).items;
      const name = pod?.metadata?.name ?? '';
      const dir = mkdtempSync(join(tmpdir(), 'argosy-client-'));
      try {
        writeFileSync(join(dir, 'there'), 'and back');
        await new Cp(config).cpToPod(namespace, name, 'main', dir, '/tmp');
        await eventually('the file is there', async () => (await cluster.kubectl('exec', name, '--', 'cat', '/tmp/there')) === 'and back', 10);
        rmSync(join(dir, 'there'));
        await new Cp(config).cpFromPod(namespace, name, 'main', 'there', dir, '/tmp');
        await eventually('the file is back', async () => readFileSync(join(dir, 'there'), 'utf8') === 'and back', 10);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
      await eventually(
        'it is measured',
        async () => (await topPods(core, new Metrics(config), namespace)).some((row) => Number(row.Memory.CurrentUsage) > 0),
        60,
      );
    });
    await holds('logs are followed until the container ends', async () => {
      const [pod] = (await core.listNamespacedPod({ namespace, labelSelector: 'app=script' })).items;
      let text = '';
      let ended = false;
      const stream = new PassThrough().on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => (ended = true));
      await new Log(config).log(namespace, pod?.metadata?.name ?? '', 'main', stream, { follow: true, tailLines: 1 });
      await eventually('new lines come', async () => text.split('\n').length > 3, 10);
      await cluster.kubectl('delete', 'deployment', 'script');
      await eventually('it ends', async () => ended, 30);
    });
    await cluster.kubectlRaw(['delete', 'deployment,configmap', '-l', 'by=script', '--ignore-not-found']);
    await cluster.kubectlRaw(['delete', 'deployment', 'script', '--ignore-not-found']);
  },
};
