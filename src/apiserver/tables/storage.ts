/** Tables of storage. */
import { AGE, ageOf, NAME, NONE, UNSET, type Printer } from './columns.ts';
import { at, items, named, simple, text } from './fields.ts';

const ACCESS_MODES: Record<string, string> = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' };
const accessModes = (modes: unknown): string => ((modes as string[] | undefined) ?? []).map((mode) => ACCESS_MODES[mode] ?? mode).join(',');
const STORAGE = 'storage.k8s.io/v1';
const DRIVER = `${STORAGE}/CSIDriverSpec`;

const migrated = (resource: unknown): string => [text(resource, 'resource'), text(resource, 'group')].filter((part) => part !== '').join('.');

export const storagePrinters: Record<string, Printer> = {
  '/PersistentVolume': simple(
    [
      NAME,
      ['Capacity', 'v1/PersistentVolumeSpec#capacity'],
      ['Access Modes', 'v1/PersistentVolumeSpec#accessModes'],
      ['Reclaim Policy', 'v1/PersistentVolumeSpec#persistentVolumeReclaimPolicy'],
      ['Status', 'v1/PersistentVolumeStatus#phase'],
      ['Claim', 'v1/PersistentVolumeSpec#claimRef'],
      ['StorageClass', 'StorageClass of the pv'],
      ['VolumeAttributesClass', 'VolumeAttributesClass of the pv'],
      ['Reason', 'v1/PersistentVolumeStatus#reason'],
      AGE,
      ['VolumeMode*', 'v1/PersistentVolumeSpec#volumeMode'],
    ],
    (o, now) => [
      named(o),
      text(o, 'spec', 'capacity', 'storage') || '0',
      accessModes(at(o, 'spec', 'accessModes')),
      text(o, 'spec', 'persistentVolumeReclaimPolicy'),
      o.metadata.deletionTimestamp ? 'Terminating' : text(o, 'status', 'phase'),
      at(o, 'spec', 'claimRef') ? `${text(o, 'spec', 'claimRef', 'namespace')}/${text(o, 'spec', 'claimRef', 'name')}` : '',
      text(o, 'metadata', 'annotations', 'volume.beta.kubernetes.io/storage-class') || text(o, 'spec', 'storageClassName'),
      text(o, 'spec', 'volumeAttributesClassName') || UNSET,
      text(o, 'status', 'reason'),
      ageOf(o, now),
      text(o, 'spec', 'volumeMode') || UNSET,
    ],
  ),
  '/PersistentVolumeClaim': simple(
    [
      NAME,
      ['Status', 'v1/PersistentVolumeClaimStatus#phase'],
      ['Volume', 'v1/PersistentVolumeClaimSpec#volumeName'],
      ['Capacity', 'v1/PersistentVolumeClaimStatus#capacity'],
      ['Access Modes', 'v1/PersistentVolumeClaimStatus#accessModes'],
      ['StorageClass', 'StorageClass of the pvc'],
      ['VolumeAttributesClass', 'VolumeAttributesClass of the pvc'],
      AGE,
      ['VolumeMode*', 'v1/PersistentVolumeClaimSpec#volumeMode'],
    ],
    (o, now) => {
      const bound = text(o, 'spec', 'volumeName') !== '';
      return [
        named(o),
        o.metadata.deletionTimestamp ? 'Terminating' : text(o, 'status', 'phase'),
        text(o, 'spec', 'volumeName'),
        bound ? text(o, 'status', 'capacity', 'storage') || '0' : '',
        bound ? accessModes(at(o, 'status', 'accessModes')) : '',
        text(o, 'metadata', 'annotations', 'volume.beta.kubernetes.io/storage-class') || text(o, 'spec', 'storageClassName'),
        text(o, 'spec', 'volumeAttributesClassName') || UNSET,
        ageOf(o, now),
        text(o, 'spec', 'volumeMode') || UNSET,
      ];
    },
  ),
  'storage.k8s.io/StorageClass': simple(
    [
      NAME,
      ['Provisioner', `${STORAGE}/StorageClass#provisioner`],
      ['ReclaimPolicy', `${STORAGE}/StorageClass#reclaimPolicy`],
      ['VolumeBindingMode', `${STORAGE}/StorageClass#volumeBindingMode`],
      ['AllowVolumeExpansion', `${STORAGE}/StorageClass#allowVolumeExpansion`],
      AGE,
    ],
    (o, now) => [
      `${named(o)}${o.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' ? ' (default)' : ''}`,
      text(o, 'provisioner'),
      text(o, 'reclaimPolicy') || 'Delete',
      text(o, 'volumeBindingMode') || 'Immediate',
      at(o, 'allowVolumeExpansion') === true,
      ageOf(o, now),
    ],
  ),
  'storage.k8s.io/VolumeAttributesClass': simple([NAME, ['DriverName', `${STORAGE}/VolumeAttributesClass#driverName`], AGE], (o, now) => [
    named(o),
    text(o, 'driverName'),
    ageOf(o, now),
  ]),
  'storage.k8s.io/VolumeAttachment': simple(
    [
      NAME,
      ['Attacher', `${STORAGE}/VolumeAttachmentSpec#attacher`],
      ['PV', `${STORAGE}/VolumeAttachmentSource#persistentVolumeName`],
      ['Node', `${STORAGE}/VolumeAttachmentSpec#nodeName`],
      ['Attached:boolean', `${STORAGE}/VolumeAttachmentStatus#attached`],
      AGE,
    ],
    (o, now) => [
      named(o),
      text(o, 'spec', 'attacher'),
      text(o, 'spec', 'source', 'persistentVolumeName'),
      text(o, 'spec', 'nodeName'),
      at(o, 'status', 'attached') === true,
      ageOf(o, now),
    ],
  ),
  'storagemigration.k8s.io/StorageVersionMigration': simple(
    [
      ['Name:string', 'metadata#name'],
      ['Resource', 'GroupResource to migrate'],
      ['Status', 'Status of the migration'],
    ],
    (o) => {
      const states = items(o, 'status', 'conditions').filter((c) => c['status'] === 'True' && ['Running', 'Failed', 'Succeeded'].includes(text(c, 'type')));
      return [named(o), migrated(at(o, 'spec', 'resource')), states.length === 0 ? 'Unknown' : text(states.at(-1), 'type')];
    },
  ),
  'storage.k8s.io/CSINode': simple([NAME, ['Drivers:integer', 'Drivers indicates the number of CSI drivers registered on the node'], AGE], (o, now) => [
    named(o),
    items(o, 'spec', 'drivers').length,
    ageOf(o, now),
  ]),
  'storage.k8s.io/CSIDriver': simple(
    [
      NAME,
      ['AttachRequired:boolean', `${DRIVER}#attachRequired`],
      ['PodInfoOnMount:boolean', `${DRIVER}#podInfoOnMount`],
      ['StorageCapacity:boolean', `${DRIVER}#storageCapacity`],
      ['TokenRequests', `${DRIVER}#tokenRequests`],
      ['RequiresRepublish:boolean', `${DRIVER}#requiresRepublish`],
      ['Modes', `${DRIVER}#volumeLifecycleModes`],
      AGE,
    ],
    (o, now) => [
      named(o),
      at(o, 'spec', 'attachRequired') !== false,
      at(o, 'spec', 'podInfoOnMount') === true,
      at(o, 'spec', 'storageCapacity') === true,
      at(o, 'spec', 'tokenRequests')
        ? items(o, 'spec', 'tokenRequests')
            .map((request) => text(request, 'audience'))
            .join(',')
        : UNSET,
      at(o, 'spec', 'requiresRepublish') === true,
      items(o, 'spec', 'volumeLifecycleModes').join(',') || NONE,
      ageOf(o, now),
    ],
  ),
};
