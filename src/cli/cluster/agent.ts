/** The fleet's agent of this cluster: it runs while the cluster has a Secret that says where its hub is. */
import { newRequest } from '../../apiserver/pki/request.ts';
import { inProcessClient, type ApiEngine } from '../../apiserver/index.ts';
import { accessData, askForCertificate, credentialStep, HUB_SECRET, readAccess, runAgent, type HubAccess } from '../../fleet/index.ts';
import { secrets } from '../../kube/resources.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { httpClient } from '../../runtime/http/client.ts';
import type { Logger } from '../../runtime/log.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { FLEET_AGENT } from './identities.ts';
import { memberApi } from './member-api.ts';

const TRY_AGAIN_MS = 5_000;

interface AgentParts {
  base: ControllerContext;
  engine: ApiEngine;
  log: Logger;
}

export function agentController({ base, engine, log: parentLog }: AgentParts): Controller {
  const log = parentLog.child({ component: 'agent' });
  const view = base.informer(secrets);
  const client = inProcessClient(engine, FLEET_AGENT);
  /** Aborts with the process; set when it runs. */
  let ending = AbortSignal.abort();
  /** The agent that runs, and by what access. */
  let running: { by: string; stop(): Promise<void> } | undefined;

  const connect = (access: HubAccess, withToken: boolean): ReturnType<typeof httpClient> =>
    httpClient({
      server: access.server,
      ca: access.ca,
      userAgent: 'argosy-agent',
      ...(withToken ? { token: access.token ?? '' } : { cert: access.cert ?? '', key: access.key ?? '' }),
    });

  async function store(access: HubAccess, signal: AbortSignal, withToken: boolean): Promise<void> {
    const hub = connect(access, withToken);
    try {
      const { cert, key } = await askForCertificate(access.cluster, { hub, clock: base.clock, random: base.random, newRequest }, signal);
      const { token: _, ...rest } = access;
      await client.patch(secrets, HUB_SECRET, { data: { token: null, ...accessData({ ...rest, cert, key }) } }, { type: 'merge' });
      log.info('the hub gave a certificate', { cluster: access.cluster, hub: access.server });
    } finally {
      await hub.close();
    }
  }

  function start(access: HubAccess): { by: string; stop(): Promise<void> } {
    const hub = connect(access, false);
    const abort = new AbortController();
    const world = { clock: base.clock, random: base.random, log };
    const ended = runAgent({ cluster: access.cluster, hub: { ...world, client: hub }, member: { ...world, client }, api: memberApi(engine) }, abort.signal);
    log.info('working for the hub', { cluster: access.cluster, hub: access.server });
    return {
      by: JSON.stringify(access),
      async stop() {
        abort.abort();
        await ended;
        await hub.close();
      },
    };
  }

  const controller = startController(base, {
    name: 'fleet-agent',
    workers: 1,
    watches: [watching(secrets, ({ metadata: { namespace, name } }) => (namespace === HUB_SECRET.namespace && name === HUB_SECRET.name ? [HUB_SECRET] : []))],
    async reconcile() {
      const access = readAccess(view.get(HUB_SECRET));
      if (access === undefined || JSON.stringify(access) !== running?.by) {
        await running?.stop();
        running = undefined;
      }
      if (access === undefined) return;
      const step = credentialStep(access, base.clock.now());
      if (step.do === 'nothing') {
        log.warn('the hub cannot be reached', { cluster: access.cluster, why: step.why });
        return;
      }
      if (step.do === 'use') {
        running ??= start(access);
        return { requeueAfterMs: Math.min(step.forMs, 2 ** 31 - 1) };
      }
      try {
        await store(access, ending, step.do === 'ask with token');
      } catch (error) {
        // While the certificate is still good the agent goes on with it.
        if (step.do === 'renew') running ??= start(access);
        log.warn('the hub gave no certificate, trying again', { cluster: access.cluster, hub: access.server, error: String(error) });
        return { requeueAfterMs: TRY_AGAIN_MS };
      }
    },
  });
  return {
    name: controller.name,
    async run(signal) {
      ending = signal;
      await controller.run(signal);
      await running?.stop();
    },
  };
}
