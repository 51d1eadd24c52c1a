/** A cluster with nodes, from its configuration to running: where all rooms meet. */
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { aggregationController } from '../../apiserver/aggregation/controller.ts';
import { secretTokens } from '../../apiserver/authn/index.ts';
import { customResourceController } from '../../apiserver/crd/controller.ts';
import { policyStatusController } from '../../apiserver/policies/status.ts';
import { inProcessClient } from '../../apiserver/index.ts';
import { certificateSigner, ensurePki } from '../../apiserver/pki/index.ts';
import { localCloud } from '../../cloud/local/index.ts';
import { nodes as nodesResource } from '../../kube/resources.ts';
import { clusterAddresses, openPodNetwork, startDataPlane } from '../../network/index.ts';
import { openImageStore } from '../../node/index.ts';
import { realClock } from '../../runtime/clock.ts';
import { runControllers } from '../../runtime/context.ts';
import { capacityBufferController, clusterAutoscaler } from '../../scaling/index.ts';
import { schedulerController } from '../../scheduler/index.ts';
import { certificateControllers, clusterRoleController, storageVersionMigrationController, workloadControllers } from '../../workloads/index.ts';
import { serveControl } from '../control.ts';
import { entryOf } from '../entries.ts';
import { packageRoot } from '../package-root.ts';
import { agentController } from './agent.ts';
import { hpaController } from './autoscaling.ts';
import { cloudState, nodePool } from './cloud-state.ts';
import { ensureCustomMetrics } from './custom-metrics.ts';
import { LOCALHOST, openFoundation, stopping, type AssembleOptions, type RunningCluster } from './foundation.ts';
import { actingAs, AUTOSCALER, KEDA, CERTIFICATES, CONTROLLER_MANAGER, INSTALLER, ROLE_AGGREGATOR, SCHEDULER } from './identities.ts';
import { kedaOf, KedaReview } from './keda.ts';
import { ensureLocalPathClass } from './local-path-class.ts';
import { Nodes } from './nodes.ts';
import { letDataPlaneReadPolicies } from './policy-role.ts';
import { ensurePrometheus } from './prometheus.ts';
import { storedKinds } from './stored-kinds.ts';

