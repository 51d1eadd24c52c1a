/** A pod goes where its volumes are, or can be made (kube-scheduler's VolumeBinding). */
import { claimNames, className, findVolume, isBound, waitsForConsumer } from '../../kube/claims.ts';
import type { PersistentVolume } from '../../kube/types.ts';
import { termMatcher } from '../node-affinity.ts';
import type { NodeInfo, Snapshot } from '../snapshot.ts';
import { refuseForGood, refusePod, type Check, type Filter } from './filter.ts';

const CONFLICT = "node(s) didn't match PersistentVolume's node affinity";
const NONE_TO_BIND = "node(s) didn't find available persistent volumes to bind";

export function volumeFits(volume: PersistentVolume, node: NodeInfo['node']): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  return required === undefined || required.nodeSelectorTerms.some((term) => termMatcher(term)(node));
}

/** The same refusal whatever the node. */
const never =
  (why: string): Check =>
  () =>
    refusePod(why);

export const volumeBinding: Filter = (pod, { volumes: view }) => {
  const names = claimNames(pod);
  if (names.length === 0 || view === undefined) return undefined;
  const claims = names.map((name) => ({ name, claim: view.claim(pod.metadata.namespace ?? '', name) }));
  for (const { name, claim } of claims) {
    if (claim === undefined) return never(`persistentvolumeclaim ${JSON.stringify(name)} not found`);
    if (claim.metadata.deletionTimestamp !== undefined) return never(`persistentvolumeclaim ${JSON.stringify(name)} is being deleted`);
    if (claim.status?.phase === 'Lost')
      return never(`persistentvolumeclaim ${JSON.stringify(name)} bound to non-existent persistentvolume ${JSON.stringify(claim.spec?.volumeName ?? '')}`);
    if (!isBound(claim) && !waitsForConsumer(view.storageClass(className(claim)))) return never('pod has unbound immediate PersistentVolumeClaims');
  }
  const wanted = claims.flatMap(({ claim }) => claim ?? []);
  return ({ node }) => {
    for (const claim of wanted) {
      if (isBound(claim)) {
        const volume = view.volume(claim.spec?.volumeName ?? '');
        if (volume !== undefined && !volumeFits(volume, node)) return refuseForGood(CONFLICT);
      } else {
        const storageClass = view.storageClass(className(claim));
        const canBeMade = storageClass !== undefined && storageClass.provisioner !== 'kubernetes.io/no-provisioner';
        if (!canBeMade && findVolume(claim, view.volumes(), (volume) => volumeFits(volume, node)) === undefined) return refuseForGood(NONE_TO_BIND);
      }
    }
    return undefined;
  };
};

/** For the binder: whether a volume can be reached from the node. */
export function fitsNodeOf(snapshot: Snapshot, nodeName: string): (volume: PersistentVolume) => boolean {
  const node = snapshot.nodes.get(nodeName)?.node;
  return (volume) => node !== undefined && volumeFits(volume, node);
}
