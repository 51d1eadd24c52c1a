/** Agents of members in push mode, which run beside the hub: one for each such Cluster, by the credentials that its Secret holds. */
import { clusters, runAgent, type Cluster } from '../../fleet/index.ts';
import { secrets } from '../../kube/resources.ts';
import type { Secret } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { httpClient } from '../../runtime/http/client.ts';
import { discovery } from '../../runtime/http/discovery.ts';
import type { Logger } from '../../runtime/log.ts';
import { startController, watching } from '../../runtime/reconcile.ts';

interface Running {
  by: string;
  stop(): Promise<void>;
}

export function pushAgents(hub: ControllerContext, parentLog: Logger): Controller {
  const log = parentLog.child({ component: 'push-agent' });
  const members = hub.informer(clusters);
  const credentials = hub.informer(secrets);
  const running = new Map<string, Running>();

  function start(name: string, { spec }: Cluster, secret: Secret): () => Promise<void> {
    const text = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString('utf8');
    const client = httpClient({
      server: spec.apiEndpoint ?? '',
      ca: text('caBundle'),
      token: text('token'),
      userAgent: 'argosy-fleet',
      ...(spec.insecureSkipTLSVerification === true ? { insecureSkipTlsVerify: true } : {}),
    });
    const abort = new AbortController();
    const world = { clock: hub.clock, random: hub.random, log: log.child({ cluster: name }) };
    const api = discovery(client, () => hub.clock.monotonic());
    const ended = runAgent({ cluster: name, hub: { ...world, client: hub.client }, member: { ...world, client }, api }, abort.signal);
    return async () => {
      abort.abort();
      await ended;
      await client.close();
    };
  }

  const controller = startController(hub, {
    name: 'push-agents',
    workers: 1,
    watches: [
      watching(clusters, ({ metadata: { name = '' } }) => [{ name }]),
      watching(secrets, ({ metadata: { namespace, name } }) =>
        members
          .list()
          .filter(({ spec: { secretRef } }) => secretRef?.namespace === namespace && secretRef?.name === name)
          .map(({ metadata }) => ({ name: metadata.name ?? '' })),
      ),
    ],
    async reconcile({ name }) {
      const cluster = members.get({ name });
      const ref = cluster?.spec.syncMode === 'Push' ? cluster.spec.secretRef : undefined;
      const secret = ref === undefined ? undefined : credentials.get(ref);
      const by = cluster === undefined || secret === undefined ? undefined : JSON.stringify([cluster.metadata.uid, cluster.spec.apiEndpoint, secret.data]);
      const known = running.get(name);
      if (known?.by === by) return;
      await known?.stop();
      running.delete(name);
      if (by !== undefined) running.set(name, { by, stop: start(name, cluster!, secret!) });
    },
  });
  return {
    name: controller.name,
    async run(signal) {
      await controller.run(signal);
      await Promise.all([...running.values()].map(({ stop }) => stop()));
    },
  };
}