/** Resolves when the API, service addresses and DNS answer. What was started is stopped again when it fails. */
export async function assemble({ config, paths, networkMade, log, progress, stop }: AssembleOptions): Promise<RunningCluster> {
  const { undo, stopAll } = stopping(log);
  try {
    for (const dir of [paths.run, paths.nodes, paths.images]) mkdirSync(dir, { recursive: true, mode: 0o700 });
    const addresses = clusterAddresses(config.number);
    const pki = ensurePki(paths.pki, { ips: [LOCALHOST, addresses.hostLink, addresses.apiService] });
    const apiAnswers = Promise.withResolvers<void>();
    // Processes take their time to start: this one does so while the store is read.
    const dataPlaneStarted = networkMade.then(() => {
      const dataPlane = startDataPlane({
        clusterName: config.name,
        addresses,
        port: config.port,
        ca: pki.ca,
        ...pki.dataPlane,
        entry: entryOf('network'),
        configPath: `${paths.run}/network.json`,
        apiAnswers: apiAnswers.promise,
        clock: realClock,
        log,
      });
      undo.unshift(() => dataPlane.stop());
      return dataPlane;
    });
    const kedaReview = new KedaReview();
    const foundation = await openFoundation(
      { config, paths, log },
      {
        pki,
        undo,
        kinds: ['manifests/kinds'],
        engine: { reviewers: kedaReview, serviceCidr: addresses.serviceCidr, kubernetesEndpoint: { ip: addresses.hostLink, port: config.port } },
      },
    );
    const { engine, within, base, kinds, clock, random } = foundation;
    await Promise.all([ensureLocalPathClass(inProcessClient(engine, CONTROLLER_MANAGER)), letDataPlaneReadPolicies(inProcessClient(engine, INSTALLER))]);
    progress('store opened');
    const dataPlane = await dataPlaneStarted;
    progress('network made');

    const nodes = new Nodes({
      clusterName: config.name,
      engine: within,
      base,
      addresses,
      network: await openPodNetwork(config.name, addresses, (pod) => dataPlane.guard(pod)),
      images: openImageStore({ dir: paths.images, hostImagesDir: join(packageRoot, 'images'), imagePolicy: config.imagePolicy }),
      dir: paths.nodes,
    });
    kedaReview.attach(inProcessClient(engine, KEDA), kinds);
    const scaledObjects = kedaOf(actingAs(KEDA, base, within), kinds);
    undo.push(() => scaledObjects.close());
    const server = await foundation.listen({
      externalMetrics: scaledObjects.externalMetrics,
      extraListen: [{ host: addresses.hostLink }],
      kubeletOf: nodes.kubeletOf,
    });
    apiAnswers.resolve();
    await ensurePrometheus({ client: inProcessClient(within, INSTALLER), engine, hostAddress: addresses.hostLink }, config.metrics ?? 'off');
    const customMetrics = await ensureCustomMetrics({ engine: within, pki, clock, host: addresses.hostLink }, config.metrics ?? 'off');
    undo.push(() => customMetrics?.close());
    progress(`API answers on https://${LOCALHOST}:${server.port}`);

    const cloud = localCloud({
      pools: config.pools.map(nodePool),
      bootDelayMs: config.bootDelayMs,
      clock,
      random,
      state: cloudState(paths.cloud),
      onBoot: (instance, pool) => nodes.boot(instance, pool),
      onRemove: (nodeName) =>
        void nodes.remove(nodeName).catch((error: unknown) => log.error('a node could not be removed', { node: nodeName, error: String(error) })),
    });
    const autoscaling = hpaController({ base, within, server, host: LOCALHOST, pki });
    undo.push(() => autoscaling.close());
    const controllers = [
      customResourceController(base, engine),
      policyStatusController(base, () => engine.definitions()),
      storageVersionMigrationController(base, () => engine.definitions()),
      aggregationController(base, engine, (service) => server.aggregator.probe(service)),
      ...workloadControllers(base, {
        resources: storedKinds(engine),
        ca: pki.ca,
        secretToken: secretTokens(pki.serviceAccountKey),
        loadBalancerCidr: addresses.loadBalancerCidr,
        localPath: { root: paths.volumes, remove: (path) => rm(path, { recursive: true, force: true }) },
      }),
      ...certificateControllers(actingAs(CERTIFICATES, base, within), certificateSigner({ cert: pki.ca, key: pki.caKey })),
      clusterRoleController(actingAs(ROLE_AGGREGATOR, base, within)),
      schedulerController(actingAs(SCHEDULER, base, within)),
      autoscaling.controller,
      capacityBufferController(actingAs(AUTOSCALER, base, within), kinds),
      ...scaledObjects.controllers,
      agentController({ base, engine: within, log }),
      clusterAutoscaler(actingAs(AUTOSCALER, base, within), cloud, {
        expander: config.expander,
        scaleDownUnneededMs: config.scaleDownAfterMs,
        scaleDownDelayAfterAddMs: config.scaleDownAfterMs,
      }),
    ];
    const running = new AbortController();
    const nodesInView = base.informer(nodesResource).synced(running.signal);
    const ended = runControllers(base, controllers, running.signal);
    undo.push(() => nodes.stop());
    // Before the pods: a controller would replace what it sees end.
    undo.push(() => {
      cloud.stop();
      running.abort();
      return ended;
    });
    await nodesInView;
    cloud.start();
    const control = await serveControl(paths.controlSocket, {
      status: () => ({
        pid: process.pid,
        dataDir: paths.dataDir,
        startedAt: foundation.startedAt,
        nodes: nodes.names,
        pods: nodes.podCount,
        memoryBytes: process.memoryUsage.rss(),
      }),
      stop,
      snapshot: (path) => engine.snapshot(path),
    });
    undo.push(() => control.close());
    await dataPlane.ready;
    progress('service addresses and DNS answer');
    return { stop: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}
