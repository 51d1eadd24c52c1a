/**
 * The controllers that make a bare Kubernetes API into a cluster, apart from scheduling and nodes.
 *
 * Each folder is one controller: `decide.ts` is the pure decision, `controller.ts` the loop around it; `shared/` holds what several use.
 * Start with `replicaset/` (the simplest whole one), then `deployment/`.
 *
 * Words: an *owner* is the object whose spec is kept; it *claims* objects (keeps, adopts, releases); *expectations* are what was asked
 * for and has not been seen yet, without which a stale view would act twice.
 *
 * May import: kube, runtime.
 */
import type { Resource } from '../kube/resources.ts';
import type { Controller, ControllerContext } from '../runtime/controller.ts';
import { cronJobController } from './cronjob/controller.ts';
import { daemonSetController } from './daemonset/controller.ts';
import { deploymentController } from './deployment/controller.ts';
import { disruptionController } from './disruption/controller.ts';
import { endpointSliceController } from './endpointslice/controller.ts';
import { endpointSliceMirroringController } from './endpointslicemirroring/controller.ts';
import { garbageCollector } from './garbagecollector/controller.ts';
import { jobController } from './job/controller.ts';
import { loadBalancerController } from './loadbalancer/controller.ts';
import { namespaceController } from './namespace/controller.ts';
import { nodeLifecycleController } from './nodelifecycle/controller.ts';
import { persistentVolumeControllers } from './persistentvolume/controller.ts';
import type { LocalPath } from './persistentvolume/local-path.ts';
import { podGarbageCollector } from './podgc/controller.ts';
import { replicaSetController, replicationControllerController } from './replicaset/controller.ts';
import { resourceQuotaController } from './resourcequota/controller.ts';
import { serviceAccountController } from './serviceaccount/controller.ts';
import { tokensController, type SecretToken } from './serviceaccount/tokens.ts';
import { statefulSetController } from './statefulset/controller.ts';
import { ttlAfterFinishedController } from './ttlafterfinished/controller.ts';

export { clusterRoleController } from './clusterroles/controller.ts';
export { certificateControllers } from './certificates/index.ts';
export { storageVersionMigrationController } from './storageversionmigration/controller.ts';
export { LOCAL_PATH } from './persistentvolume/decide.ts';
export { tokensController } from './serviceaccount/tokens.ts';
export { storedResources } from './shared/stored-resources.ts';

export interface WorkloadOptions {
  /**
   * What the API serves now: every kind that can be listed, watched and deleted, each stored kind once (one version, one group):
   * `() => storedResources(engine.definitions())` for the embedded API.
   * Asked again and again, so that custom resources come and go.
   */
  resources(): readonly Resource[];
  /** The cluster's CA bundle (PEM), published as kube-root-ca.crt in every namespace. */
  ca: string;
  /** Writes tokens into secrets of type kubernetes.io/service-account-token; without it they stay empty. */
  secretToken?: SecretToken;
  /** Where volumes of the local-path class are; without it they are somebody else's to make. */
  localPath?: LocalPath;
  /** Pool of addresses for services of type LoadBalancer ('172.31.0.0/24'); without it they stay pending. */
  loadBalancerCidr?: string;
}

/** All of them, to be run by `runControllers`. */
export function workloadControllers(ctx: ControllerContext, options: WorkloadOptions): Controller[] {
  return [
    deploymentController(ctx),
    replicaSetController(ctx),
    replicationControllerController(ctx),
    daemonSetController(ctx),
    statefulSetController(ctx),
    jobController(ctx),
    cronJobController(ctx),
    ttlAfterFinishedController(ctx),
    endpointSliceController(ctx),
    endpointSliceMirroringController(ctx),
    disruptionController(ctx),
    namespaceController(ctx, options.resources),
    serviceAccountController(ctx, options.ca),
    resourceQuotaController(ctx, options.resources),
    nodeLifecycleController(ctx),
    podGarbageCollector(ctx),
    ...persistentVolumeControllers(ctx, options.localPath),
    ...(options.secretToken === undefined ? [] : [tokensController(ctx, options.ca, options.secretToken)]),
    ...(options.loadBalancerCidr === undefined ? [] : [loadBalancerController(ctx, options.loadBalancerCidr)]),
    // Last: it asks for the informers of all kinds, most of which others share.
    garbageCollector(ctx, options.resources),
  ];
}

/** Those that a hub runs, which has no pods: namespaces, service accounts, quotas, and the collection of what nobody owns. */
export function hubWorkloadControllers(ctx: ControllerContext, options: Pick<WorkloadOptions, 'resources' | 'ca' | 'secretToken'>): Controller[] {
  return [
    namespaceController(ctx, options.resources),
    serviceAccountController(ctx, options.ca),
    resourceQuotaController(ctx, options.resources),
    ...(options.secretToken === undefined ? [] : [tokensController(ctx, options.ca, options.secretToken)]),
    garbageCollector(ctx, options.resources),
  ];
}
