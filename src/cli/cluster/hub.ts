/** A fleet's hub, from its configuration to running: an API, the fleet's controllers, and no nodes. */
import { mkdirSync } from 'node:fs';
import { aggregationController } from '../../apiserver/aggregation/controller.ts';
import { secretTokens } from '../../apiserver/authn/index.ts';
import { customResourceController } from '../../apiserver/crd/controller.ts';
import { policyStatusController } from '../../apiserver/policies/status.ts';
import { certificateSigner, ensurePki } from '../../apiserver/pki/index.ts';
import { clusters, ensureHub, hubControllers } from '../../fleet/index.ts';
import { runControllers } from '../../runtime/context.ts';
import { certificateControllers, clusterRoleController, hubWorkloadControllers } from '../../workloads/index.ts';
import { serveControl } from '../control.ts';
import { clusterAddresses } from '../../network/addresses.ts';
import { LOCALHOST, openFoundation, stopping, type AssembleOptions, type RunningCluster } from './foundation.ts';
import { actingAs, CERTIFICATES, FLEET, ROLE_AGGREGATOR } from './identities.ts';
import { pushAgents } from './push-agents.ts';
import { storedKinds } from './stored-kinds.ts';

/** Resolves when the API answers and the fleet's controllers run. What was started is stopped again when it fails. */
export async function assembleHub({ config, paths, log, progress, stop }: AssembleOptions): Promise<RunningCluster> {
  const { undo, stopAll } = stopping(log);
  try {
    mkdirSync(paths.run, { recursive: true, mode: 0o700 });
    const { serviceCidr, apiService } = clusterAddresses(config.number);
    const pki = ensurePki(paths.pki, { ips: [LOCALHOST, apiService] });
    const foundation = await openFoundation({ config, paths, log }, { pki, undo, kinds: ['manifests/kinds', 'manifests/fleet'], engine: { serviceCidr } });
    const { engine, within, base, kinds } = foundation;
    const fleet = actingAs(FLEET, base, within);
    await ensureHub(fleet.client);
    progress('store opened');
    const server = await foundation.listen({ kubeletOf: () => undefined });
    progress(`API answers on https://${LOCALHOST}:${server.port}`);
    const controllers = [
      customResourceController(base, engine),
      policyStatusController(base, () => engine.definitions()),
      aggregationController(base, engine, (service) => server.aggregator.probe(service)),
      ...hubWorkloadControllers(base, { resources: storedKinds(engine), ca: pki.ca, secretToken: secretTokens(pki.serviceAccountKey) }),
      ...certificateControllers(actingAs(CERTIFICATES, base, within), certificateSigner({ cert: pki.ca, key: pki.caKey })),
      clusterRoleController(actingAs(ROLE_AGGREGATOR, base, within)),
      ...hubControllers(fleet, kinds),
      pushAgents(fleet, log),
    ];
    const running = new AbortController();
    const members = base.informer(clusters).synced(running.signal);
    const ended = runControllers(base, controllers, running.signal);
    undo.push(() => {
      running.abort();
      return ended;
    });
    await members;
    const control = await serveControl(paths.controlSocket, {
      status: () => ({ pid: process.pid, dataDir: paths.dataDir, startedAt: foundation.startedAt, nodes: [], pods: 0, memoryBytes: process.memoryUsage.rss() }),
      stop,
      snapshot: (path) => engine.snapshot(path),
    });
    undo.push(() => control.close());
    return { stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}
