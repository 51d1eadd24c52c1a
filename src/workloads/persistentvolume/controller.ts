/** Binds claims to volumes, makes volumes of the local-path class, and clears away what nobody claims any more. */
import { CLAIM_PROTECTION, claimNames, className, STORAGE_PROVISIONER, VOLUME_PROTECTION } from '../../kube/claims.ts';
import { isPodTerminal } from '../../kube/pods.ts';
import { byteCount } from '../../kube/quantity.ts';
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../../kube/resources.ts';
import { isAlreadyExists, isNotFound } from '../../kube/status.ts';
import type { ObjectKey, PersistentVolume, PersistentVolumeClaim } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { startController, watching } from '../../runtime/reconcile.ts';
import { keyOf } from '../shared/claim.ts';
import { boundClaim, decideClaim, decideVolume, LOCAL_PATH, reservedVolume, type ClaimDecision } from './decide.ts';
import { localVolume, type LocalPath } from './local-path.ts';

const PODS_BY_CLAIM = 'persistentvolume/pods-by-claim';
/** Upstream looks again at claims that wait. */
const RESYNC_MS = 15_000;

/** Two controllers, claims' and volumes'. Without `localPath` volumes of that class are somebody else's to make. */
export function persistentVolumeControllers(ctx: ControllerContext, localPath?: LocalPath): Controller[] {
  const { client } = ctx;
  const claims = ctx.informer(persistentVolumeClaims);
  const volumes = ctx.informer(persistentVolumes);
  const classes = ctx.informer(storageClasses);
  const podInformer = ctx.informer(pods);
  podInformer.addIndex(PODS_BY_CLAIM, (pod) => claimNames(pod).map((name) => `${pod.metadata.namespace}/${name}`));
  const recorder = ctx.recorder('persistentvolume-controller');
  /** As the sidecar that grows volumes elsewhere calls itself. */
  const resizer = ctx.recorder(`external-resizer ${LOCAL_PATH}`);

  async function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const reserved = reservedVolume(volume, claim);
    const held = reserved === undefined ? volume : await client.update(persistentVolumes, reserved);
    await writePhase(held, 'Bound');
    const bound = await client.update(persistentVolumeClaims, boundClaim(claim, held));
    await settle(bound, held);
  }

  async function settle(claim: PersistentVolumeClaim, { spec }: PersistentVolume): Promise<void> {
    if (claim.status?.phase === 'Bound') return;
    const status = { ...claim.status, phase: 'Bound' as const, accessModes: spec?.accessModes ?? [], capacity: spec?.capacity ?? {} };
    await client.update(persistentVolumeClaims, { ...claim, status }, { subresource: 'status' });
  }

  /** A directory has no size of its own: what is promised is written down, on the volume first. */
  async function expand(claim: PersistentVolumeClaim, { volume, size }: ClaimDecision & { kind: 'expand' }): Promise<void> {
    const capacity = { storage: size };
    if (byteCount(volume.spec?.capacity?.['storage'] ?? 0) < byteCount(size))
      await client.patch(persistentVolumes, keyOf(volume), { spec: { capacity } }, { type: 'merge' });
    await client.patch(persistentVolumeClaims, keyOf(claim), { status: { capacity, allocatedResources: capacity } }, { type: 'merge', subresource: 'status' });
    resizer.event(claim, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded');
  }

  async function writePhase(volume: PersistentVolume, phase: string): Promise<void> {
    if (volume.status?.phase === phase) return;
    await client.patch(persistentVolumes, keyOf(volume), { status: { phase } }, { type: 'merge', subresource: 'status' });
  }

  async function provision(claim: PersistentVolumeClaim, { storageClass, node }: ClaimDecision & { kind: 'provision' }): Promise<void> {
    if (localPath === undefined) return;
    const volume = localVolume(claim, storageClass, node, localPath.root);
    try {
      await client.create(persistentVolumes, volume);
      recorder.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${volume.metadata.name}`);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async function lose(claim: PersistentVolumeClaim): Promise<void> {
    if (claim.status?.phase === 'Lost') return;
    recorder.event(claim, 'Warning', 'ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
    await client.update(persistentVolumeClaims, { ...claim, status: { ...claim.status, phase: 'Lost' } }, { subresource: 'status' });
  }

  /** The last use ends the protection. */
  async function release(claim: PersistentVolumeClaim): Promise<void> {
    const finalizers = claim.metadata.finalizers ?? [];
    const { namespace, name } = claim.metadata;
    const isUsed = podInformer.byIndex(PODS_BY_CLAIM, `${namespace}/${name}`).some((pod) => !isPodTerminal(pod) && pod.spec?.nodeName);
    if (isUsed || !finalizers.includes(CLAIM_PROTECTION)) return;
    const metadata = { ...claim.metadata, finalizers: finalizers.filter((finalizer) => finalizer !== CLAIM_PROTECTION) };
    await client.update(persistentVolumeClaims, { ...claim, metadata });
  }

  async function reconcileClaim(key: ObjectKey): Promise<void | { requeueAfterMs: number }> {
    const claim = claims.get(key);
    if (claim === undefined) return;
    if (claim.metadata.deletionTimestamp !== undefined) return release(claim);
    const decision = decideClaim(claim, { volumes: volumes.list(), storageClass: classes.get({ name: className(claim) }) });
    switch (decision.kind) {
      case 'bind':
        return bind(claim, decision.volume);
      case 'settle':
        return settle(claim, decision.volume);
      case 'expand':
        return expand(claim, decision);
      case 'lost':
        return lose(claim);
      case 'provision':
        return provision(claim, decision);
      case 'wait':
        if (decision.provisioner !== undefined && claim.metadata.annotations?.[STORAGE_PROVISIONER] !== decision.provisioner) {
          const annotations = { ...claim.metadata.annotations, [STORAGE_PROVISIONER]: decision.provisioner };
          await client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations } });
        }
        if (decision.reason !== undefined) {
          recorder.event(claim, decision.reason.endsWith('Failed') ? 'Warning' : 'Normal', decision.reason, decision.message ?? '');
          return { requeueAfterMs: RESYNC_MS };
        }
    }
  }

  async function reconcileVolume(key: ObjectKey): Promise<void> {
    const volume = volumes.get(key);
    if (volume === undefined) return;
    const ref = volume.spec?.claimRef;
    const claim = ref?.name === undefined ? undefined : await claimNow({ name: ref.name, namespace: ref.namespace ?? '' });
    const { phase, remove } = decideVolume(volume, claim);
    if (volume.metadata.deletionTimestamp !== undefined) return phase === 'Bound' ? undefined : unprotect(volume);
    await writePhase(volume, phase);
    if (remove !== true || localPath === undefined) return;
    const path = volume.spec?.hostPath?.path;
    if (path?.startsWith(`${localPath.root}/`)) await localPath.remove(path);
    await client.delete(persistentVolumes, key).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }

  /** The informer may not know yet of a claim that a volume was just made for: data is only given up on the API's word. */
  async function claimNow(key: ObjectKey): Promise<PersistentVolumeClaim | undefined> {
    const known = claims.get(key);
    if (known !== undefined) return known;
    return client.get(persistentVolumeClaims, key).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  }

  async function unprotect(volume: PersistentVolume): Promise<void> {
    const finalizers = volume.metadata.finalizers ?? [];
    if (!finalizers.includes(VOLUME_PROTECTION)) return;
    await client.update(persistentVolumes, {
      ...volume,
      metadata: { ...volume.metadata, finalizers: finalizers.filter((finalizer) => finalizer !== VOLUME_PROTECTION) },
    });
  }

  const pending = (): ObjectKey[] => claims.list().flatMap((claim) => (claim.status?.phase === 'Bound' ? [] : [keyOf(claim)]));
  return [
    startController(ctx, {
      name: 'persistentvolume-binder',
      watches: [
        watching(persistentVolumeClaims),
        watching(persistentVolumes, ({ spec }) =>
          spec?.claimRef?.name ? [{ name: spec.claimRef.name, namespace: spec.claimRef.namespace ?? '' }] : pending(),
        ),
        watching(storageClasses, pending),
        watching(pods, (pod, _old, deleted) =>
          deleted || isPodTerminal(pod) ? claimNames(pod).map((name) => ({ name, namespace: pod.metadata.namespace ?? '' })) : [],
        ),
      ],
      reconcile: reconcileClaim,
    }),
    startController(ctx, {
      name: 'persistentvolume-reclaimer',
      watches: [
        watching(persistentVolumes),
        watching(persistentVolumeClaims, ({ metadata }) =>
          volumes.list().flatMap((volume) => {
            const ref = volume.spec?.claimRef;
            return ref?.name === metadata.name && ref?.namespace === metadata.namespace ? [keyOf(volume)] : [];
          }),
        ),
      ],
      reconcile: reconcileVolume,
    }),
  ];
}
