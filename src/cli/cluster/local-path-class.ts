/** The class that claims get by default: volumes are directories of this machine. */
import { storageClasses } from '../../kube/resources.ts';
import type { StorageClass } from '../../kube/types.ts';
import type { Client } from '../../runtime/client.ts';
import { LOCAL_PATH } from '../../workloads/index.ts';
import { ensureExists } from './ensure-exists.ts';

const LOCAL_PATH_CLASS: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: LOCAL_PATH,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
};

/** Makes it where it is missing; what somebody changed of it stays. */
export async function ensureLocalPathClass(client: Client): Promise<void> {
  await ensureExists(client, storageClasses, LOCAL_PATH_CLASS);
}
