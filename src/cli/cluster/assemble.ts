/** Where all rooms meet: one cluster, from its configuration to running. */
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { publishAuthentication } from '../../apiserver/aggregation/authentication.ts';
import { aggregationController } from '../../apiserver/aggregation/controller.ts';
import { auditedEngine } from '../../apiserver/audit/index.ts';
import { secretTokens } from '../../apiserver/authn/index.ts';
import { customResourceController, loadCustomResources } from '../../apiserver/crd/controller.ts';
import { policyStatusController } from '../../apiserver/policies/status.ts';
import { createEngine, inProcessClient } from '../../apiserver/index.ts';
import { certificateSigner, ensurePki, writeKubeconfig } from '../../apiserver/pki/index.ts';
import { startApiServer } from '../../apiserver/server.ts';
import { localCloud } from '../../cloud/local/index.ts';
import { nodes as nodesResource } from '../../kube/resources.ts';
import { clusterAddresses, openPodNetwork, startDataPlane } from '../../network/index.ts';
import { openImageStore } from '../../node/index.ts';
import { realClock } from '../../runtime/clock.ts';
import { controllerContext, runControllers } from '../../runtime/context.ts';
import type { Logger } from '../../runtime/log.ts';
import { MetricsRegistry } from '../../runtime/metrics.ts';
import { realRandom } from '../../runtime/random.ts';
import { capacityBufferController, clusterAutoscaler } from '../../scaling/index.ts';
import { schedulerController } from '../../scheduler/index.ts';
import { certificateControllers, clusterRoleController, storageVersionMigrationController, workloadControllers } from '../../workloads/index.ts';
import { oidcOptions, openAudit } from '../api-options.ts';
import type { ClusterConfig } from '../config.ts';
import { serveControl } from '../control.ts';
import { entryOf } from '../entries.ts';
import type { ClusterPaths } from '../home.ts';
import { packageRoot } from '../package-root.ts';
import { hpaController } from './autoscaling.ts';
import { cloudState, nodePool } from './cloud-state.ts';
import { actingAs, AUTOSCALER, KEDA, CERTIFICATES, CONTROLLER_MANAGER, INSTALLER, ROLE_AGGREGATOR, SCHEDULER } from './identities.ts';
import { ensureLocalPathClass } from './local-path-class.ts';
import { letDataPlaneReadPolicies } from './policy-role.ts';
import { Nodes } from './nodes.ts';
import { kedaOf, KedaReview } from './keda.ts';
import { ensureOwnKinds } from './own-kinds.ts';
import { ensureCustomMetrics } from './custom-metrics.ts';
import { ensurePrometheus } from './prometheus.ts';
import { servedKinds, storedKinds } from './stored-kinds.ts';

export interface AssembleOptions {
  config: ClusterConfig;
  paths: ClusterPaths;
  /** The router is there. */
  networkMade: Promise<unknown>;
  log: Logger;
  /** A step is done; for people. */
  progress(text: string): void;
  /** Someone asks for a clean end over the control socket. */
  stop(): void;
}

export interface RunningCluster {
  /** In the order that loses nothing: controllers, pods, data plane, API, store. */
  stop(): Promise<void>;
}

const LOCALHOST = '127.0.0.1';

/** Resolves when the API, service addresses and DNS answer. What was started is stopped again when it fails. */
export async function assemble({ config, paths, networkMade, log, progress, stop }: AssembleOptions): Promise<RunningCluster> {
  const clock = realClock;
  const random = realRandom;
  const startedAt = clock.now();
  /** How to undo what was started; the last first. */
  const undo: (() => void | Promise<void>)[] = [];
  const stopAll = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) {
      await Promise.resolve(step()).catch((error: unknown) => log.error('while stopping', { error: String(error) }));
    }
  };
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
        clock,
        log,
      });
      undo.unshift(() => dataPlane.stop());
      return dataPlane;
    });
    const kedaReview = new KedaReview();
    const engine = await createEngine({
      reviewers: kedaReview,
      dataDir: paths.dataDir,
      clock,
      random,
      log: log.child({ component: 'apiserver' }),
      serviceCidr: addresses.serviceCidr,
      kubernetesEndpoint: { ip: addresses.hostLink, port: config.port },
    });
    undo.push(() => engine.close());
    await Promise.all([
      ensureOwnKinds(inProcessClient(engine, INSTALLER), clock).then(() => loadCustomResources(engine)),
      ensureLocalPathClass(inProcessClient(engine, CONTROLLER_MANAGER)),
      letDataPlaneReadPolicies(inProcessClient(engine, INSTALLER)),
      publishAuthentication(engine, pki),
    ]);
    progress('store opened');
    const dataPlane = await dataPlaneStarted;
    progress('network made');

    const auditor = config.audit && (await openAudit(config.audit, { clock, random, log }));
    undo.push(() => auditor?.close());
    /** For what runs here: with what it asks on record. */
    const within = auditor === undefined ? engine : auditedEngine(engine, auditor);
    const metrics = new MetricsRegistry();
    const base = controllerContext({
      client: inProcessClient(within, CONTROLLER_MANAGER),
      clock,
      random,
      log: log.child({ component: 'controllers' }),
      metrics,
    });
    const nodes = new Nodes({
      clusterName: config.name,
      engine: within,
      base,
      addresses,
      network: await openPodNetwork(config.name, addresses, (pod) => dataPlane.guard(pod)),
      images: openImageStore({ dir: paths.images, hostImagesDir: join(packageRoot, 'images'), imagePolicy: config.imagePolicy }),
      dir: paths.nodes,
    });
    const kinds = servedKinds(engine);
    kedaReview.attach(inProcessClient(engine, KEDA), kinds);
    const scaledObjects = kedaOf(actingAs(KEDA, base, within), kinds);
    undo.push(() => scaledObjects.close());
    const server = await startApiServer({
      externalMetrics: scaledObjects.externalMetrics,
      engine,
      pki,
      host: LOCALHOST,
      port: config.port,
      extraListen: [{ host: addresses.hostLink }],
      kubeletOf: nodes.kubeletOf,
      metrics,
      ...(auditor === undefined ? {} : { auditor }),
      ...(config.oidc === undefined ? {} : { oidc: oidcOptions(config.oidc) }),
      clock,
      random,
      log: log.child({ component: 'apiserver' }),
    });
    undo.push(() => server.close());
    apiAnswers.resolve();
    await ensurePrometheus({ client: inProcessClient(within, INSTALLER), engine, hostAddress: addresses.hostLink }, config.metrics ?? 'off');
    const customMetrics = await ensureCustomMetrics({ engine: within, pki, clock, host: addresses.hostLink }, config.metrics ?? 'off');
    undo.push(() => customMetrics?.close());
    writeKubeconfig(paths.kubeconfig, { name: config.name, server: `https://${LOCALHOST}:${server.port}`, ca: pki.ca, ...pki.admin });
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
        startedAt,
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
