/** What ingresses get from their class by default, and which claims may grow. */
import { MERGE_PATCH, NAMESPACE, type Case } from './case.ts';

const CLASS = `class-${NAMESPACE}`;
const post = (path: string, body: object) => ({ method: 'POST', path, body });
const merge = (path: string, body: object) => ({ method: 'PATCH', path, body, headers: MERGE_PATCH });
const remove = (path: string) => ({ method: 'DELETE', path });

const INGRESS_CLASSES = '/apis/networking.k8s.io/v1/ingressclasses';
const isDefault = (value: string) => ({ annotations: { 'ingressclass.kubernetes.io/is-default-class': value } });
const ingressClass = (metadata: object) => post(INGRESS_CLASSES, { metadata: { name: CLASS, ...metadata }, spec: { controller: 'example.test/controller' } });
const ingress = (metadata: object, spec: object) =>
  post(`/apis/networking.k8s.io/v1/namespaces/${NAMESPACE}/ingresses`, {
    metadata: { name: 'i', ...metadata },
    spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } }, ...spec },
  });

const ingresses: [string, object, object, object][] = [
  ['none is the default', {}, {}, {}],
  ['one is the default', isDefault('true'), {}, {}],
  ['one says it is not', isDefault('false'), {}, {}],
  ['the class is named', isDefault('true'), {}, { ingressClassName: 'other' }],
  ['the class is named by annotation', isDefault('true'), { annotations: { 'kubernetes.io/ingress.class': 'nginx' } }, {}],
  ['the class is named emptily', isDefault('true'), {}, { ingressClassName: '' }],
  ['the annotation is empty', isDefault('true'), { annotations: { 'kubernetes.io/ingress.class': '' } }, {}],
];

const STORAGE_CLASSES = '/apis/storage.k8s.io/v1/storageclasses';
const CLAIMS = `/api/v1/namespaces/${NAMESPACE}/persistentvolumeclaims`;
const storageClass = (more: object) => post(STORAGE_CLASSES, { metadata: { name: CLASS }, provisioner: 'example.test/disk', ...more });
const claim = (more: object = {}) =>
  post(CLAIMS, {
    metadata: { name: 'c' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, storageClassName: CLASS, volumeName: 'v', ...more },
  });
const status = (more: object) => merge(`${CLAIMS}/c/status`, { status: { phase: 'Bound', capacity: { storage: '2Gi' }, ...more } });
const change = (spec: object) => merge(`${CLAIMS}/c`, { spec });
const resize = (storage: string) => change({ resources: { requests: { storage } } });

const claims: [string, object, Case['steps']][] = [
  ['grows where its class allows it', { allowVolumeExpansion: true }, [claim(), status({}), resize('3Gi')]],
  ['does not grow where its class forbids it', { allowVolumeExpansion: false }, [claim(), status({}), resize('3Gi')]],
  ['does not grow where its class is silent', {}, [claim(), status({}), resize('3Gi')]],
  ['does not grow without a class', { allowVolumeExpansion: true }, [claim({ storageClassName: '' }), status({}), resize('3Gi')]],
  ['does not grow when it is pending', { allowVolumeExpansion: true }, [claim(), resize('3Gi')]],
  ['does not grow when it is lost', { allowVolumeExpansion: true }, [claim(), status({ phase: 'Lost' }), resize('3Gi')]],
  ['takes its wish back', { allowVolumeExpansion: true }, [claim(), status({}), resize('5Gi'), resize('3Gi'), resize('2Gi')]],
  ['does not shrink', { allowVolumeExpansion: true }, [claim(), status({}), resize('1Gi')]],
  ['says the same in other words', {}, [claim(), status({}), resize('2048Mi')]],
  ['is told of both', { allowVolumeExpansion: true }, [claim(), status({}), change({ volumeName: 'w', resources: { requests: { storage: '1Gi' } } })]],
  ['may not ask for more than storage later', { allowVolumeExpansion: true }, [claim(), status({}), change({ resources: { requests: { cpu: '1' } } })]],
  ['may not be limited later', { allowVolumeExpansion: true }, [claim(), status({}), change({ resources: { limits: { storage: '9Gi' } } })]],
];

export function classCases(): Case[] {
  return [
    ...ingresses.map(([name, ofClass, metadata, spec]) => ({
      name: `ingress class: ${name}`,
      steps: [ingressClass(ofClass), ingress(metadata, spec), remove(`${INGRESS_CLASSES}/${CLASS}`)],
    })),
    ...claims.map(([name, ofClass, steps]) => ({
      name: `claim: ${name}`,
      steps: [storageClass(ofClass), ...steps, remove(`${STORAGE_CLASSES}/${CLASS}`)],
    })),
  ];
}
